"""Requests to the writer, and the chunks of them that are decided together."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from msgspec import Struct

from events.entries import CursorAdvance
from services.common.clock import sleep
from services.common.outcome import Outcome
from services.ingest.draft import Submission

S = TypeVar("S")
R = TypeVar("R")

SLICE = 50
"""Submissions read or decided before other tasks of the event loop run: about 0.3 ms."""


class UnavailableError(Exception):
    """The log cannot be written now; the submissions may or may not be recorded: send them again."""


async def in_slices(work: Callable[[S], R], items: Sequence[S]) -> list[R]:
    """Return the result of `work` for each item; other tasks of the event loop run between slices."""
    results: list[R] = []
    for start in range(0, len(items), SLICE):
        results += map(work, items[start : start + SLICE])
        await sleep(0)
    return results


class WriteRequest(Struct):
    """Submissions that one source has enqueued at once; those of the ledger's clock have no content.

    `sent`, of `size` bytes in all, is read chunk by chunk. `advance` is the advance of an inbox's cursor over the
    chunks that are left. `done` gets all outcomes, or the error.
    """

    source: str
    sent: Sequence[Any]
    size: int
    read: Callable[[Any], Submission]
    advance: CursorAdvance | None
    done: "asyncio.Future[list[Outcome]]"
    taken: int = 0
    outcomes: list[Outcome] = []

    @property
    def mean(self) -> int:
        """The mean size of a submission in bytes."""
        return self.size // max(1, len(self.sent))

    def take(self, count: int) -> "Chunk":
        """Return the next chunk, at most `count` submissions."""
        start, self.taken = self.taken, min(self.taken + count, len(self.sent))
        return Chunk(self, self.sent[start : self.taken], self.taken == len(self.sent))


class Chunk(Struct):
    """Consecutive submissions of a request that are decided together; `last` if none follow."""

    request: WriteRequest
    sent: Sequence[Any]
    last: bool
    submissions: list[Submission] = []
    advance: CursorAdvance | None = None

    async def read(self) -> None:
        """Read the submissions, once. Chunks of a request are read in the order in which they were taken."""
        if self.submissions:
            return
        self.submissions = await in_slices(self.request.read, self.sent)
        whole = self.request.advance
        if whole is None or self.last:
            self.advance = whole
        else:
            between = self.submissions[-1].entry or ""  # a submission from an inbox has one
            count = len(self.submissions)
            self.advance = CursorAdvance(whole.inbox, whole.expected, between, count)
            self.request.advance = CursorAdvance(whole.inbox, between, whole.reached, whole.count - count)

    def answer(self, outcomes: Sequence[Outcome]) -> None:
        """Add the outcomes of this chunk; the last chunk completes the request."""
        request = self.request
        request.outcomes.extend(outcomes)
        if self.last and not request.done.done():
            request.done.set_result(request.outcomes)

    def fail(self, error: Exception) -> None:
        """Fail the request, unless it has completed."""
        if not self.request.done.done():
            self.request.done.set_exception(error)


def fail_all(chunks: Sequence[Chunk], error: Exception) -> None:
    """Fail the requests of all chunks."""
    for chunk in chunks:
        chunk.fail(error)
