"""What an export has of the archives of a ledger: checkpoints, time stamps, and proofs of chosen events.

archive/<stream>/checkpoint    the signed checkpoint of the log, of the record and of the rules
archive/<stream>/….tsr         its time stamps (RFC 3161), if there are any
proofs/<position>.tlog-proof   the proofs that were asked for
"""

import re
from collections.abc import Iterator
from pathlib import Path

from events.seal.roots import ArchiveRoot
from events.seal.storage import CHECKPOINT
from services.cli.exporting.bag import Bag
from services.cli.fsck.files import files_at
from services.cli.prover import Prover
from services.common.settings import SettingsError
from services.ingest.sealing.places import LOG, STREAMS

STAMP = f"{CHECKPOINT}.tsr"


def write_sealed(bag: Bag, place: ArchiveRoot, positions: list[range]) -> None:
    """Write what is sealed of a ledger whose archives lie below a place; raises ServiceError and FormatError."""
    for stream in STREAMS:
        for name, data in _told(place / stream):
            bag.add(f"archive/{stream}/{name}", [data])
    if positions:
        prover = Prover(files_at(place / LOG))
        for position in sorted({one for some in positions for one in some}):
            bag.add(f"proofs/{position}.tlog-proof", [prover.prove(position).encode()])


def _told(archive: ArchiveRoot) -> Iterator[tuple[str, bytes]]:
    """Yield the checkpoint and its time stamps."""
    stamps = sorted(path.name for path in archive.glob("*.tsr")) if isinstance(archive, Path) else [STAMP]
    files = files_at(archive)
    for name in (CHECKPOINT, *stamps):
        if (data := files.read(name)) is not None:
            yield name, data


def positions_of(text: str) -> list[range]:
    """Read positions such as `12,30-40`; raises SettingsError."""
    found: list[range] = []
    for part in text.split(","):
        match = re.fullmatch(r"([1-9][0-9]{0,17})(?:-([1-9][0-9]{0,17}))?", part.strip())
        if match is None or int(match[1]) > int(match[2] or match[1]):
            raise SettingsError(f"--proofs {text!r}: give positions, such as 12 or 12,30-40")
        found.append(range(int(match[1]), int(match[2] or match[1]) + 1))
    return found
