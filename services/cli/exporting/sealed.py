"""What an export has of the archives of a ledger: checkpoints, time stamps, and proofs of chosen events.

archive/<stream>/checkpoint    the signed checkpoint of the log, of the record and of the rules
archive/<stream>/stamped/      the newest stamped checkpoint and its time stamp (RFC 3161), if there is one
proofs/<position>.tlog-proof   the proofs that were asked for
"""

import re
from collections.abc import Iterator

from events.seal.roots import ArchiveRoot
from events.seal.storage import CHECKPOINT
from events.seal.timestamps import STAMPED, stamp_files
from services.cli.exporting.bag import Bag
from services.cli.fsck.files import ArchiveFiles, files_at
from services.cli.prover import Prover
from services.common.settings import SettingsError
from services.ingest.sealing.places import LOG, STREAMS


def write_sealed(bag: Bag, place: ArchiveRoot, positions: list[range]) -> None:
    """Write what is sealed of a ledger whose archives lie below a place; raises ServiceError and FormatError."""
    for stream in STREAMS:
        for name, data in _told(files_at(place / stream)):
            bag.add(f"archive/{stream}/{name}", [data])
    if positions:
        prover = Prover(files_at(place / LOG))
        for position in sorted({one for some in positions for one in some}):
            bag.add(f"proofs/{position}.tlog-proof", [prover.prove(position).encode()])


def _told(files: ArchiveFiles) -> Iterator[tuple[str, bytes]]:
    """Yield the checkpoint, and the stamped one with its stamp."""
    stamped = files.read(STAMPED)
    for name in (CHECKPOINT, *((STAMPED, stamp_files(stamped).stamp) if stamped is not None else ())):
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
