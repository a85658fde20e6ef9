"""Subscribers with filters: a snapshot and its feed are the rows that match, whatever happens in between."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.status import window
from services.status.feed import EVERYTHING
from services.status.window import Filter
from tests.status.ledger_of_rows import LedgerOfRows
from tests.status.sse import Happening, happenings

TURNS = 8
"""Turns of the event loop after which a feed has sent what it has to send."""

TASKS = ("t-1", "t-2", "t-3", "t-4")
UNITS = ("甲局", "乙局")

EXAMPLES = 100

STEPS = 60
"""Of one example: short ones rarely have a client that has something to lose."""

SMALL_PIECE = 160
"""Bytes of one or two rows: a client that reads slowly gets a piece at a time."""


class Subscriber:
    """Keeps the rows that match a filter, as a dashboard does."""

    def __init__(self, ledger: LedgerOfRows, wanted: Filter = EVERYTHING) -> None:
        self.rows: dict[str, Any] = {}
        self.received: list[Happening] = []
        self._ledger = ledger
        self.wanted = wanted
        self._place: int | None = None
        self._began = 0
        self._taken = 0
        self._stream: AsyncIterator[bytes] | None = None
        self._next: asyncio.Task[bytes] | None = None

    async def read(self, pieces: int) -> None:
        """Connect if there is no connection, and take so many pieces if they are there."""
        if self._stream is None:
            resumed = self._place is not None
            if self._place is None:
                self._take_snapshot()
            position = self._ledger.position
            self._began = self._place or 0
            self._stream = self._ledger.feed.follow(self._place, position, self.wanted, resumed=resumed)
            self.received = []
        for _ in range(pieces):
            if self._next is None:
                self._next = asyncio.ensure_future(anext(self._stream))
            for _ in range(TURNS):
                await asyncio.sleep(0)
            if not self._next.done():
                return
            for happening in happenings(self._next.result()):
                self._apply(happening)
            self._next = None

    async def disconnect(self) -> None:
        """Lose the connection, and what was under way on it."""
        if self._next is not None:
            self._next.cancel()
            await asyncio.gather(self._next, return_exceptions=True)
        self._next = self._stream = None

    def _apply(self, happening: Happening) -> None:
        told = happening.json()
        assert happening.id == told["position"]
        if happening.event == "reset":
            self._take_snapshot()
            self._began, self.received = happening.id, []
            return
        if happening.event == "gone":
            assert set(told) == {"task", "position"}
            assert self._may_have(told["task"], happening.id)
            self.rows.pop(told["task"], None)
        else:
            assert happening.event == "task"
            self.rows[told["task"]] = told
        self._place = happening.id
        self.received.append(happening)

    def _may_have(self, task: str, position: int) -> bool:
        """Return whether the client has a row that is gone at a position, or a slower one would have got it meanwhile.

        Changes at the very place at which it began come again: those by time alone may be new to it. So do changes that
        its snapshot has already, where it took one later than the stream asked for it.
        """
        return (
            self._ledger.loaded_trimmed
            or task in self.rows
            or position == self._began
            or position <= self._taken
            or any(
                row.task == task and row.matches(self.wanted) and row.position >= self._began
                for row in self._ledger.seen
            )
        )

    def _take_snapshot(self) -> None:
        self._place = self._taken = self._ledger.position
        self.rows = expected(self._ledger, self.wanted)


def expected(ledger: LedgerOfRows, wanted: Filter) -> dict[str, Any]:
    """Return the rows that match a filter, as clients have them."""
    return {
        task: {**row._asdict(), "units": [{"unit": unit} for unit in row.units]}
        for task, row in ledger.rows.items()
        if row.matches(wanted)
    }


tasks = st.sampled_from(TASKS)
units = st.sampled_from([("甲局",), ("乙局",), ("甲局", "乙局")])
filters = st.lists(st.builds(Filter, st.none() | st.sampled_from(UNITS), st.none() | tasks), min_size=3, max_size=3)


async def _disconnect(_: LedgerOfRows, subscribers: list[Subscriber], number: int) -> None:
    await subscribers[number % len(subscribers)].disconnect()


async def _read(_: LedgerOfRows, subscribers: list[Subscriber], number: int, pieces: int) -> None:
    await subscribers[number % len(subscribers)].read(pieces)


async def _restart(ledger: LedgerOfRows, subscribers: list[Subscriber]) -> None:
    for subscriber in subscribers:
        await subscriber.disconnect()
    ledger.restart()


async def _fail_over(ledger: LedgerOfRows, _: list[Subscriber], lost: int) -> None:
    ledger.fail_over(lost)


async def _rebuild(ledger: LedgerOfRows, _: list[Subscriber]) -> None:
    ledger.feed.reset()


async def _change(ledger: LedgerOfRows, _: list[Subscriber], changes: list[tuple[str, tuple[str, ...]]]) -> None:
    ledger.change(*changes)


async def _change_by_time(ledger: LedgerOfRows, _: list[Subscriber], task: str, units: tuple[str, ...]) -> None:
    ledger.change_by_time(task, units)


async def _hand_over(ledger: LedgerOfRows, _: list[Subscriber], count: int) -> None:
    ledger.read(count)


async def _settle(ledger: LedgerOfRows, subscribers: list[Subscriber]) -> None:
    """Check that each subscriber has the rows that match, once it has read all, and got what it was sent in order."""
    ledger.read(10_000)
    for subscriber in subscribers:
        await subscriber.read(10_000)
        assert subscriber.rows == expected(ledger, subscriber.wanted)
        ids = [happening.id for happening in subscriber.received]
        assert ids == sorted(ids)


def step(work: Callable[..., Any], *arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.tuples(st.just(work), *arguments)


numbers = st.integers(0, 2)
kept = st.sampled_from([1, 3, 6, 1_000])
changing = st.one_of(
    step(_change, st.lists(st.tuples(tasks, units), min_size=1, max_size=4)),
    step(_change, st.lists(st.tuples(tasks, units), min_size=1, max_size=1)),
    step(_change_by_time, tasks, units),
    step(_hand_over, st.integers(1, 4)),
    step(_hand_over, st.just(99)),
    step(_read, numbers, st.integers(0, 4)),
    step(_read, numbers, st.just(99)),
    step(_disconnect, numbers),
)
killing = st.one_of(changing, changing, changing, step(_settle), step(_restart), step(_rebuild))
failing = st.one_of(changing, changing, changing, step(_settle), step(_fail_over, st.integers(0, 4)))


async def lived_through(steps: list[tuple[Any, ...]], wanted: list[Filter], kept: int) -> None:
    """Take the steps, and check at the end."""
    ledger = LedgerOfRows(kept)
    subscribers = [Subscriber(ledger, one) for one in wanted]
    for work, *arguments in steps:
        await work(ledger, subscribers, *arguments)
    await _settle(ledger, subscribers)
    for subscriber in subscribers:
        await subscriber.disconnect()


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(killing, min_size=STEPS, max_size=STEPS), filters, kept)
def test_a_snapshot_and_its_feed_are_the_rows_that_match(
    steps: list[tuple[Any, ...]], wanted: list[Filter], kept: int
) -> None:
    """Whatever units tasks come to and leave, and whoever is killed, is slow or reconnects, at any time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(window, "PIECE_BYTES", SMALL_PIECE)
        asyncio.run(lived_through(steps, wanted, kept))


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(failing, min_size=STEPS, max_size=STEPS), filters, kept)
def test_after_failovers_a_feed_leads_to_the_rows_that_match(
    steps: list[tuple[Any, ...]], wanted: list[Filter], kept: int
) -> None:
    """Also a client that was away meanwhile, and comes back to other events at positions that it knows."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(window, "PIECE_BYTES", SMALL_PIECE)
        asyncio.run(lived_through(steps, wanted, kept))
