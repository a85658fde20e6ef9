"""Replaying a log: read straight from it, not from what the services report of it."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import NamedTuple

from events.entries import Recorded, Stored, within
from events.envelope import read
from events.log import Log


class Slice(NamedTuple):
    """Which events a replay shows."""

    task: str | None = None
    after: int = 0
    until: int | datetime | None = None
    since: datetime | None = None


async def replay(log: Log, wanted: Slice) -> AsyncIterator[tuple[Stored, Recorded]]:
    """Yield the stored bytes and the decoded form of the events in a slice, in order."""
    after = wanted.after
    while batch := await log.read(after):
        for entry in batch:
            event = read(entry.raw)
            recorded = Recorded(entry.position, event)
            if not within(recorded, wanted.until):
                return
            late = wanted.since is None or (event.recorded or event.time) >= wanted.since
            if late and wanted.task in {None, event.subject}:
                yield entry, recorded
        after = batch[-1].position
