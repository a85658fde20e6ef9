"""The board: one ledger's rows, kept by a projection named `status` (keys: events/projection.py).

duban:{L}:status:changes  stream  <position>-<n> -> e: the new task row as JSON; n > 0 where time alone changed it
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

import msgspec

from events.entries import Stored
from events.ledger import Ledger
from events.log import Log
from events.projection import Projection
from events.rules import Change, Rules
from services.status.core import VERSION, evolve
from services.status.lights import lit, relight
from services.status.past.facts import FORMAT
from services.status.past.reader import PastReader
from services.status.past.timeline import TaskTimeline
from services.status.row import TaskRow, TrackedTask

CHANGES_KEPT = 10_000
"""Changes that a client can resume over; further behind, a new snapshot costs less than the missed changes."""


class Snapshot(NamedTuple):
    """The rows after the event at `position`."""

    position: int
    rows: dict[str, TaskRow]


class Board:
    """The rows of one ledger, live and as of any past position or instant."""

    def __init__(self, redis: Any, name: str, ledger: Ledger) -> None:
        self.ledger = ledger
        self.log = Log(redis, name)
        self.projection = Projection(redis, self.log, rules(ledger))
        self.past = PastReader(self.log, ledger, self._timeline)

    @property
    def position(self) -> int:
        return self.projection.position

    async def load(self, now: datetime) -> None:
        """Load the saved rows; where other rules folded them, announce those that differ now."""
        await self.projection.read_saved()
        before, generation = self.projection.rows, self.projection.generation
        await self.projection.load()
        if self.projection.generation == generation:
            return
        changed = {}
        for name, task in self.projection.rows.items():
            lit = relight(task, self.ledger.lights, now) or task
            if lit is not task or name not in before or before[name].row != lit.row:
                changed[name] = lit
        await self.projection.update(changed)

    def live(self) -> Snapshot:
        """Return the current rows."""
        return _snapshot(self.projection)

    async def relight(self, now: datetime) -> None:
        """Update the light of every row to an instant, and announce the rows that changed."""
        tasks = self.projection.rows
        changed = {name: task for name in tasks if (task := relight(tasks[name], self.ledger.lights, now)) is not None}
        if changed:
            await self.projection.update(changed)

    async def history(self, task: str, until: int) -> list[Stored]:
        """Return the stored events of a task up to the position `until`, oldest first."""
        await self.projection.save()  # the history has every event that a row shows
        return await self.log.read_at(
            [position for position in await self.projection.history(task) if position <= until]
        )

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
        alike=alike,
        timeline=partial(TaskTimeline, ledger.lights),
    )


def announce(changes: Sequence[Change[TrackedTask]]) -> list[tuple[str, bytes]]:
    """Return the new rows, one per task, in the order of their positions."""
    latest = {change.key: change for change in changes}
    ordered = sorted(latest.values(), key=lambda change: change.position)
    return [
        (f"{change.position}-{0 if change.event is not None else '*'}", msgspec.json.encode(change.row.row))
        for change in ordered
    ]


def _alike(ledger: Ledger, saved: TrackedTask, fresh: TrackedTask) -> TrackedTask:
    """Return the fresh task with its light as of the instant of the saved one's."""
    return lit(fresh, ledger.lights, saved.lit)


def _snapshot(projection: Projection[TrackedTask]) -> Snapshot:
    return Snapshot(projection.position, {name: task.row for name, task in projection.rows.items()})
