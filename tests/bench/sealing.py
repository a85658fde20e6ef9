"""`make seal-bench`: entries hashed, sealed and checked a second, in one process."""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from events.seal.archive import Archive
from events.seal.edge import RightEdge
from events.seal.merkle import leaf_hash
from events.seal.policy import policy_of
from events.seal.signers import KeyFile
from events.seal.signing_state import SigningState
from events.seal.storage import DirectoryStorage
from services.cli.fsck.check import check_archive
from services.cli.fsck.files import DirectoryFiles

COUNT = 200_000

ENTRY_BYTES = 300
"""Bytes of an entry: those of a progress report of the 2017 table."""

NOW = 1_700_000_000

CHECKPOINT_ENTRIES = 500
"""Entries between two checkpoints, where many are published."""

CHECKPOINTS = 50


class SealFigure(msgspec.Struct, frozen=True):
    """A figure: what, entries a second of time, and of processor time of this process."""

    name: str
    per_second: float
    per_cpu_second: float


def measure(name: str, entries: int, work: Callable[[], object]) -> SealFigure:
    """Time some work on some entries."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return SealFigure(name, entries / (time.perf_counter() - wall), entries / (time.process_time() - cpu))


def run(folder: Path, log: list[bytes]) -> list[SealFigure]:
    """Measure everything, in a folder on the disk to be measured."""
    signer = KeyFile.make(folder / "key", "bench.duban.invalid/log")
    files, storage = DirectoryFiles(folder / "a"), DirectoryStorage(folder / "a")
    archive = Archive.open(storage, signer, SigningState(folder / "signed"))

    def hashed() -> None:
        edge = RightEdge()
        for entry in log:
            edge.add(entry)
            edge.forget_full()

    def sealed() -> None:
        archive.append(log)
        archive.publish(archive.sign(NOW))

    def published() -> None:
        for number in range(CHECKPOINTS):
            archive.append(log[number * CHECKPOINT_ENTRIES : (number + 1) * CHECKPOINT_ENTRIES])
            archive.publish(archive.sign(NOW))

    def checked() -> None:
        data = storage.read("checkpoint")
        assert data is not None
        checkpoint = policy_of(signer.keys[0]).check(data).checkpoint
        assert not check_archive(files, checkpoint, lambda _: None).flaws

    return [
        measure("leaves hashed", len(log), lambda: [leaf_hash(entry) for entry in log]),
        measure("entries added to tree, tiles and bundles", len(log), hashed),
        measure("entries sealed: written, synced, signed once", len(log), sealed),
        measure(f"the same with a checkpoint every {CHECKPOINT_ENTRIES}", CHECKPOINTS * CHECKPOINT_ENTRIES, published),
        measure("entries checked by fsck, in one process", archive.size, checked),
    ]


def main(arguments: list[str]) -> None:
    log = [b'{"id":"r-%09d","data":"' % number + b"x" * (ENTRY_BYTES - 27) + b'"}' for number in range(COUNT)]
    with tempfile.TemporaryDirectory(prefix="duban-seal-", dir=Path.cwd()) as folder:
        figures = run(Path(folder), log)
    if "--json" in arguments:
        sys.stdout.write(msgspec.json.encode(figures).decode() + "\n")
        return
    table = Table("figure", "a second", "a second of this process", title=f"{COUNT:,} entries of {ENTRY_BYTES} bytes")
    for figure in figures:
        table.add_row(figure.name, f"{figure.per_second:,.0f}", f"{figure.per_cpu_second:,.0f}")
    Console().print(table)


if __name__ == "__main__":
    main(sys.argv[1:])
