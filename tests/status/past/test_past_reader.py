"""Answers about the past from a running board: pages, rows and comparisons, whatever became of the saved timeline."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from events import saved_timeline
from events.entries import Entry, Recorded, digest
from events.envelope import encode
from events.keys import key
from events.log import Log
from services.status.past.rows import OtherLogError
from services.status.past.timeline import Moment
from services.status.store import Board
from services.status.views import TaskQuery, select
from tests.events.appending import append
from tests.events.driver import Driver
from tests.events.failover import promote, replica_of
from tests.examples import EXAMPLES, store
from tests.status.past.histories import TASKS, fresh, histories, recorded_at
from tests.status.past.test_past_boards import differences
from tests.status.status_client import LEDGER
from tests.status.tracked_tasks import LEDGER as DIRECTORY

CHUNK = 7
"""Events of a chunk in these tests: most logs have several."""


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_timeline, "CHUNK", CHUNK)


@pytest.fixture
def driver(server_url: str) -> Any:
    """Return a client of the server for properties."""
    driver = Driver(server_url)
    yield driver
    driver.close()


async def written(redis: Any, log: Sequence[Recorded], tail: int = 0) -> None:
    """Append a log's events after `tail`."""
    entries = []
    for entry in log[tail:]:
        recorded = recorded_at(entry).astimezone(UTC).isoformat().replace("+00:00", "Z")
        entries.append(Entry("office", entry.event.id, digest(encode(entry.event)), store(entry.event, recorded)))
    await append(Log(redis, LEDGER), tail, entries)


async def board(redis: Any) -> Board:
    """Return a board that has loaded the saved rows."""
    board = Board(redis, LEDGER, DIRECTORY)
    await board.load(datetime.now(UTC))
    return board


def unsectioned(log: Sequence[Recorded]) -> list[Recorded]:
    """Return a log as its stored bytes have it: an encoded event has no section."""
    return [replace(entry, event=replace(entry.event, section=None)) for entry in log]


async def answers_like_folds(board: Board, log: Sequence[Recorded]) -> None:
    """Assert that pages and rows at each position, and just after its instant, are those of fresh folds."""
    query = TaskQuery(limit=2, sort="-due")
    for entry in log:
        position, instant = entry.position, recorded_at(entry) + timedelta(days=20)
        reached = sum(recorded_at(other) <= instant for other in log)
        for moment, rows in (
            (position, fresh(log, position, recorded_at(entry))),
            (instant, fresh(log, reached, instant)),
        ):
            found = await board.past.page(moment, query)
            at = Moment(position, recorded_at(entry)) if isinstance(moment, int) else Moment(reached, instant)
            assert board.past.at(moment) == at
            expected = select(rows.values(), query)
            assert found.items == expected.items
            assert (found.next, found.total) == (expected.next, expected.total)
            for task in TASKS:
                assert await board.past.row(moment, task) == rows.get(task)


async def test_a_lost_timeline_is_rebuilt(redis: Any) -> None:
    """Rows whose timeline was lost in part are rebuilt when they are loaded."""
    log = [Recorded(number, event) for number, event in enumerate(EXAMPLES.values(), 1)]
    log = [replace(entry, event=replace(entry.event, recorded=entry.event.time)) for entry in log]
    await written(redis, log)
    folding = await board(redis)
    await folding.projection.catch_up()
    for part in ("events", "facts"):
        name = key(LEDGER, "status", "timeline", str(folding.projection.generation), "0", part)
        assert await redis.delete(name) == 1
        folding = await board(redis)
        assert folding.projection.generation > 0
        await answers_like_folds(folding, log)


logs = histories(12).map(unsectioned)

slow = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(log=logs, first=st.integers(1, 12))
@slow
def test_answers_while_folding_and_after(driver: Driver, log: list[Recorded], first: int) -> None:
    """Answers are those of fresh folds: of the instance that folds, one behind it, one that loads, after a rebuild."""

    async def run() -> None:
        driver_redis = driver.redis
        await written(driver_redis, log[:first])
        one, other = await board(driver_redis), await board(driver_redis)
        await one.projection.catch_up()
        await other.projection.catch_up()
        await written(driver_redis, log, min(first, len(log)))
        await one.projection.catch_up()
        await answers_like_folds(one, log)
        await other.projection.catch_up()
        await answers_like_folds(other, log)
        await answers_like_folds(await board(driver_redis), log)
        assert await other.projection.rebuild() == {}
        await answers_like_folds(other, log)
        await one.projection.catch_up()  # notices the new generation
        await answers_like_folds(one, log)
        assert await driver_redis.keys(key(LEDGER, "status", "timeline", str(one.projection.generation - 1), "*")) == []

    driver.empty()
    driver(run())


@given(log=logs, other=logs, common=st.integers(0, 5), kept=st.integers(0, 5))
@slow
def test_answers_after_a_failover(
    driver: Driver, log: list[Recorded], other: list[Recorded], common: int, kept: int
) -> None:
    """After a failover to a server that has other events at the last positions, answers are those of its log."""
    common = min(common, len(log))
    follows = recorded_at(log[common - 1]) if common else datetime.min.replace(tzinfo=UTC)
    changed = [
        Recorded(common + number, replace(entry.event, id=f"other-{number}"))
        for number, entry in enumerate((one for one in other if recorded_at(one) >= follows), 1)
    ]
    after = [*log[:common], *changed]

    async def run() -> None:
        redis = driver.redis
        await written(redis, log[: min(kept, common)])
        folding = await board(redis)
        await folding.projection.catch_up()
        await written(redis, log[:common], min(kept, common))
        replica = await replica_of(redis)
        await written(redis, log, common)
        await folding.projection.catch_up()
        await promote(redis, replica)
        await written(redis, after, common)
        last = log[-1].event.subject
        if len(log) > len(after) and last in fresh(log, len(log), recorded_at(log[-1])):
            with pytest.raises(OtherLogError):
                await folding.past.row(len(log), last)
        await folding.projection.catch_up()  # may only reload the saved rows
        await folding.projection.catch_up()
        await answers_like_folds(folding, after)
        await answers_like_folds(await board(redis), after)

    driver.empty()
    driver(run())


@given(log=logs, first=st.integers(1, 12), second=st.integers(1, 12))
@slow
def test_a_compared_page(driver: Driver, log: list[Recorded], first: int, second: int) -> None:
    """A compared page has the full rows of the shown board with their changes; `changed` restricts it to these."""
    shown, base = min(first, len(log)), min(second, len(log))
    now, then = (fresh(log, position, recorded_at(log[position - 1])) for position in (shown, base))

    async def run() -> None:
        redis = driver.redis
        await written(redis, log)
        folding = await board(redis)
        await folding.projection.catch_up()
        query = TaskQuery(sort="task")
        page = await folding.past.compared(shown, base, query, frozenset())
        assert page.compared_position == base
        expected = differences(now, then)
        assert {row.task: row.changes.kinds for row in page.items} == expected
        assert [msgspec.structs.astuple(row)[:-1] for row in page.items] == [
            msgspec.structs.astuple(row) for _, row in sorted(now.items())
        ]
        for row in page.items:
            old, before = then.get(row.task), row.changes.before
            assert (before is None) == (old is None)
            if old is not None and before is not None:
                same = (
                    "state",
                    "light",
                    "light_reason",
                    "percent",
                    "deadline",
                    "due",
                    "due_day",
                    "overdue_since",
                    "lead",
                )
                assert [getattr(before, name) for name in same] == [getattr(old, name) for name in same]
                assert sorted(before.units) == sorted(old.unit_names)
        for kind in ("new", "deadline"):
            few = await folding.past.compared(shown, base, query, frozenset([kind]))
            assert [row.task for row in few.items] == sorted(task for task, kinds in expected.items() if kind in kinds)
            assert few.counts == page.counts
        absent = await folding.past.compared(shown, base, query, frozenset(["absent"]))
        assert [row.task for row in absent.items] == sorted(then.keys() - now.keys())
        assert absent.total == page.counts["absent"]
        assert await folding.past.counts(shown, base) == page.counts

    driver.empty()
    driver(run())
