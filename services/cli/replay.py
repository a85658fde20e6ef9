"""Replaying a log: events are read from the log itself, not from the services."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import NamedTuple

from events.entries import Recorded, Stored, within
from events.envelope import read
from events.log import Log


class Selection(NamedTuple):
    """The events that a replay shows."""

    task: str | None = None
    after: int = 0
    until: int | datetime | None = None
    since: datetime | None = None


async def replay(log: Log, wanted: Selection) -> AsyncIterator[tuple[Stored, Recorded]]:
    """Yield the stored bytes and the decoded form of the selected events, in order."""
    after = wanted.after
    while batch := await log.read(after):
        for entry in batch:
            event = read(entry.raw)
            recorded = Recorded(entry.position, event)
            if not within(recorded, wanted.until):
                return
            late = wanted.since is None or event.at >= wanted.since
            if late and wanted.task in {None, event.subject}:
                yield entry, recorded
        after = batch[-1].position
