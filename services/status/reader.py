"""One ledger in status: the rows that follow the log, and the feed of their changes."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from litestar.exceptions import ServiceUnavailableException

from events.entries import stored
from events.ledger import Ledger
from events.recorded_rules import DamagedRulesError
from events.seal.eras import SealedEras
from services.common.clock import Clock
from services.common.moments import read_moment
from services.common.problems import RETRY_AFTER
from services.common.runtime import Follow, StreamEntry
from services.common.sample import Sample
from services.status.encoded import EncodedRows
from services.status.feed import Feed
from services.status.figures.board import BoardFigures
from services.status.past.board import PastBoard
from services.status.past.compared import ChangedFilter, ComparedPage
from services.status.past.comparison import ChangeCounts
from services.status.past.reader import AnyMoment
from services.status.past.rows import OtherLogError
from services.status.past.timeline import Moment
from services.status.row import TaskRow
from services.status.store import CHANGES_KEPT, Board
from services.status.views import Selected, TaskQuery

T = TypeVar("T")

FOLLOW_BATCH = 1_000
"""Entries of the log, or changes, that are handled at once."""


class RowAt(NamedTuple):
    """A task's row, None if it is not assigned there, with its position and the edition of the rows there."""

    position: int
    edition: str
    row: TaskRow | None


class StatusReader:
    """Folds one ledger's log into rows, and reads rows and changes.

    `past_export` is held by the one export of the past that is being made: each folds all its rows anew, and keeps
    them until its file is written. `archive` reads the sealed log.
    """

    def __init__(
        self, redis: Any, name: str, ledger: Ledger, clock: Clock, follow: Follow, archive: SealedEras | None = None
    ) -> None:
        self.redis = redis
        self.clock = clock
        self.board = Board(redis, name, ledger, archive)
        self.feed = Feed(CHANGES_KEPT)
        self.encoded = EncodedRows()
        self._log = follow(self.board.log.key, "0-0", FOLLOW_BATCH, self.catch_up)
        self._changes = follow(self.board.projection.feed, "0-0", FOLLOW_BATCH, self.push)
        self._version = (0, 0)
        self.past_export = asyncio.Lock()

    async def load(self) -> None:
        """Load the saved rows and changes, fold the log to its tail, and follow both from there."""
        await self.board.load(self.clock.now())
        self._version = self._current_version()
        await self.board.projection.catch_up()
        self.board.refresh()
        units = self._units()
        kept, trimmed = await self._kept_changes()
        self.feed.load(kept, units, trimmed=trimmed)
        self._log.skip_to(f"{self.board.position}-0")
        self._changes.skip_to(self.feed.last)

    def samples(self) -> Iterator[Sample]:
        """Yield the position, and the tasks by light."""
        yield Sample("duban_position", "Position of the log that is reflected", self.board.position)
        for light, number in self.board.figures.lights.items():
            yield Sample("duban_tasks", "Tasks by light", number, {"light": light})

    async def catch_up(self, entries: "list[StreamEntry] | None" = None) -> None:
        """Fold the log to its tail; `entries` are those that a follower has read."""
        await self.board.projection.catch_up(stored(entries or []))
        self.board.refresh()  # now, so that no reader waits for it
        version = self._current_version()
        if version[1] != self._version[1]:  # the log had other events than were folded: a failover
            await self._reload_feed()
        elif version != self._version:
            self.feed.reset()
        self._version = version

    async def push(self, entries: "list[StreamEntry]") -> None:
        """Pass changes to the clients, after the rows show them: another instance may have made them.

        Where a failover has replaced the rows meanwhile, the changes were loaded anew, and these may have been lost.
        """
        rollbacks = self.board.projection.rollbacks
        known = len(rollbacks)
        try:
            position, _, _ = entries[-1][0].partition(b"-")
            if int(position) > self.board.position:
                await self.catch_up()
        finally:
            if len(rollbacks) == known:
                self.feed.push(entries)

    async def relight(self) -> None:
        """Update the lights to the ledger's instant."""
        await self.board.relight(self.clock.now())

    async def moment(self, name: str, text: str) -> int | datetime:
        """Return a position or instant, after the events that may still belong to it are folded.

        Raises ValidationException with the parameter's name where the text is neither.
        """
        moment = read_moment(name, text)
        if not self.board.past.has(moment):
            await self.catch_up()
        return moment

    def now(self) -> Moment:
        """Return the position of the rows with the ledger's instant, lit as the live rows are."""
        return Moment(self.board.position, self.clock.now(), live=True)

    async def past_page(self, moment: AnyMoment, query: TaskQuery) -> Selected[TaskRow]:
        """Return a page of rows as of a moment; raises BadCursorError."""
        return await self._again(lambda: self.board.past.page(moment, query))

    async def row(self, task: str, as_of: str | None) -> RowAt:
        """Return a task's row, now or as of a position or instant; raises ValidationException."""
        if as_of is None:
            snapshot = self.board.live()
            return RowAt(snapshot.position, snapshot.edition, snapshot.rows.get(task))
        moment = await self.moment("as_of", as_of)

        async def read() -> RowAt:
            found = self.board.past.at(moment)  # once: events that are folded meanwhile may belong to the moment, too
            return RowAt(*self.edition(found), await self.board.past.row(found, task))

        return await self._again(read)

    async def compared(
        self, shown: AnyMoment, base: AnyMoment, query: TaskQuery, changed: ChangedFilter
    ) -> ComparedPage:
        """Return a page of rows as of a moment, with what changed since another; raises BadCursorError."""
        return await self._again(lambda: self.board.past.compared(shown, base, query, changed))

    async def counts(self, shown: AnyMoment, base: AnyMoment) -> ChangeCounts:
        """Return how many tasks have each change between the board at a moment and that of a base."""
        return await self._again(lambda: self.board.past.counts(shown, base))

    async def figures(self, moment: AnyMoment) -> tuple[PastBoard, BoardFigures]:
        """Return the board as of a moment, and its figures."""
        board = await self._again(lambda: self.board.past.board(moment))
        return board, await self.board.past.figures(board)

    def edition(self, moment: AnyMoment, base: AnyMoment = None) -> tuple[int, str]:
        """Return the position of a moment, and what else its rows (compared with those of a base) follow from.

        That is the rules and the instants of the lights; the recorded instants of the last events, as a failover may
        bring others at the same positions; and what answers have of the ledger's file itself.
        """
        past, version, ledger = self.board.past, self.board.projection.rules.version, self.board.ledger
        words = (ledger.title, ledger.zone, ledger.light_names, ledger.alerts.supervisor)
        found, other = past.at(moment), past.at(base)
        last = [past.at(one.position) for one in (found, other) if one is not None]
        return found.position if found is not None else 0, "|".join(map(str, [version, *words, found, other, *last]))

    async def _again(self, read: Callable[[], Awaitable[T]]) -> T:
        """Read the past; once more, with the rows that fit, if a failover has replaced the log."""
        try:
            return await read()
        except (OtherLogError, DamagedRulesError):
            await self.catch_up()  # reloads the saved rows
            await self.catch_up()
        try:
            return await read()
        except (OtherLogError, DamagedRulesError) as error:
            raise ServiceUnavailableException(str(error), headers={"Retry-After": RETRY_AFTER}) from error

    def _current_version(self) -> tuple[int, int]:
        """Return the generation of the rows, and how many rollbacks they have had."""
        return self.board.projection.generation, len(self.board.projection.rollbacks)

    async def _reload_feed(self) -> None:
        """Replace the changes that a failover took back, and follow log and changes from where they stand now."""
        units = self._units()
        kept, trimmed = await self._kept_changes()
        for rollback in self.board.projection.rollbacks[self._version[1] :]:
            self.feed.roll_back(*rollback)
        self.feed.load(kept, units, trimmed=trimmed)
        self._log.go_on_from(f"{self.board.position}-0")
        self._changes.go_on_from(self.feed.last)

    def _units(self) -> dict[str, list[str]]:
        """Return the units of each task."""
        return {name: [part.unit for part in row.units] for name, row in self.board.live().rows.items()}

    async def _kept_changes(self) -> tuple[list[StreamEntry], bool]:
        """Return the changes that Redis keeps, and whether there once were earlier ones."""
        key = self.board.projection.feed
        kept = await self.redis.xrange(key)
        added = (await self.redis.xinfo_stream(key))["entries-added"] if kept else 0
        return kept, added > len(kept)
