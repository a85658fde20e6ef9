"""Appending to a log without a writer."""

from collections.abc import Sequence

from events.entries import CursorAdvance, Entry, SideEntries
from events.log import Log


async def append(
    log: Log,
    tail: int,
    entries: Sequence[Entry],
    side_entries: Sequence[SideEntries] = (),
    advances: Sequence[CursorAdvance] = (),
) -> list[int]:
    """Append `entries` after `tail` and return their positions; that of an event the log already has is negative."""
    return (await log.append(log.pack(tail, entries, side_entries, advances))).positions
