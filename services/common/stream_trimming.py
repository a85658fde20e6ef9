"""What of a ledger is trimmed: its log and its record, each as far as its readers are, and on record in `ops`."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, Protocol

from events.log import Log
from events.record import Record
from events.record_trimming import RecordTrimming
from events.saved_rows import RECORD
from events.schema import LogTrimmed, RecordTrimmed
from events.seal.eras import LOG, era_root
from events.seal.roots import ArchiveRoot, storage_of
from events.trimming import Trimmed, Trimming
from services.common.folded import folded
from services.common.operations import record
from services.common.sealed_record import record_settled

Progress = Callable[[int], None]
"""Gets the position that is reached."""


class Trims(Protocol):
    """Trims one stream: all but the newest `keep`, of those that are published and not after a position."""

    async def plan(self, keep: int, until: int, /) -> Trimmed:
        """Return what `trim` would take from the stream."""

    async def trim(self, keep: int, until: int, progress: Progress, /) -> Trimmed:
        """Trim; raises NotTrimmedError where archive and stream differ, OSError, and StorageConflictError."""


class StreamTrimming(NamedTuple):
    """The trimming of one stream; `read` returns how far its slowest reader is, `operation` is what is recorded."""

    redis: Any
    ledger: str
    stream: str
    trims: Trims
    read: Callable[[], Awaitable[int]]
    operation: type[LogTrimmed | RecordTrimmed]

    async def plan(self, keep: int) -> Trimmed:
        """Return what `trim` would take from the stream."""
        return await self.trims.plan(keep, await self.read())

    async def trim(self, keep: int, writer: str, by: str, progress: Progress = lambda _: None) -> Trimmed:
        """Trim all but the newest `keep`, and put it on record; raises as Trims.trim."""
        done = await self.trims.trim(keep, await self.read(), progress)
        if done.size:
            await record(self.redis, writer, self.ledger, self.operation(by, done.first, done.last, done.size))
        return done


def trimmings(redis: Any, log: Log, of_alerts: Record, archives: ArchiveRoot, era: int) -> list[StreamTrimming]:
    """Return the trimmings of a ledger's log and of its record, by an era of its archives."""
    name, own = log.ledger, era_root(archives, era)

    async def read_log() -> int:
        return min((await folded(redis, name)).values(), default=0)

    async def read_record() -> int:
        return await record_settled(redis, name)

    own_log = Trimming(redis, log, storage_of(own / LOG), era)
    own_record = RecordTrimming(redis, of_alerts, storage_of(own / RECORD), era)
    return [
        StreamTrimming(redis, name, LOG, own_log, read_log, LogTrimmed),
        StreamTrimming(redis, name, RECORD, own_record, read_record, RecordTrimmed),
    ]
