"""A sealer on a stream of the test's server or in memory, in directories of its own."""

from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from events.keys import key
from events.seal.policy import LogPolicy
from events.seal.roots import ArchiveRoot
from events.seal.signers import KeyFile
from events.seal.signing_state import SigningState
from events.seal.tiles import ENTRIES, Tile, entries_in
from services.cli.fsck.check import check_archive
from services.cli.fsck.files import DirectoryFiles
from services.ingest.sealing.dense_stream import DenseStream
from services.ingest.sealing.places import SealPlace, place_of
from services.ingest.sealing.publishing import Quorum
from services.ingest.sealing.sealed_files import SealedFiles
from services.ingest.sealing.sealer import Sealer
from services.ingest.sealing.stamping import Authority
from tests.events.seal.logs import ORIGIN

NAME = "zhanjiang"

OFTEN = 0.0
"""Seconds between checkpoints: each turn publishes one."""

RARELY = 3_600.0


class MemoryStream(DenseStream):
    """A log in memory, without a server."""

    def __init__(self, entries: Sequence[bytes]) -> None:
        self.name = f"the log of {NAME}"
        self.tail = 0
        self.entries = list(entries)
        self.run = "1"
        self.signers: dict[str, str] = {}

    async def look(self, known: int) -> int:
        """Return how many entries there are."""
        del known
        self.tail = len(self.entries)
        return self.tail

    async def read(self, after: int, count: int) -> list[bytes]:
        """Return entries."""
        return self.entries[after : after + count]

    async def signer(self, origin: str, key_id: str) -> str:
        """Return the id that was named first."""
        return self.signers.setdefault(origin, key_id)

    async def replace_signer(self, origin: str, key_id: str, before: str) -> None:
        """Take another id."""
        assert self.signers[origin] == before
        self.signers[origin] = key_id

    async def server(self) -> str:
        """Return the id of the run."""
        return self.run


def place(folder: Path) -> SealPlace:
    """Return where the log is sealed."""
    return place_of(folder / "archive", folder / "keys", NAME, "log")


def archive_in(folder: Path) -> Path:
    """Return the directory of the log's archive."""
    return folder / "archive" / NAME / "log"


@asynccontextmanager
async def sealing(
    folder: Path,
    stream: DenseStream,
    seconds: float = OFTEN,
    quorum: Quorum | None = None,
    authority: Authority | None = None,
    archive: ArchiveRoot | None = None,
) -> AsyncIterator[Sealer]:
    """Return a sealer; at the end of the block it stops as abruptly as its process would."""
    where = place(folder)._replace(archive=archive or archive_in(folder))
    with ThreadPoolExecutor(1) as pool:
        sealer = Sealer(stream, SealedFiles(where, ORIGIN), pool, seconds, quorum, authority)
        try:
            yield sealer
        finally:
            sealer.files.close()


async def extend(redis: Any, entries: Sequence[bytes], after: int = 0, stream: str = key(NAME, "log")) -> None:
    """Add entries to the log, or to another stream."""
    async with redis.pipeline(transaction=False) as pipe:
        for number, entry in enumerate(entries, after + 1):
            pipe.xadd(stream, {"e": entry}, id=f"{number}-0")
        await pipe.execute()


def sealed(folder: Path, wanted: Sequence[bytes]) -> int:
    """Check that the archive is whole and holds the beginning of what is wanted; return its size."""
    archive = archive_in(folder)
    if not (archive / "checkpoint").exists():
        return 0
    policy = LogPolicy(KeyFile.load(place(folder).key).keys, {}, {}, "none")
    checkpoint = policy.check((archive / "checkpoint").read_bytes()).checkpoint
    checked = check_archive(DirectoryFiles(archive), checkpoint, lambda _: None)
    assert (checked.flaws, checked.entries) == ([], checkpoint.size)
    for number in range(-(-checkpoint.size // 256)):
        bundle = Tile(ENTRIES, number, min(256, checkpoint.size - number * 256))
        data = DirectoryFiles(archive).read(bundle.name) or DirectoryFiles(archive).read(bundle.full_name)
        assert data is not None
        assert entries_in(data)[: bundle.width] == list(wanted[bundle.start : bundle.start + bundle.width])
    return checkpoint.size


def signed(folder: Path) -> int:
    """Return the size of the newest checkpoint that may have been signed."""
    last = SigningState(place(folder).state).last()
    return last.size if last is not None else 0
