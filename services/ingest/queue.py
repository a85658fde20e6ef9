"""The writer's queue, fair among sources: a flooding source gets its turn like the others, and no more."""

import asyncio
import contextlib
import math
from collections import deque
from collections.abc import Callable, Sequence

from events.ledger import CLOCK
from services.common.sizes import MIB
from services.ingest.request import Chunk, WriteRequest

BATCH = 1_000
"""Submissions decided and appended at once: about 7 ms of the server's time; larger batches gain little."""

CHUNK = 50
"""Submissions taken together of one source while other sources are active: about 2 ms, which the others wait for.

A source that enqueues at most as many at once makes the others leave time for it.
"""

BATCH_BYTES = 64 * MIB
"""Bytes decided and appended at once, exceeded by at most one chunk: a command may have 512 MB."""

ALONE_SECONDS = 2.0
"""A source gets whole batches, without pauses, once no other source has enqueued a few submissions for this long."""

PACE_SECONDS = 0.025
"""Pause between two chunks of a source while other sources are active: time that is left to them."""


class Queue:
    """Requests in order of arrival within a source; sources take turns."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._sources: dict[str, deque[WriteRequest]] = {}
        self._rests: dict[str, float] = {}
        self._put_back: list[Chunk] = []
        self._seconds = seconds
        self._arrived = asyncio.Event()
        self._last_source = ""
        self._last_arrival = self._last_of_others = -math.inf

    def put(self, request: WriteRequest) -> None:
        """Add a request behind those of its source."""
        if request.source != CLOCK and len(request.sent) <= CHUNK:
            if request.source != self._last_source:
                self._last_source, self._last_of_others = request.source, self._last_arrival
            self._last_arrival = self._seconds()
        self._sources.setdefault(request.source, deque()).append(request)
        self._arrived.set()

    def put_back(self, chunks: Sequence[Chunk]) -> None:
        """Put chunks back at the head, behind those put back before: called in the order in which they were taken."""
        if chunks:
            self._put_back += chunks
            self._arrived.set()

    async def ready(self) -> None:
        """Wait until something can be taken."""
        while (pause := self._pause()) is None or pause > 0:
            self._arrived.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._arrived.wait()

    def take(self) -> list[Chunk]:
        """Return the next batch: all that was put back, else a share of each source that does not rest.

        Requests that have completed, because they failed or timed out, are left out.
        """
        taken, self._put_back = self._put_back, []
        if taken:
            return taken
        now = self._seconds()
        sources = [source for source in self._sources if self._rests.get(source, now) <= now]
        left, room = BATCH, BATCH_BYTES
        for waits, source in zip(range(len(sources), 0, -1), sources, strict=True):
            others_active = self._others_active(source)
            share = min(CHUNK if others_active else max(CHUNK, left // waits), left)
            if not share or room <= 0:
                break
            requests = self._sources.pop(source)
            chunks, size = _take_share(requests, share, room)
            taken += chunks
            left -= sum(len(chunk.sent) for chunk in chunks)
            room -= size
            if requests:
                self._sources[source] = requests  # behind the others
                self._rests[source] = now + PACE_SECONDS if others_active else now
        return taken

    def _others_active(self, source: str) -> bool:
        """Return whether another source has enqueued a few submissions recently."""
        others = self._last_of_others if source == self._last_source else self._last_arrival
        return self._seconds() - others < ALONE_SECONDS

    def _pause(self) -> float | None:
        """Return the seconds until the first source may be taken from, None if there is none."""
        if self._put_back:
            return 0
        now = self._seconds()
        return min((self._rests.get(source, now) - now for source in self._sources), default=None)


def _take_share(requests: deque[WriteRequest], share: int, room: int) -> tuple[list[Chunk], int]:
    """Take at most `share` submissions of one source, in `room` bytes or one chunk more; return them and their size."""
    taken: list[Chunk] = []
    size = 0
    while requests and share and size < room:
        first = requests[0]
        if first.done.done():
            requests.popleft()
            continue
        chunk = first.take(min(share, (room - size) // max(1, first.mean) + 1))
        taken.append(chunk)
        share -= len(chunk.sent)
        size += len(chunk.sent) * first.mean
        if chunk.last:
            requests.popleft()
    return taken, size
