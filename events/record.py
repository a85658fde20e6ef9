"""The record of a ledger's alerts: a stream with the ids 1-0, 2-0, 3-0 …, whose beginning may be in the archive alone.

    duban:{L}:record          stream  <number>-0 -> e: an entry (services/notify/record.py)
                                      written by record.lua, which numbers on from the last id that the stream ever had;
                                      trimmed by trim_record.lua
    duban:{L}:record:trimmed  string  the last number that may have left the stream, and the era of the archive that has
                                      what did: `2048 1`; missing before the first trimming
                                      written by trim_record.lua, and by a restore

What the stream lacks up to that number was trimmed, what it lacks after it is missing.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Any, NamedTuple

from events.entries import Stored
from events.keys import key
from events.saved_rows import RECORD
from events.seal.eras import FIRST, SealedEras
from events.seal.tiles import WIDTH
from events.sealed_bundles import SealedBundles

READ_BATCH = 500
"""Entries that are read at once (~0.3 MB)."""

RawEntries = Sequence[tuple[bytes, dict[bytes, bytes]]]
"""Entries as the client returns them."""


class TrimmedMark(NamedTuple):
    """The last number that may have left the stream, and the era whose archive has what did."""

    last: int = 0
    era: int = FIRST

    def __str__(self) -> str:
        return f"{self.last} {self.era}"


class Record:
    """One ledger's record for its readers, who see one record; `archive` reads it sealed, None if nothing is."""

    def __init__(self, redis: Any, ledger: str, archive: SealedEras | None = None) -> None:
        self.ledger = ledger
        self.key = key(ledger, RECORD)
        self.mark = key(ledger, RECORD, "trimmed")
        self._redis = redis
        self._bundles = SealedBundles(archive, f"the record of {ledger}")

    async def trimmed(self) -> TrimmedMark:
        """Return what may have left the stream."""
        found = await self._redis.get(self.mark)
        return TrimmedMark(*map(int, found.split())) if found is not None else TrimmedMark()

    async def read(self, after: int, count: int = READ_BATCH) -> list[Stored]:
        """Return up to `count` entries that follow a number; raises TrimmedError."""
        found = _stored(await self._redis.xrange(self.key, min=f"{after + 1}-0", count=count))
        if found and found[0].position <= after + 1:
            return found
        until, trimmed = min(after + count, found[0].position - 1) if found else after + count, await self.trimmed()
        return await self._bundles.read(trimmed.era, after, min(until, trimmed.last)) or found

    async def read_back(self, before: int | None = None, count: int = READ_BATCH) -> list[Stored]:
        """Return some entries before a number, None being the end, the newest first; raises TrimmedError.

        There are `count` at most, and none only if there are none.
        """
        end = "+" if before is None else f"({before}-0"
        found = _stored(await self._redis.xrevrange(self.key, max=end, count=count))
        if found:
            return found
        trimmed = await self.trimmed()
        until = trimmed.last if before is None else min(trimmed.last, before - 1)
        return (await self._bundles.read(trimmed.era, max(until - count, 0), until))[::-1]

    async def read_at(self, numbers: Sequence[int]) -> list[Stored]:
        """Return the entries with these numbers that there are; raises TrimmedError."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for number in numbers:
                pipe.xrange(self.key, min=f"{number}-0", max=f"{number}-0")
            by_number = {one.position: one for part in await pipe.execute() for one in _stored(part)}
        if len(by_number) < len(set(numbers)):
            trimmed = await self.trimmed()
            left = [number for number in numbers if number not in by_number and 0 < number <= trimmed.last]
            by_number |= {one.position: one for one in await self._bundles.read_at(trimmed.era, left)}
        return [by_number[number] for number in numbers if number in by_number]

    async def scan(self, until: int | None = None) -> AsyncIterator[RawEntries]:
        """Read all entries in order, up to a number, with the ids that they have in the stream; raises TrimmedError."""
        after, end = "0-0", "+" if until is None else f"{until}-0"
        while True:
            found: RawEntries = await self._redis.xrange(self.key, min=f"({after}", max=end, count=READ_BATCH)
            reached, first = _number(after.encode()), _number(found[0][0]) if found else None
            trimmed = await self.trimmed()
            last = min(one for one in (until, first and first - 1, trimmed.last) if one is not None)
            for start in range(reached, last, WIDTH):
                entries = await self._bundles.read(trimmed.era, start, min(start + WIDTH, last))
                yield [(f"{number}-0".encode(), {b"e": raw}) for number, raw in entries]
            if not found:
                return
            yield found
            after = found[-1][0].decode()


def _stored(entries: RawEntries) -> list[Stored]:
    return [Stored(_number(id), fields[b"e"]) for id, fields in entries]


def _number(id: bytes) -> int:
    return int(id.partition(b"-")[0])
