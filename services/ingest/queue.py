"""What waits for the writer, source by source: one that floods has its turn like the others, and no more."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from events.ledger import CLOCK
from events.log import Move
from services.clock import sleep
from services.ingest.core import Outcome
from services.ingest.draft import Submission

BATCH = 1_000
"""Submissions decided and appended at once: some 7 ms of the server's time; more would gain little."""

PART = 50
"""Submissions of one source that are taken together beside others: some 2 ms, for which who comes after them waits."""

ALONE_SECONDS = 5.0
"""After nobody else came for so long, a source counts as alone: it gets whole batches, as fast as it can."""

PACE_SECONDS = 0.01
"""Between a part of a source that is not alone and its next one: time that is the others'."""


class Answer(Struct):
    """What is told to whoever submitted, once all of it is decided."""

    count: int
    told: "asyncio.Future[list[Outcome]]"
    outcomes: list[Outcome] = []

    def tell(self, outcomes: Sequence[Outcome]) -> None:
        """Add the outcomes of the next submissions."""
        self.outcomes.extend(outcomes)
        if len(self.outcomes) == self.count and not self.told.done():
            self.told.set_result(self.outcomes)

    def fail(self, error: Exception) -> None:
        """Tell why there are no outcomes."""
        if not self.told.done():
            self.told.set_exception(error)


class Waiting(Struct):
    """Submissions of one source that wait to be decided; nobody's, with none, for the ledger's clock.

    `move` says how far an inbox is decided by them.
    """

    source: str
    submissions: Sequence[Submission]
    move: Move | None
    answer: Answer

    def cut(self, size: int) -> "tuple[Waiting, Waiting]":
        """Return the first submissions, as many as `size`, and the others."""
        first, others = self.submissions[:size], self.submissions[size:]
        move = rest = self.move
        if self.move is not None:
            between = first[-1].entry or ""  # what comes from an inbox has one
            move, rest = replace(self.move, reached=between), replace(self.move, expected=between)
        return Waiting(self.source, first, move, self.answer), Waiting(self.source, others, rest, self.answer)


class Queue:
    """Submissions in order of arrival within a source; among sources, a share of each in turn."""

    def __init__(self, real_time: Callable[[], float]) -> None:
        self._sources: dict[str, deque[Waiting]] = {}
        self._real_time = real_time
        self._last = ""
        self._came = 0.0
        self._before = 0.0

    def __bool__(self) -> bool:
        return bool(self._sources)

    def put(self, waiting: Waiting) -> None:
        """Have submissions wait behind those of their source."""
        if waiting.source != CLOCK:
            if waiting.source != self._last:
                self._last, self._before = waiting.source, self._came
            self._came = self._real_time()
        self._sources.setdefault(waiting.source, deque()).append(waiting)

    def share(self, source: str) -> int:
        """Return how many submissions of a source are taken together: more where it has been alone for a while."""
        others = self._before if source == self._last else self._came
        return BATCH if self._real_time() - others >= ALONE_SECONDS else PART

    async def pace(self, source: str, last: Awaitable[object]) -> None:
        """Let others come in between before a source hands in more: beside them, once its last part is decided.

        Raises what that one failed with.
        """
        if self.share(source) == BATCH:
            await sleep(0)
        else:
            await last
            await sleep(PACE_SECONDS)

    def take(self) -> list[Waiting]:
        """Return what is decided next: the share of each source that waits, at most a batch.

        What nobody waits for any more, as it failed or took too long, is left out.
        """
        taken: list[Waiting] = []
        left = BATCH
        for source in list(self._sources):
            if not left:
                break
            waiting = self._sources.pop(source)
            share = min(self.share(source), left)
            left -= share
            while waiting and share:
                one = waiting.popleft()
                if one.answer.told.done():
                    continue
                if len(one.submissions) > share:
                    one, rest = one.cut(share)
                    waiting.appendleft(rest)
                share -= len(one.submissions)
                taken.append(one)
            left += share
            if waiting:
                self._sources[source] = waiting  # behind the others
        return taken

    def clear(self) -> list[Waiting]:
        """Return all that waits, and forget it."""
        left = [one for waiting in self._sources.values() for one in waiting]
        self._sources.clear()
        return left
