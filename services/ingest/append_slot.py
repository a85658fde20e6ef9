"""The slot by which the decider gives a draft to the appender, and the epoch in which a draft is valid."""

import asyncio
from collections.abc import Sequence

import structlog
from msgspec import Struct
from redis.exceptions import RedisError

from events.entries import PackedBatch
from services.common.outcome import Outcome
from services.ingest.draft import Draft
from services.ingest.lookup import Lookup
from services.ingest.request import Chunk, UnavailableError, fail_all

log = structlog.get_logger()


class Decided(Struct, frozen=True):
    """A batch that is ready to be appended, with the outcomes to answer after that."""

    batch: list[Chunk]
    found: Lookup
    draft: Draft
    outcomes: list[Outcome]
    packed: PackedBatch


class AppendSlot:
    """One slot: the decider puts a draft, the appender takes it and releases the slot once it has answered.

    A draft is valid for its epoch only: it rests on the write model and on the draft that was being appended. An epoch
    ends when either turns out to be wrong: an append fails, another instance appends, the server loses events.
    """

    def __init__(self, ledger: str) -> None:
        self.epoch = 0
        self._ledger = ledger
        self._decided: Decided | None = None
        self._full = asyncio.Event()
        self._free = asyncio.Event()
        self._free.set()

    @property
    def appending(self) -> Draft | None:
        """The draft that is being appended."""
        return self._decided.draft if self._decided is not None else None

    async def free(self) -> None:
        """Wait until the last draft has been answered or has failed."""
        await self._free.wait()

    def put(self, decided: Decided) -> bool:
        """Give a draft to the appender, whose slot is free; return False if its epoch has ended."""
        if decided.found.epoch != self.epoch:
            return False
        self._decided = decided
        self._free.clear()
        self._full.set()
        return True

    async def take(self) -> Decided:
        """Wait for a draft; the slot stays occupied until `release`."""
        await self._full.wait()
        assert self._decided is not None
        return self._decided

    def release(self) -> None:
        """Free the slot."""
        self._decided = None
        self._full.clear()
        self._free.set()

    def invalidate(self) -> None:
        """End the epoch: the write model is loaded again, and drafts that rest on it are decided again."""
        self.epoch += 1

    def abandon(self, chunks: Sequence[Chunk], error: Exception) -> None:
        """End the epoch, log the error, and fail the requests with UnavailableError."""
        self.invalidate()
        expected = isinstance(error, RedisError | OSError)
        log.warning(
            "log not writable", ledger=self._ledger, error=f"{type(error).__name__}: {error}", exc_info=not expected
        )
        fail_all(chunks, UnavailableError(str(error)))
