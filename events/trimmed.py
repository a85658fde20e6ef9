"""The part of a log that has left its stream: entries from the archive, ids from the index segments beside it.

    duban:{L}:index  string  the segments, in order, as `1-65536 65537-81920`; empty before the first trimming. After
                             an accepted loss, first the era of the archive that has them: `era-2`
                             written by trim.lua alone

The stream may begin anywhere up to the position after the last segment. So what it lacks before that was trimmed, and
what it lacks after that is missing.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from events.entries import Seen, Stored
from events.id_index import IdList, IdSegment, Range, hashes_of, parse_list
from events.keys import key
from events.seal.eras import FIRST, SealedEras
from events.seal.errors import FormatError, TrimmedError
from events.sealed_bundles import SealedBundles


class TrimmedPart:
    """The trimmed part of one ledger's log, in the archives that `archive` reads; None where there are none.

    `named` are the segments that the server named at the last look, and `last` the last position that may have left the
    stream. `segments` are those that were loaded, in order, and `index` is the list of them as the server had it.
    """

    def __init__(self, redis: Any, ledger: str, archive: SealedEras | None) -> None:
        self.index = ""
        self.segments: tuple[IdSegment, ...] = ()
        self.named = IdList(FIRST, ())
        self._redis = redis
        self._ledger = ledger
        self._bundles = SealedBundles(archive, f"the log of {ledger}")

    @property
    def last(self) -> int:
        """The last position that may have left the stream, as of the last look."""
        return self.named.ranges[-1].last if self.named.ranges else 0

    async def look(self) -> str:
        """Return the list of segments as the server has it, and keep it as `named`."""
        found = await self._redis.get(key(self._ledger, "index"))
        text = found.decode() if found is not None else ""
        self.named = parse_list(text)
        return text

    async def load(self) -> None:
        """Read the list of segments, and those that are new; raises TrimmedError."""
        index = await self.look()
        if index == self.index:
            return
        named, known = self.named, {one.range: one for one in self.segments}
        for one in named.ranges:
            if one not in known:
                known[one] = await asyncio.to_thread(self._segment, named.era, one)
        self.index, self.segments = index, tuple(known[one] for one in named.ranges)

    async def read(self, after: int, count: int) -> list[Stored]:
        """Return up to `count` events that follow a position, as far as they may have left the stream."""
        if after >= self.last:
            await self.look()
        return await self._bundles.read(self.named.era, after, min(after + count, self.last))

    async def read_at(self, positions: Sequence[int]) -> list[Stored]:
        """Return those events at some positions that may have left the stream."""
        await self.look()
        wanted = [position for position in positions if 0 < position <= self.last]
        return await self._bundles.read_at(self.named.era, wanted)

    def find(self, ids: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Seen]:
        """Return the position and digest of each source and id that the loaded segments have."""
        if not self.segments or not ids:
            return {}
        wanted = hashes_of(ids)
        return {ids[number]: one for segment in self.segments for number, one in segment.find(wanted)}

    def _segment(self, era: int, range: Range) -> IdSegment:
        try:
            return IdSegment.parse(range, self._bundles.file(era, range.file))
        except FormatError as error:
            raise TrimmedError(f"the index of trimmed ids of {self._ledger}: {error}") from error
