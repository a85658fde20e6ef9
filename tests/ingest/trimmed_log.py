"""A log that is sealed and trimmed in a test, and what readers see of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from events.entries import Stored
from events.keys import key
from events.log import Log
from events.seal.eras import SealedEras, sealed_eras
from events.seal.storage import ArchiveStorage, DirectoryStorage
from events.trimming import Trimmed, Trimming
from services.ingest.sealing.dense_stream import LogStream
from tests.examples import assigned, reported
from tests.ingest.running_writer import NAME, working
from tests.ingest.sealed import archive_in, sealing


def storage(folder: Path) -> DirectoryStorage:
    """Return the archive of the log."""
    return DirectoryStorage(archive_in(folder))


def eras(folder: Path) -> SealedEras:
    """Return the sealed log of all eras."""
    return sealed_eras(archive_in(folder).parent)


def sealed_log(redis: Any, folder: Path) -> Log:
    """Return the log with its archive."""
    return Log(redis, NAME, archive=eras(folder))


async def record(redis: Any, folder: Path, numbers: Sequence[int]) -> None:
    """Record reports by a writer of their own, after the assignment of their task, and save its rows."""
    async with working(redis, archive=eras(folder)) as running:
        outcomes = await running.submit(assigned(), *(reported(number=number) for number in numbers))
        assert {one.outcome for one in outcomes[1:]} <= {"accepted"}
        await running.writer.save()


async def seal(redis: Any, folder: Path) -> None:
    """Seal the log as it is."""
    async with sealing(folder, LogStream(redis, Log(redis, NAME), "log")) as sealer:
        await sealer.seal()


async def trim(redis: Any, folder: Path, keep: int, archive: ArchiveStorage | None = None) -> Trimmed:
    """Trim the log to its newest events."""
    log = sealed_log(redis, folder)
    return await Trimming(redis, log, archive or storage(folder)).trim(keep, await log.tail())


async def whole(log: Log) -> list[Stored]:
    """Return all entries of a log, read in small parts."""
    found: list[Stored] = []
    while batch := await log.read(len(found), 100):
        found += batch
    return found


async def first(redis: Any) -> int:
    """Return the first position of the stream."""
    return int((await redis.xrange(key(NAME, "log"), count=1))[0][0].partition(b"-")[0])
