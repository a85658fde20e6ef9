"""The board: one ledger's rows, kept by a projection named `status` (keys: events/projection.py).

duban:{L}:status:changes  stream  <position>-<n> -> e: the new task row as JSON; n > 0 where time alone changed it
"""

import asyncio
import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from events.entries import Recorded, Stored
from events.ledger import Ledger
from events.log import Log
from events.projection import Projection
from events.rules import Announcement, Change, Evolve, Rules
from events.seal.eras import SealedEras
from events.unsaved import MOST_CHANGES
from services.status.core import VERSION, evolve
from services.status.figures.board import BoardFigures
from services.status.index import Index
from services.status.lights import lit, next_change, relight
from services.status.live_views import LiveViews
from services.status.past.facts import FORMAT
from services.status.past.reader import PastReader
from services.status.past.recorded_lights import RecordedLights
from services.status.past.timeline import TaskTimeline
from services.status.row import TaskRow, TrackedTask, shared
from services.status.views import Selected, TaskQuery, select

CHANGES_KEPT = 10_000
"""Changes that a client can resume over; further behind, a new snapshot costs less than the missed changes."""


class Snapshot(NamedTuple):
    """The rows after the event at `position`; current ones are a view, valid until the event loop runs on.

    `edition` differs between snapshots at one position whose rows differ.
    """

    position: int
    rows: Mapping[str, TaskRow]
    edition: str

    def select(self, query: TaskQuery) -> Selected[TaskRow]:
        """Return the page of rows that a query asks for; raises BadCursorError."""
        return self.rows.select(query) if isinstance(self.rows, Index) else select(self.rows.values(), query)


class Board:
    """The rows of one ledger, live and as of any past position or instant."""

    def __init__(self, redis: Any, name: str, ledger: Ledger, archive: SealedEras | None = None) -> None:
        """Take what reads the ledger's sealed log, None if there is none."""
        self.ledger = ledger
        self.log = Log(redis, name, archive=archive)
        self.past = PastReader(self.log, ledger, RecordedLights(redis, name, ledger.lights), self._timeline)
        self._touched: set[str] = set()
        own = rules(ledger)
        self.projection = Projection(redis, self.log, replace(own, evolve=partial(_noted, self._touched, own.evolve)))
        self._views = LiveViews(ledger, self.projection.rows)
        self._started = secrets.token_hex(4)
        self._relit = 0

    @property
    def position(self) -> int:
        return self.projection.position

    async def load(self, now: datetime) -> None:
        """Load the saved rows; where other rules folded them, announce those that differ now."""
        before = await self.projection.load()
        if before is None:
            return

        def differing(name: str, task: TrackedTask) -> TrackedTask | None:
            lit = relight(task, self.ledger.lights, now) or task
            return lit if lit is not task or name not in before or before[name].row != lit.row else None

        await self._update(list(self.projection.rows), differing)

    def live(self) -> Snapshot:
        """Return the current rows."""
        index = self.refresh()
        versions = (self._started, self.projection.generation, len(self.projection.rollbacks), self._relit)
        return Snapshot(self.position, index, ".".join(map(str, versions)))

    async def relight(self, now: datetime) -> None:
        """Update the lights that time alone has changed up to an instant, and announce those rows."""
        self.refresh()

        def changed(name: str, task: TrackedTask) -> TrackedTask | None:
            lit = relight(task, self.ledger.lights, now)
            if lit is None:  # its light is already as of a later instant
                self._views.light_changes.put(name, next_change(task, self.ledger.lights, now))
            return lit

        await self._update(self._views.light_changes.until(now), changed)

    async def history(self, task: str, until: int) -> list[Stored]:
        """Return the stored events of a task up to the position `until`, oldest first."""
        await self.projection.save()  # the history has every event that a row shows
        return await self.log.read_at(
            [position for position in await self.projection.history(task) if position <= until]
        )

    @property
    def figures(self) -> BoardFigures:
        """The figures of the current rows."""
        self.refresh()
        return self._views.figures

    def refresh(self) -> Index[TaskRow]:
        """Return the index of the rows, with all views of them up to date."""
        self._views.refresh(self.projection.rows, self._touched)
        self._touched.clear()
        return self._views.index

    async def _update(self, names: Sequence[str], derive: Callable[[str, TrackedTask], TrackedTask | None]) -> None:
        """Save and announce the tasks that `derive` returns in place of the present ones; None leaves one as it is.

        They are saved in parts, and other work has its turn in between: time may change all tasks at one instant.
        """
        for start in range(0, len(names), MOST_CHANGES):
            rows = self.projection.rows  # a reload replaces them
            part = {name: derive(name, rows[name]) for name in names[start : start + MOST_CHANGES] if name in rows}
            if derived := {name: task for name, task in part.items() if task is not None}:
                try:
                    await self.projection.update(derived)
                finally:  # also where the rows have changed and could not be saved
                    self._touched.update(derived)
                    self._relit += 1
            await asyncio.sleep(0)

    def _timeline(self) -> TaskTimeline:
        timeline = self.projection.timeline
        assert isinstance(timeline, TaskTimeline), "these rules keep one"
        return timeline


def rules(ledger: Ledger) -> Rules[TrackedTask]:
    """Return the rules by which a ledger's rows are folded and announced; the version has its directory and lights."""
    lights = hashlib.blake2b(msgspec.json.encode(ledger.lights), digest_size=6).hexdigest()
    version = f"{VERSION}.{FORMAT}-{ledger.directory.hash}-{lights}"
    alike = partial(_alike, ledger)
    return Rules(
        "status",
        version,
        TrackedTask,
        partial(evolve, ledger),
        announce,
        "changes",
        CHANGES_KEPT,
        history=True,
        latest=True,
        shared=shared,
        alike=alike,
        timeline=TaskTimeline,
    )


def announce(changes: Sequence[Change[TrackedTask]], _considered: datetime | None) -> list[Announcement]:
    """Return the new rows in the order of their positions; `changes` has the latest of each task."""
    return [
        Announcement(f"{change.position}-{0 if change.event is not None else '*'}", msgspec.json.encode(change.row.row))
        for change in sorted(changes, key=lambda change: change.position)
    ]


def _alike(ledger: Ledger, saved: TrackedTask, fresh: TrackedTask) -> TrackedTask:
    """Return the fresh task with its light as of the instant of the saved one's."""
    return lit(fresh, ledger.lights, saved.lit)


def _noted(
    touched: set[str], evolve: Evolve[TrackedTask], task: TrackedTask | None, entry: Recorded
) -> TrackedTask | None:
    """Evolve a task, and note that it was touched."""
    touched.add(entry.event.subject)
    return evolve(task, entry)
