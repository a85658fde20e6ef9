"""The sealed log of a ledger, from which every process reads what was trimmed from the server."""

from pathlib import Path

from events.seal.storage import ArchiveStorage, DirectoryStorage
from events.seal.tiles import Read

LOG = "log"
"""The stream of a ledger that is its log, and the folder of its archive."""


def storage_of(archive: Path, ledger: str) -> ArchiveStorage:
    """Return the archive of a ledger's log below DUBAN_ARCHIVE."""
    return DirectoryStorage(archive / ledger / LOG)


def sealed_log(archive: Path | None, ledger: str) -> Read | None:
    """Return what reads the files of a ledger's sealed log; None if nothing is sealed."""
    return storage_of(archive, ledger).read if archive is not None else None
