"""The reader of one ledger while the log grows under it, and while a failover replaces it."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
from litestar.exceptions import ServiceUnavailableException
from litestar.testing import RequestFactory

from services.common.callers import CALLER, Caller
from services.common.runtime import Follower, Handle
from services.status.export.formats import Form
from services.status.exporting import export_tasks
from services.status.figures_routes import figures_at
from services.status.past.timeline import Moment
from services.status.reader import StatusReader
from services.status.store import Board
from services.status.views import TaskQuery
from tests.events.failover import promote, replica_of
from tests.examples import assigned
from tests.fixed_clock import FixedClock
from tests.status.export.reading import csv_rows
from tests.status.status_client import CHANGES, LEDGER, PLENTY, STILL, History, batch
from tests.status.tracked_tasks import LEDGER as RULES
from tests.status.tracked_tasks import at

LATER = at("2019-12-01")


def idle(_: str, after: str, most: int, handle: Handle) -> Follower:
    """Return a follower of a stream that reads nothing: a test hands the entries on."""
    return Follower(SimpleNamespace(last_id=after, most=most), handle)


def anonymous() -> Any:
    """Return a request of somebody without a token, whose exports are not recorded."""
    request: Any = RequestFactory().get("/v1/zhanjiang/tasks")
    request.scope[CALLER] = Caller("192.0.2.1", ("192.0.2.1",), None)
    return request


@pytest.fixture
def reader(redis: Any) -> StatusReader:
    """Return a reader of the ledger, not yet loaded."""
    return StatusReader(redis, LEDGER, RULES, FixedClock(datetime.fromisoformat(STILL)), idle)


async def test_a_past_row_has_the_position_and_tag_of_its_own_board(
    reader: StatusReader, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Events that are folded while the row is read are not in it, and not in its position and tag either."""
    await reader.load()
    await history.append(*batch(range(1)))
    await reader.catch_up()
    edition = reader.edition(Moment(1, LATER))
    read_at = reader.board.log.read_at

    async def read_slowly(positions: Sequence[int]) -> Any:
        found = await read_at(positions)
        await history.append(*batch(range(1), 1))
        await reader.catch_up()
        return found

    monkeypatch.setattr(reader.board.log, "read_at", read_slowly)
    found = await reader.row("t-0000", LATER.isoformat())
    assert found.row is not None
    assert (found.row.position, found.row.state) == (1, "assigned")
    assert (found.position, found.edition) == edition


@pytest.mark.parametrize("as_of", ["1000", LATER.isoformat()])
async def test_an_export_has_the_rows_of_its_position(reader: StatusReader, history: History, as_of: str) -> None:
    """While events come, an export of all there is so far has as many tasks as the position that it tells."""
    await reader.load()
    await history.append(*batch(range(1)))

    async def grow() -> None:
        for number in range(1, 60):
            await history.append(*batch(range(number, number + 1)))
            await reader.catch_up()

    growing = asyncio.create_task(grow())
    request = anonymous()
    while not growing.done():
        answer = await export_tasks(request, reader, (as_of, None), TaskQuery(), Form("csv", "zh"))
        _, *rows = csv_rows(answer.content)
        assert len(rows) == int(answer.headers["Duban-Position"])
        shown = await figures_at(reader, as_of)
        assert shown.position == shown.figures.overview("", shown.at, shown.position).tasks
    await growing


async def test_exports_of_the_past_are_made_one_after_another(
    reader: StatusReader, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many are asked for at once, the rows of one are read at a time."""
    await reader.load()
    await history.append(*batch(range(3)))
    await reader.catch_up()
    read_at, reading, most = reader.board.log.read_at, 0, 0

    async def read_slowly(positions: Sequence[int]) -> Any:
        nonlocal reading, most
        reading += 1
        most = max(most, reading)
        for _ in range(20):
            await asyncio.sleep(0)
        reading -= 1
        return await read_at(positions)

    monkeypatch.setattr(reader.board.log, "read_at", read_slowly)
    request = anonymous()
    answers = await asyncio.gather(
        *(
            export_tasks(request, reader, (as_of, None), TaskQuery(), Form("csv", "zh"))
            for as_of in ("3", "2", "0", "1")
        )
    )
    rows = [len(csv_rows(one.content)) - 1 for one in answers]
    assert (rows, most) == ([3, 2, 0, 1], 1)


async def test_a_moment_that_the_log_has_lost_is_asked_for_again(
    redis: Any, reader: StatusReader, history: History
) -> None:
    """A client gets 503 where a failover takes away the events of its moment while they are read."""
    await reader.load()
    await history.append(*batch(range(2)))
    await reader.catch_up()
    replica = await replica_of(redis)
    await history.append(*batch(range(2, 4)))
    await reader.catch_up()
    lost = reader.now()
    await promote(redis, replica)
    await reader.catch_up()
    assert reader.board.position == 2
    for read in (
        lambda: reader.past_page(lost, TaskQuery()),
        lambda: reader.counts(lost, 1),
        lambda: reader.figures(lost),
        lambda: reader.compared(lost, 1, TaskQuery(), frozenset()),
    ):
        with pytest.raises(ServiceUnavailableException):
            await read()
    assert (await reader.row("t-0001", "4")).position == 2


async def failed_over(redis: Any, reader: StatusReader, history: History) -> dict[str, list[str]]:
    """Return the editions of some moments before and after another event has taken the place of the third."""
    await reader.load()
    await history.append(*batch(range(2)))
    await reader.catch_up()
    replica, second = await replica_of(redis), Moment(2, LATER)
    found: dict[str, list[str]] = {"live": [], "3": [], "instant": [], "base": [], "2": [], "lit": []}
    for name, recorded in (("t-8", "2019-04-01T02:00:00Z"), ("t-9", "2019-04-01T03:00:00Z")):
        await history.append(assigned(name, deadline=PLENTY), recorded=recorded)
        await reader.catch_up()
        await reader.catch_up()
        assert reader.board.position == 3
        assert name in reader.board.live().rows
        found["live"].append(reader.board.live().edition)
        for key, moment, base in (
            *(("3", 3, None), ("instant", LATER, None), ("base", second, LATER), ("2", 2, None), ("lit", second, 2)),
        ):
            found[key].append(reader.edition(moment, base)[1])
        if name == "t-8":
            await promote(redis, replica)
            history.tail = 2
    return found


async def test_other_rows_at_the_same_position_have_another_tag(
    redis: Any, reader: StatusReader, history: History
) -> None:
    """After a failover, what follows from the event that was replaced has another edition; the rest keeps its own."""
    editions = await failed_over(redis, reader, history)
    same = {name for name, (before, after) in editions.items() if before == after}
    assert same == {"2", "lit"}


async def test_changes_that_a_failover_has_taken_back_are_not_sent(
    redis: Any, reader: StatusReader, history: History
) -> None:
    """Changes that were read before a failover, and are ahead of the rows after it, are not passed to clients."""
    await reader.load()
    await history.append(*batch(range(2)))
    await reader.catch_up()
    reader.feed.push(await redis.xrange(CHANGES))
    replica = await replica_of(redis)
    await history.append(*batch(range(2, 3)))
    await reader.catch_up()
    await history.append(*batch(range(3, 4)))
    other = Board(redis, LEDGER, RULES)
    await other.load(reader.clock.now())
    await other.projection.catch_up()
    lost = await redis.xrange(CHANGES, "3-0")
    assert [id for id, _ in lost] == [b"3-0", b"4-0"]
    await promote(redis, replica)
    await reader.push(lost)
    assert (reader.board.position, len(reader.board.projection.rollbacks)) == (2, 1)
    assert reader.feed.last == "2-0"
    history.tail = 2
    await history.append(*batch(range(7, 8)))
    await reader.catch_up()
    await reader.push(await redis.xrange(CHANGES, "3-0"))
    assert reader.feed.last == "3-0"
