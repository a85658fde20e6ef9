"""Rows of a past moment: how their events are read and folded, whatever the number of a task's events."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from events.entries import Stored
from events.envelope import Event
from events.log import Log
from services.status.core import evolve
from services.status.past import rows
from services.status.past.rows import READ_BATCH, TURN, OtherLogError, rows_at
from tests.examples import assigned, reported, store
from tests.status.tracked_tasks import LEDGER, at

MUCH = 5 * READ_BATCH // 2

NOW = at("2019-04-01")


class KeptLog(Log):
    """A log in memory, which notes how many events each read asks for."""

    def __init__(self, events: Sequence[Event]) -> None:
        self.stored = {position: store(event) for position, event in enumerate(events, 1)}
        self.reads: list[int] = []

    async def read_at(self, positions: Sequence[int]) -> list[Stored]:
        self.reads.append(len(positions))
        return [Stored(position, self.stored[position]) for position in positions if position in self.stored]


def busy(task: str, events: int) -> list[Event]:
    """Return an assignment and reports."""
    return [assigned(task), *(reported(task, number, percent=number % 100) for number in range(1, events))]


async def test_one_busy_task_leaves_turns_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other work has its turn after every few events, also within one task."""
    folded, most = 0, 0

    def counted(*of: Any) -> Any:
        nonlocal folded, most
        folded += 1
        most = max(most, folded)
        return evolve(*of)

    async def other_work() -> None:
        nonlocal folded
        while True:
            folded = 0
            await asyncio.sleep(0)

    monkeypatch.setattr(rows, "evolve", counted)
    log, working = KeptLog(busy("t-1", MUCH)), asyncio.create_task(other_work())
    found = await rows_at(log, LEDGER, LEDGER.lights, {"t-1": range(1, MUCH + 1)}, NOW)
    working.cancel()
    assert found["t-1"].position == MUCH
    assert 1 <= most <= TURN


async def test_events_are_folded_before_the_next_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many events are asked for, no more are held than one read has; the rows are those of the whole log."""
    log = KeptLog([*busy("t-1", MUCH), *busy("t-2", 3), *busy("t-3", MUCH)])
    held: list[int] = []

    def counted(*of: Any) -> Any:
        held.append(sum(log.reads) - len(held))
        return evolve(*of)

    monkeypatch.setattr(rows, "evolve", counted)
    last = len(log.stored)
    positions = {"t-3": range(MUCH + 4, last + 1), "t-1": range(1, MUCH + 1), "t-2": range(MUCH + 1, MUCH + 4)}
    found = await rows_at(log, LEDGER, LEDGER.lights, positions, NOW)
    assert max(log.reads) == max(held) == READ_BATCH
    assert len(log.reads) == -(-last // READ_BATCH)
    assert {name: row.position for name, row in found.items()} == {"t-3": last, "t-1": MUCH, "t-2": MUCH + 3}
    assert list(found) == list(positions)


async def test_other_events_than_the_timeline_has() -> None:
    """An event that is missing, or is another task's, is noticed wherever it is."""
    log = KeptLog([*busy("t-1", MUCH), *busy("t-2", 1)])
    with pytest.raises(OtherLogError, match=f"position {MUCH + 1} has an event of 't-2', not of 't-1'"):
        await rows_at(log, LEDGER, LEDGER.lights, {"t-1": range(1, MUCH + 2)}, NOW)
    del log.stored[MUCH]
    with pytest.raises(OtherLogError, match=f"no event at position {MUCH},"):
        await rows_at(log, LEDGER, LEDGER.lights, {"t-1": range(1, MUCH + 1)}, NOW)
    assert await rows_at(log, LEDGER, LEDGER.lights, {}, NOW) == {}
