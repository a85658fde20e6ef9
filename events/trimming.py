"""Trimming: events that are sealed in the archive leave the log's stream, and their ids the index of submissions.

First a segment with their ids is in the archive; then its name is on the server, from which on writers look there
first; then the ids leave; then the events. Whenever this stops, it goes on from there, and two at once do no harm.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from events.entries import Stored, seen_field
from events.envelope import read
from events.id_index import IdList, IdSegment, Range
from events.keys import LogKeys
from events.log import Log
from events.scripts import script
from events.seal.checkpoint import LogCheckpoint, parse_checkpoint
from events.seal.eras import FIRST
from events.seal.errors import FormatError
from events.seal.notes import parse_note
from events.seal.sealed_range import sealed_range
from events.seal.storage import CHECKPOINT, ArchiveStorage
from events.seal.tiles import WIDTH

STEP = 2_048
"""Events that are compared or dropped at once: a whole number of bundles, ~1 MB."""

SEGMENT = 128 * STEP
"""Positions of a new segment: 8 MB."""

EntriesOf = Callable[[LogCheckpoint, int, int], Awaitable[list[Stored]]]


class NotTrimmedError(RuntimeError):
    """Nothing, or not all, was trimmed; says why."""


class Trimmed(NamedTuple):
    """The positions that left the stream with one trimming; none if `last` is before `first`."""

    first: int
    last: int

    @property
    def size(self) -> int:
        """The number of events."""
        return max(0, self.last - self.first + 1)


def published(storage: ArchiveStorage, stream: str) -> LogCheckpoint | None:
    """Return the published checkpoint of an archive, None if there is none; raises NotTrimmedError and OSError."""
    data = storage.read(CHECKPOINT)
    try:
        return parse_checkpoint(parse_note(data).text) if data is not None else None
    except FormatError as error:
        raise _damaged(stream, error) from error


async def proved(
    storage: ArchiveStorage, checkpoint: LogCheckpoint, after: int, until: int, stream: str
) -> list[bytes]:
    """Return sealed entries, proved to be under a checkpoint (sealed_range.py); raises NotTrimmedError and OSError."""
    try:
        return await asyncio.to_thread(sealed_range, storage.read, checkpoint, after, until)
    except FormatError as error:
        raise _damaged(stream, error) from error


def _damaged(stream: str, error: FormatError) -> NotTrimmedError:
    return NotTrimmedError(f"the archive of {stream}: {error}; check it with `duban audit fsck`")


def begin_after(pipe: Any, stream: str, last: int) -> None:
    """Queue what makes a stream that does not exist begin after a number, as if all up to it had been trimmed."""
    pipe.xadd(stream, {"e": ""}, f"{last}-0")
    pipe.xtrim(stream, maxlen=0, approximate=False)
    pipe.execute_command("XSETID", stream, f"{last}-0", "ENTRIESADDED", last)


class Trimming:
    """Trims one ledger's log, whose archive of an era is in a storage."""

    def __init__(self, redis: Any, log: Log, storage: ArchiveStorage, era: int = FIRST) -> None:
        self._redis = redis
        self._log = log
        self._storage = storage
        self._era = era
        keys = LogKeys.of(log.ledger)
        self._keys = [log.key, keys.seen, keys.segments]
        self._trim = script(redis, __file__, "trim.lua")

    async def plan(self, keep: int, folded: int) -> Trimmed:
        """Return what `trim` would take from the stream; the last sealed event stays, with which a sealer resumes."""
        first = await self._redis.xrange(self._log.key, count=1)
        checkpoint = await asyncio.to_thread(published, self._storage, self._log.ledger)
        sealed = checkpoint.size - 1 if checkpoint is not None else 0
        until = min(await self._log.tail() - max(keep, 1), folded, sealed) // WIDTH * WIDTH
        return Trimmed(int(first[0][0].partition(b"-")[0]) if first else 1, until)

    async def trim(self, keep: int, folded: int, progress: Callable[[int], None] = lambda _: None) -> Trimmed:
        """Trim all but the newest `keep` events, of those that are published and not after `folded`.

        `progress` gets positions that are in the index of the archive. Raises NotTrimmedError where archive and log
        differ, OSError, and StorageConflictError.
        """
        await self.begin_era()
        planned = await self.plan(keep, folded)
        trimmed, checkpoint = self._log.trimmed, await asyncio.to_thread(published, self._storage, self._log.ledger)
        await trimmed.load()
        while checkpoint is not None and trimmed.last < planned.last:
            await self._index(checkpoint, min(trimmed.last + SEGMENT, planned.last), self._compared)
            progress(trimmed.last)
        for after in range(planned.first - 1, planned.last, STEP):
            await self._drop(after, min(after + STEP, planned.last))
        return planned

    async def begin_era(self) -> None:
        """Have the server name the era's archive, which has all that left the server in an earlier one.

        Raises NotTrimmedError if it names a later one.
        """
        await self._log.trimmed.load()
        named = self._log.trimmed.named
        if named.era > self._era:
            raise NotTrimmedError(f"the archive of {self._log.ledger} has ended; era {named.era} is being sealed")
        if named.era < self._era:
            await self._name(named.ranges)

    async def mend(self, checkpoint: LogCheckpoint) -> None:
        """Make the segments again that the server names and the archive lacks, as a copy of it may.

        Raises FormatError, OSError.
        """
        await self._log.trimmed.look()
        for one in self._log.trimmed.named.ranges:
            if await asyncio.to_thread(self._storage.read, one.file) is None:
                segment = await self._segment(checkpoint, one.first - 1, one.last, self._sealed)
                await asyncio.to_thread(self._storage.create, {one.file: segment.encode()})

    async def adopt(self, checkpoint: LogCheckpoint, keep: int | None) -> int:
        """Have a log without a stream begin after the archive's events but the newest `keep`; None: at its beginning.

        Their ids are named as trimmed. Return the position after which the stream begins. Raises FormatError, OSError.
        """
        trimmed = self._log.trimmed
        await self.begin_era()
        until = max(checkpoint.size - keep, 0) // WIDTH * WIDTH if keep is not None else 0
        while trimmed.last < until:
            await self._index(checkpoint, min(trimmed.last + SEGMENT, until), self._sealed)
        if trimmed.last:
            async with self._redis.pipeline(transaction=True) as pipe:
                begin_after(pipe, self._log.key, trimmed.last)
                await pipe.execute()
        return trimmed.last

    async def _index(self, checkpoint: LogCheckpoint, until: int, entries_of: EntriesOf) -> None:
        """Write a segment with the ids of the next events, as `entries_of` returns them, and name it on the server.

        Earlier segments that are no larger go into it, so that there are never many.
        """
        before = list(self._log.trimmed.segments)
        new = [await self._segment(checkpoint, self._log.trimmed.last, until, entries_of)]
        while before and before[-1].range.size <= sum(one.range.size for one in new):
            new.insert(0, before.pop())
        segment = await asyncio.to_thread(IdSegment.joined, new)
        await asyncio.to_thread(self._storage.create, {segment.range.file: segment.encode()})
        await self._name([one.range for one in (*before, segment)])

    async def _segment(self, checkpoint: LogCheckpoint, after: int, until: int, entries_of: EntriesOf) -> IdSegment:
        parts: list[IdSegment] = []
        for start in range(after, until, STEP):
            entries = await entries_of(checkpoint, start, min(start + STEP, until))
            parts.append(await asyncio.to_thread(IdSegment.of, entries))
        return await asyncio.to_thread(IdSegment.joined, parts)

    async def _compared(self, checkpoint: LogCheckpoint, after: int, until: int) -> list[Stored]:
        """Return events of the log; raises NotTrimmedError unless the published archive has the same."""
        name = self._log.ledger
        sealed = await proved(self._storage, checkpoint, after, until, name)
        found = await self._log.read(after, until - after)
        for entry, wanted in zip(found, enumerate(sealed, after + 1), strict=False):
            if entry != wanted:
                raise NotTrimmedError(f"position {wanted[0]} of {name} is not what was sealed there")
        if len(found) < until - after:
            raise NotTrimmedError(f"position {after + len(found) + 1} of {name} is missing")
        return found

    async def _sealed(self, checkpoint: LogCheckpoint, after: int, until: int) -> list[Stored]:
        """Return events of the archive; raises FormatError unless they are proved to be under the checkpoint."""
        sealed = await asyncio.to_thread(sealed_range, self._storage.read, checkpoint, after, until)
        return [Stored(position, raw) for position, raw in enumerate(sealed, after + 1)]

    async def _drop(self, after: int, until: int) -> None:
        """Take the ids of some events from the index on the server, and then the events from the stream."""
        events = [(position, read(raw)) for position, raw in await self._log.trimmed.read(after, until - after)]
        await self._write(
            ids=[(seen_field(event.source, event.id), position) for position, event in events], first=until + 1
        )

    async def _name(self, ranges: Sequence[Range]) -> None:
        """Have the server name segments of this era's archive."""
        await self._write(segments=str(IdList(self._era, tuple(ranges))))
        await self._log.trimmed.load()

    async def _write(self, segments: str | None = None, ids: Sequence[tuple[str, int]] = (), first: int = 0) -> None:
        before = self._log.trimmed.index
        args = [msgspec.msgpack.encode((before, before if segments is None else segments, ids, first))]
        if not await self._trim(keys=self._keys, args=args):
            raise NotTrimmedError(f"the log of {self._log.ledger} is being trimmed by another process")
