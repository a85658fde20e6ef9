"""A record of alerts that is sealed and trimmed in a test, and what readers see of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from events import scripts
from events.entries import Stored
from events.keys import key
from events.log import Log
from events.record import Record
from events.record_trimming import RecordTrimming
from events.seal.eras import sealed_eras
from events.seal.storage import ArchiveStorage, DirectoryStorage
from events.trimming import Trimmed
from services.ingest.sealing.record_stream import RecordStream
from tests.ingest.sealed import NAME, sealing

RECORD = key(NAME, "record")

APPEND = (
    scripts.script_text(Path(scripts.__file__).with_name("record.lua")) + "\nreturn append_record(KEYS[1], ARGV[1])"
)


def archive(folder: Path) -> Path:
    """Return the directory of the record's archive."""
    return folder / "archive" / NAME / "record"


def sealed_record(redis: Any, folder: Path) -> Record:
    """Return the record with its archive."""
    return Record(redis, NAME, sealed_eras(archive(folder).parent, archive(folder).name))


def entry(number: int) -> bytes:
    """Return an entry."""
    return b'{"kind":"channel","channel":"%d","at":"2018-04-01T00:00:00Z","state":"failing"}' % number


async def add(redis: Any, *numbers: int) -> list[int]:
    """Append entries as notify's scripts do, and return their numbers."""
    append = redis.register_script(APPEND)
    async with redis.pipeline(transaction=False) as pipe:
        for number in numbers:
            await append(keys=[RECORD], args=[entry(number)], client=pipe)
        return [int(found) for found in await pipe.execute()]


async def seal(redis: Any, folder: Path) -> None:
    """Seal the record as it is."""
    stream = RecordStream(redis, Log(redis, NAME), "record")
    async with sealing(folder, stream, archive=archive(folder)) as sealer:
        await sealer.seal()


async def trim(
    redis: Any, folder: Path, keep: int, reached: int = 1_000_000, storage: ArchiveStorage | None = None
) -> Trimmed:
    """Trim the record to its newest entries, of those that the sender has read."""
    trimming = RecordTrimming(redis, sealed_record(redis, folder), storage or DirectoryStorage(archive(folder)))
    return await trimming.trim(keep, reached)


async def whole(record: Record) -> list[Stored]:
    """Return all entries of a record, read in small parts."""
    found: list[Stored] = []
    while batch := await record.read(len(found), 100):
        found += batch
    return found


async def back(record: Record) -> list[Stored]:
    """Return all entries of a record, the newest first, read in small parts."""
    found: list[Stored] = []
    while batch := await record.read_back(found[-1].position if found else None, 100):
        found += batch
    return found


async def scanned(record: Record) -> list[tuple[bytes, bytes]]:
    """Return the ids and bytes of all entries of a record, as a check reads it."""
    return [(id, fields[b"e"]) async for entries in record.scan() for id, fields in entries]


async def first(redis: Any) -> int:
    """Return the first number of the stream."""
    return int((await redis.xrange(RECORD, count=1))[0][0].partition(b"-")[0])


async def rewritten(redis: Any, position: int, raw: bytes | None) -> None:
    """Give one entry of the stream other bytes, or none: the stream is made again with the same ids."""
    entries: Sequence[tuple[bytes, dict[bytes, bytes]]] = await redis.xrange(RECORD)
    await redis.delete(RECORD)
    for id, fields in entries:
        own = fields[b"e"] if id != b"%d-0" % position else raw
        if own is not None:
            await redis.xadd(RECORD, {"e": own}, id)
