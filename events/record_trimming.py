"""Trimming of the record: entries that are sealed in the archive leave the stream, some at a time, in one step each.

Whenever this stops, it goes on from there, and two at once do no harm. The index of alerts (`known`) stays: an alert's
id is recorded once for ever, and its number finds it in the archive.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from events.record import Record
from events.scripts import script
from events.seal.checkpoint import LogCheckpoint
from events.seal.eras import FIRST
from events.seal.storage import ArchiveStorage
from events.seal.tiles import WIDTH
from events.trimming import STEP, NotTrimmedError, Trimmed, proved, published


class RecordTrimming:
    """Trims one ledger's record, whose archive of an era is in a storage."""

    def __init__(self, redis: Any, record: Record, storage: ArchiveStorage, era: int = FIRST) -> None:
        self._redis = redis
        self._record = record
        self._storage = storage
        self._era = era
        self._which = f"the record of {record.ledger}"
        self._script = script(redis, __file__, "trim_record.lua")

    async def plan(self, keep: int, settled: int) -> Trimmed:
        """Return what `trim` would take from the stream."""
        return (await self._planned(keep, settled))[0]

    async def trim(self, keep: int, settled: int, progress: Callable[[int], None] = lambda _: None) -> Trimmed:
        """Trim all but the newest `keep` entries, of those that are published and not after `settled`.

        Up to there notify's sender needs none. `progress` gets numbers up to which entries have left. Raises
        NotTrimmedError where archive and record differ, and OSError.
        """
        planned, checkpoint = await self._planned(keep, settled)
        if checkpoint is None:
            return planned
        await self._begin_era(checkpoint)
        for after in range(planned.first - 1, planned.last, STEP):
            until = min(after + STEP, planned.last)
            await self._compare(checkpoint, after, until)
            await self._drop(until)
            progress(until)
        return planned

    async def _begin_era(self, checkpoint: LogCheckpoint) -> None:
        """Have the server name the era's archive, once it has all that left the server in an earlier one.

        Raises NotTrimmedError if it names a later one.
        """
        trimmed = await self._record.trimmed()
        if trimmed.era > self._era:
            raise NotTrimmedError(f"the archive of {self._which} has ended; era {trimmed.era} is being sealed")
        if trimmed.era < self._era and 0 < trimmed.last <= checkpoint.size:
            await self._drop(0)

    async def _planned(self, keep: int, settled: int) -> tuple[Trimmed, LogCheckpoint | None]:
        """Return what is trimmed, and the checkpoint under which it is; the last sealed entry stays for the sealer."""
        first, last = [await read(self._record.key, count=1) for read in (self._redis.xrange, self._redis.xrevrange)]
        checkpoint = await asyncio.to_thread(published, self._storage, self._which)
        if not first or checkpoint is None:
            return Trimmed(1, 0), None
        begin, tail = (int(entries[0][0].partition(b"-")[0]) for entries in (first, last))
        until = min(tail - max(keep, 1), settled, checkpoint.size - 1) // WIDTH * WIDTH
        return Trimmed(min(begin, (await self._record.trimmed()).last + 1), until), checkpoint

    async def _compare(self, checkpoint: LogCheckpoint, after: int, until: int) -> None:
        """Raise NotTrimmedError unless the archive has the same entries, proved to be under its checkpoint."""
        which, start = self._which, after // WIDTH * WIDTH
        sealed = await proved(self._storage, checkpoint, start, until, which)
        wanted = {f"{number}-0": raw for number, raw in enumerate(sealed, start + 1) if number > after}
        entries = await self._redis.xrange(self._record.key, min=f"{after + 1}-0", max=f"{until}-0")
        found = {id.decode(): fields.get(b"e") for id, fields in entries}
        trimmed = (await self._record.trimmed()).last  # by others meanwhile
        for number in range(after + 1, until + 1):
            if (place := f"{number}-0") not in found and number > trimmed:
                raise NotTrimmedError(f"entry {number} of {which} is missing")
            if found.get(place, wanted[place]) != wanted[place]:
                raise NotTrimmedError(f"entry {number} of {which} is not what was sealed there")
        if others := sorted(found.keys() - wanted.keys()):
            raise NotTrimmedError(f"{which} has the entry {others[0]}, which was not sealed")

    async def _drop(self, until: int) -> None:
        """Take the entries up to a number from the stream, which the era's archive has."""
        await self._script(keys=[self._record.key, self._record.mark], args=[until, self._era])
