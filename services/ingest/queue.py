"""What waits for the writer, source by source: one that floods has its turn like the others, and no more."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from msgspec import Struct

from events.ledger import CLOCK
from events.log import Move
from services.clock import sleep
from services.ingest.core import Outcome
from services.ingest.draft import Submission

BATCH = 1_000
"""Submissions decided and appended at once: some 7 ms of the server's time; more would gain little."""

PART = 50
"""Submissions of one source that are taken together beside others: some 2 ms, for which who comes after them waits."""

ALONE_SECONDS = 2.0
"""After nobody else came for so long, a source counts as alone: it gets whole batches, as fast as it can."""

PACE_SECONDS = 0.005
"""Between two parts of a source that is not alone: 10,000 submissions a second, which leave time for the others."""


class Waiting(Struct):
    """Submissions of one source that wait for their outcomes; nobody's, with none, for the ledger's clock."""

    source: str
    submissions: Sequence[Submission]
    move: Move | None
    outcomes: "asyncio.Future[list[Outcome]]"


class Queue:
    """Parts, of at most a batch, in order of arrival within a source; among sources, a share of each in turn."""

    def __init__(self, real_time: Callable[[], float]) -> None:
        self._sources: dict[str, deque[Waiting]] = {}
        self._real_time = real_time
        self._last = ""
        self._came = 0.0
        self._before = 0.0

    def __bool__(self) -> bool:
        return bool(self._sources)

    def put(self, waiting: Waiting) -> None:
        """Have a part wait behind those of its source."""
        if waiting.source != CLOCK:
            if waiting.source != self._last:
                self._last, self._before = waiting.source, self._came
            self._came = self._real_time()
        self._sources.setdefault(waiting.source, deque()).append(waiting)

    def share(self, source: str) -> int:
        """Return how many submissions of a source are taken together: more where it has been alone for a while."""
        others = self._before if source == self._last else self._came
        return BATCH if self._real_time() - others >= ALONE_SECONDS else PART

    async def pace(self, source: str) -> None:
        """Let others come in between, before a source hands in more."""
        await sleep(0 if self.share(source) == BATCH else PACE_SECONDS)

    def take(self) -> list[Waiting]:
        """Return what is decided next: the share of each source that waits, at most a batch."""
        taken: list[Waiting] = []
        left = BATCH
        for source in list(self._sources):
            if len(self._sources[source][0].submissions) > left:
                break
            parts = self._sources.pop(source)
            mine = [parts.popleft()]  # of any size: it may have been made when the source was alone
            size, most = len(mine[0].submissions), min(self.share(source), left)
            while parts and size + len(parts[0].submissions) <= most:
                mine.append(parts.popleft())
                size += len(mine[-1].submissions)
            taken += mine
            left -= size
            if parts:
                self._sources[source] = parts  # behind the others
        return taken

    def clear(self) -> list[Waiting]:
        """Return all that waits, and forget it."""
        left = [waiting for parts in self._sources.values() for waiting in parts]
        self._sources.clear()
        return left
