"""The reader of one ledger while the log grows under it, and while a failover replaces it."""

from datetime import datetime
from typing import Any

import pytest

from services.status.past.timeline import Moment
from services.status.reader import StatusReader
from tests.events.failover import promote, replica_of
from tests.examples import assigned
from tests.fixed_clock import FixedClock
from tests.status.status_client import LEDGER, PLENTY, STILL, History, batch
from tests.status.tracked_tasks import LEDGER as RULES
from tests.status.tracked_tasks import at

LATER = at("2019-12-01")


class Idle:
    """A follower of a stream that reads nothing: a test hands the entries on."""

    def __init__(self, *_: Any) -> None: ...

    def skip_to(self, after: str) -> None: ...

    def go_on_from(self, after: str) -> None: ...


@pytest.fixture
def reader(redis: Any) -> StatusReader:
    """Return a reader of the ledger, not yet loaded."""
    return StatusReader(redis, LEDGER, RULES, FixedClock(datetime.fromisoformat(STILL)), Idle)


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
