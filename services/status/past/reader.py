"""Answers about a ledger's past: boards, pages of rows, one task's row, and comparisons.

Boards are made and searched in another thread, so that feeds do not wait: the views of a timeline that it reads never
change, its lists only grow, and a reload replaces the timeline instead of changing it. Rows are folded on the event
loop, a few at a time.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TypeAlias, TypeVar
from weakref import WeakKeyDictionary

from events.ledger import Ledger, LightRules
from events.log import Log
from services.status.figures.board import BoardFigures, EventDay
from services.status.past.board import OtherRules, PastBoard
from services.status.past.compared import ABSENT, ChangedFilter, ComparedPage, before_of, compared_row
from services.status.past.comparison import KINDS, ChangeCounts, Comparison
from services.status.past.figures import past_figures
from services.status.past.recorded_lights import RecordedLights
from services.status.past.rows import OtherLogError, rows_at
from services.status.past.selection import ChosenTasks, choose, matching
from services.status.past.table import Numbers
from services.status.past.timeline import Moment, TaskTimeline, TimelineViews
from services.status.row import TaskRow
from services.status.views import Selected, TaskQuery

T = TypeVar("T")

BOARDS_KEPT = 4
"""Boards in memory, 8 MB each at 100,000 tasks: a page shows some views of one day, or compares two."""

_THREAD = ThreadPoolExecutor(1, "past")
"""One for all ledgers: a second thread would gain nothing, and caches between questions then need no lock."""

AnyMoment: TypeAlias = int | datetime | Moment | None
"""A position, an instant, or a position with the instant of its lights; None is before the first event."""


class PastReader:
    """Answers of one ledger, from the timeline that a function returns: the projection replaces it when it reloads."""

    def __init__(self, log: Log, ledger: Ledger, lights: RecordedLights, timeline: Callable[[], TaskTimeline]) -> None:
        self._log = log
        self._ledger = ledger
        self._lights = lights
        self._timeline = timeline
        self._boards: OrderedDict[Moment, PastBoard] = OrderedDict()
        self._made_of: TaskTimeline | None = None
        self._figures: WeakKeyDictionary[PastBoard, BoardFigures] = WeakKeyDictionary()
        self._days: list[EventDay] = []
        self._days_of: TaskTimeline | None = None

    def has(self, moment: int | datetime) -> bool:
        """Return whether the timeline goes beyond a moment, so that no further event can belong to it."""
        timeline = self._timeline()
        if isinstance(moment, int):
            return moment <= timeline.position
        last = timeline.at(timeline.position)
        return last is not None and moment < last.instant

    def at(self, moment: AnyMoment) -> Moment | None:
        """Return the position and the instant of a moment, None before the first event.

        Of a moment after the last event, they change while the log grows.
        """
        return moment if moment is None or isinstance(moment, Moment) else self._timeline().at(moment)

    async def board(self, moment: AnyMoment) -> PastBoard:
        """Return the board at a moment; raises OtherLogError."""
        (board,) = await self._boards_at(moment)
        return board

    async def figures(self, board: PastBoard) -> BoardFigures:
        """Return the figures of a board; they are kept as long as the board: a page asks for several views of them."""
        if board not in self._figures:
            self._figures[board] = await _in_thread(lambda: past_figures(board, self._ledger.zone))
        return self._figures[board]

    async def page(self, moment: AnyMoment, query: TaskQuery) -> Selected[TaskRow]:
        """Return a page of the rows at a moment; raises BadCursorError, OtherLogError."""
        board = await self.board(moment)
        chosen = await _in_thread(lambda: choose(board, query))
        return Selected(await self._rows(board, chosen.indexes), chosen.next, chosen.total)

    async def row(self, moment: AnyMoment, task: str) -> TaskRow | None:
        """Return the row of a task at a moment, None if it was not assigned; raises OtherLogError."""
        found, timeline = self.at(moment), self._timeline()
        if found is None:
            return None
        _check_reaches(timeline, found)
        views = timeline.views
        positions = await _in_thread(lambda: views.positions(task, found.position))
        lights = await self._lights.at(found)
        return (await rows_at(self._log, self._ledger, lights, {task: positions}, found.instant)).get(task)

    async def counts(self, moment: AnyMoment, base: AnyMoment) -> ChangeCounts:
        """Return how many tasks have each change between the board at a moment and that of a base.

        Raises OtherLogError.
        """
        shown, other = await self._boards_at(moment, base)
        return await _in_thread(lambda: _count(Comparison(shown, other), TaskQuery()))

    def days(self) -> list[EventDay]:
        """Return the days of the ledger's zone on which events were recorded, in order; only the last can grow."""
        timeline = self._timeline()
        known = self._days[:-1] if timeline is self._days_of else []
        since = sum(one.events for one in known)
        found = [EventDay(day, events) for day, events in timeline.days(self._ledger.zone, since)]
        self._days, self._days_of = [*known, *found], timeline
        return self._days

    async def compared(
        self, moment: AnyMoment, base: AnyMoment, query: TaskQuery, changed: ChangedFilter
    ) -> ComparedPage:
        """Return a page of the rows at a moment, with what changed since another, the `base`.

        Raises BadCursorError, OtherLogError.
        """
        shown, other = await self._boards_at(moment, base)
        comparison = await _in_thread(lambda: Comparison(shown, other))
        counts = await _in_thread(lambda: _count(comparison, query))
        chosen = await _in_thread(lambda: _choose_changed(comparison, query, changed))
        page = ComparedPage([], chosen.next, chosen.total, counts, other.position)
        if ABSENT in changed:
            rows = await self._rows(other, chosen.indexes)
            page.items.extend(compared_row(row, [ABSENT], None) for row in rows)
            return page
        zone = self._ledger.zone
        before = comparison.before(chosen.indexes, zone)
        for index, row in zip(chosen.indexes.tolist(), await self._rows(shown, chosen.indexes), strict=True):
            then = before_of(before[row.task], zone) if row.task in before else None
            page.items.append(compared_row(row, comparison.changes(index), then))
        return page

    async def _rows(self, board: PastBoard, indexes: Numbers) -> list[TaskRow]:
        """Return the rows of tasks on a board, in the order of their indexes."""
        if board.moment is None:
            return []
        positions = await _in_thread(lambda: board.events_of(indexes))
        lights = await self._lights.at(board.moment)
        return list((await rows_at(self._log, self._ledger, lights, positions, board.moment.instant)).values())

    async def _boards_at(self, *moments: AnyMoment) -> list[PastBoard]:
        """Return boards of one timeline, even if it is replaced meanwhile: their numbers mean the same.

        Raises OtherLogError.
        """
        found = [self.at(moment) for moment in moments]
        lights = [await self._lights.at(moment) for moment in found]
        timeline = self._timeline()
        for one in found:
            _check_reaches(timeline, one)
        views, pairs = timeline.views, list(zip(found, lights, strict=True))
        return await _in_thread(lambda: [self._board(timeline, views, *pair) for pair in pairs])

    def _board(
        self, timeline: TaskTimeline, views: TimelineViews, moment: Moment | None, lights: LightRules
    ) -> PastBoard:
        """Return a board that was made before, or make it; in the thread."""
        if timeline is not self._made_of:
            self._boards.clear()
            self._made_of = timeline
        if moment is None:
            return PastBoard(views, None)
        if moment in self._boards:
            self._boards.move_to_end(moment)
        else:
            own = self._lights.present
            other = OtherRules(own, lights) if lights != own else None
            self._boards[moment] = PastBoard(views, moment, other)
            if len(self._boards) > BOARDS_KEPT:
                self._boards.popitem(last=False)
        return self._boards[moment]


async def _in_thread(work: Callable[[], T]) -> T:
    """Do a piece of work in the thread of the past."""
    return await asyncio.get_running_loop().run_in_executor(_THREAD, work)


def _check_reaches(timeline: TaskTimeline, moment: Moment | None) -> None:
    """Raise OtherLogError where a moment was found on a longer timeline, which a failover has replaced."""
    if moment is not None and moment.position > timeline.position:
        raise OtherLogError(f"the log has no event at position {moment.position} any more")


def _count(comparison: Comparison, query: TaskQuery) -> ChangeCounts:
    """Count the changes of the tasks that match a query."""
    return comparison.counts(matching(comparison.shown, query), matching(comparison.other, query))


def _choose_changed(comparison: Comparison, query: TaskQuery, changed: ChangedFilter) -> ChosenTasks:
    """Choose the page of the tasks that match a query, with one of the changes if any are given."""
    if ABSENT in changed:
        return choose(comparison.other, query, comparison.absent)
    kinds = [kind for kind in KINDS if kind in changed]
    return choose(comparison.shown, query, comparison.any_of(kinds) if kinds else None)
