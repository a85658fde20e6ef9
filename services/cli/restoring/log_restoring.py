"""The log put back: what the server lacks of it is appended, what contradicts it is set aside."""

from collections.abc import Callable
from typing import Any, NamedTuple

from events.entries import Entry, Stored, digest, event_hash
from events.envelope import read, submitted
from events.keys import LogKeys, key
from events.log import Log
from events.trimming import Trimming
from services.cli.restoring.sealed import SealedStream
from services.cli.service_error import ServiceError
from services.common.folded import PROJECTIONS

APART = "apart"
"""The last part of the names of streams that were set aside, before their last number."""


class LogBefore(NamedTuple):
    """A server's log beside the sealed one: its last position, and the last up to which both are the same."""

    tail: int
    same: int
    sealed: int

    @property
    def differs(self) -> bool:
        """Whether a sealed position has another event."""
        return self.same < min(self.tail, self.sealed)

    @property
    def lacking(self) -> int:
        """How many sealed events it lacks."""
        return self.sealed - self.same


async def compared(log: Log, sealed: SealedStream) -> LogBefore:
    """Compare a server's log with the sealed one."""
    tail = await log.tail()
    await log.trimmed.look()
    same = min(log.trimmed.last, tail)  # these are in the archive alone
    for batch in sealed.batches(same):
        found = await log.read(same, len(batch))
        equal = next((at for at, pair in enumerate(zip(found, batch, strict=False)) if pair[0] != pair[1]), len(found))
        same += equal
        if equal < len(batch):
            break
    return LogBefore(tail, same, sealed.size)


class LogRestoring:
    """Puts one ledger's log back from its verified archive."""

    def __init__(self, redis: Any, log: Log, sealed: SealedStream, trimming: Trimming) -> None:
        self._redis = redis
        self._log = log
        self._sealed = sealed
        self._trimming = trimming
        self._keys = LogKeys.of(log.ledger)

    async def set_apart(self, before: LogBefore) -> str:
        """Forget what was derived from a log that contradicts the sealed one, and rename it; return its new name."""
        for projection in PROJECTIONS:
            for part in ("checkpoint", "rows:*", "history:*", "timeline:*", "changes"):
                match = key(self._log.ledger, projection, part)
                async for derived in self._redis.scan_iter(match=match, count=1_000):
                    await self._redis.unlink(derived)
        await self._redis.unlink(self._keys.seen)
        return await rename_apart(self._redis, self._log.key, before.tail)  # last: until then it is found to differ

    async def write(self, keep: int | None, progress: Callable[[int], None]) -> None:
        """Append the sealed events that the log lacks; into an empty one only the newest `keep`, the ids of the rest.

        Whenever it stops, it goes on from there.
        """
        tail = await self._log.tail()
        if not await self._redis.exists(self._log.key):
            await self._redis.unlink(self._keys.seen)  # of a log that is gone: its events would be taken for known
            tail = await self._trimming.adopt(self._sealed.checkpoint, keep)
        await self._log.trimmed.load()
        for batch in self._sealed.batches(tail):
            last = await self._log.read_at([tail]) if tail else []
            hash = event_hash(last[0].raw) if await self._redis.xlen(self._log.key) else ""
            entries = [_entry(one) for one in batch]
            index = self._log.trimmed.index
            await self._log.append(self._log.pack(tail, entries, event_hash=hash, only_new=True, trimmed=index))
            tail = batch[-1].position
            progress(tail)


async def rename_apart(redis: Any, stream: str, tail: int) -> str:
    """Rename a stream that ends at a number, and return its new name; raises ServiceError if that is taken."""
    name = f"{stream}:{APART}:{tail}"
    if not await redis.renamenx(stream, name):
        raise ServiceError(f"{name} exists already: an earlier restore has left it; rename it, and restore again")
    return name


def _entry(one: Stored) -> Entry:
    event = read(one.raw)
    return Entry(event.source, event.id, digest(submitted(one.raw)), one.raw)
