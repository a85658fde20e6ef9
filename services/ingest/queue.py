"""What waits for the writer, source by source: one that floods has its turn like the others, and no more."""

import asyncio
import contextlib
import math
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from msgspec import Struct

from events.entries import Move
from events.ledger import CLOCK
from services.common.clock import sleep
from services.ingest.core import Outcome
from services.ingest.draft import Submission
from services.schedule.limits import MIB

S = TypeVar("S")
R = TypeVar("R")

BATCH = 1_000
"""Submissions decided and appended at once: some 7 ms of the server's time; more would gain little."""

PART = 50
"""Submissions of one source that are taken together beside others: some 2 ms, for which who comes after them waits.

Whoever hands in no more than that at once counts as one for whom the others leave room.
"""

BATCH_BYTES = 64 * MIB
"""Bytes decided and appended at once, and what the last part is beyond them: a command may have 512 MB."""

SLICE = 50
"""Submissions read or decided before all else that is ready has its turn: some 0.3 ms."""

ALONE_SECONDS = 2.0
"""After nobody else has handed in a few submissions for so long, a source gets whole batches, as fast as it can."""

PACE_SECONDS = 0.025
"""Between two parts of a source beside others: time that is theirs."""


async def in_slices(work: Callable[[S], R], items: Sequence[S]) -> list[R]:
    """Return what `work` makes of each; what waits to be sent or received goes on in between."""
    made: list[R] = []
    for start in range(0, len(items), SLICE):
        made += map(work, items[start : start + SLICE])
        await sleep(0)
    return made


class Waiting(Struct):
    """What one source has handed in at once; nobody's, and empty, for the ledger's clock.

    `sent`, of `size` bytes in all, is read as it is taken. `move` says how far an inbox is decided by what is left.
    `told` is what becomes of all of it.
    """

    source: str
    sent: Sequence[Any]
    size: int
    read: Callable[[Any], Submission]
    move: Move | None
    told: "asyncio.Future[list[Outcome]]"
    taken: int = 0
    outcomes: list[Outcome] = []

    @property
    def mean(self) -> int:
        """Bytes of a submission, on average."""
        return self.size // max(1, len(self.sent))

    def take(self, count: int) -> "Part":
        """Return what comes next of it, at most `count` submissions."""
        start, self.taken = self.taken, min(self.taken + count, len(self.sent))
        return Part(self, self.sent[start : self.taken], self.taken == len(self.sent))


class Part(Struct):
    """What is decided together of what one source has handed in; `last` if nothing follows."""

    waiting: Waiting
    sent: Sequence[Any]
    last: bool
    submissions: list[Submission] = []
    move: Move | None = None

    async def read(self) -> None:
        """Read the submissions, unless they are: in the order in which the parts were taken."""
        if self.submissions:
            return
        self.submissions = await in_slices(self.waiting.read, self.sent)
        whole = self.waiting.move
        if whole is None or self.last:
            self.move = whole
        else:
            between = self.submissions[-1].entry or ""  # what comes from an inbox has one
            count = len(self.submissions)
            self.move = Move(whole.inbox, whole.expected, between, count)
            self.waiting.move = Move(whole.inbox, between, whole.reached, whole.count - count)

    def tell(self, outcomes: Sequence[Outcome]) -> None:
        """Tell whoever submitted, once this was the last of it."""
        waiting = self.waiting
        waiting.outcomes.extend(outcomes)
        if self.last and not waiting.told.done():
            waiting.told.set_result(waiting.outcomes)

    def fail(self, error: Exception) -> None:
        """Tell why there are no outcomes."""
        if not self.waiting.told.done():
            self.waiting.told.set_exception(error)


class Queue:
    """What waits, in order of arrival within a source; among sources, a share of each in turn."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._sources: dict[str, deque[Waiting]] = {}
        self._rests: dict[str, float] = {}
        self._seconds = seconds
        self._arrived = asyncio.Event()
        self._last = ""
        self._came = self._before = -math.inf

    def put(self, waiting: Waiting) -> None:
        """Have something wait behind what its source has handed in before."""
        if waiting.source != CLOCK and len(waiting.sent) <= PART:
            if waiting.source != self._last:
                self._last, self._before = waiting.source, self._came
            self._came = self._seconds()
        self._sources.setdefault(waiting.source, deque()).append(waiting)
        self._arrived.set()

    async def ready(self) -> None:
        """Wait until something can be taken."""
        while (pause := self._pause()) is None or pause > 0:
            self._arrived.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._arrived.wait()

    def take(self) -> list[Part]:
        """Return what is decided next: a share of each source that waits and does not rest, at most a batch.

        What nobody waits for any more, as it failed or took too long, is left out.
        """
        taken: list[Part] = []
        now = self._seconds()
        sources = [source for source in self._sources if self._rests.get(source, now) <= now]
        left, room = BATCH, BATCH_BYTES
        for waits, source in zip(range(len(sources), 0, -1), sources, strict=True):
            beside = self._beside_others(source)
            share = min(PART if beside else max(PART, left // waits), left)
            if not share or room <= 0:
                break
            waiting = self._sources.pop(source)
            left -= share
            while waiting and share and room > 0:
                if waiting[0].told.done():
                    waiting.popleft()
                    continue
                taken.append(waiting[0].take(min(share, room // max(1, waiting[0].mean) + 1)))
                share -= len(taken[-1].sent)
                room -= len(taken[-1].sent) * waiting[0].mean
                if taken[-1].last:
                    waiting.popleft()
            left += share
            if waiting:
                self._sources[source] = waiting  # behind the others
                self._rests[source] = now + PACE_SECONDS if beside else now
        return taken

    def clear(self) -> list[Part]:
        """Return all that waits, and forget it."""
        left = [one.take(len(one.sent)) for waiting in self._sources.values() for one in waiting]
        self._sources.clear()
        return left

    def _beside_others(self, source: str) -> bool:
        """Tell whether another source has handed in a few submissions of late."""
        others = self._before if source == self._last else self._came
        return self._seconds() - others < ALONE_SECONDS

    def _pause(self) -> float | None:
        """Return for how many seconds all that waits still rests, None if nothing waits."""
        now = self._seconds()
        return min((self._rests.get(source, now) - now for source in self._sources), default=None)
