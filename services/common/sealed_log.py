"""The sealed log of a ledger, from which every process reads what was trimmed from the server."""

from events.seal.roots import ArchiveRoot, root_of, storage_of
from events.seal.storage import ArchiveStorage
from events.seal.tiles import Read
from services.common.settings import SettingsError

LOG = "log"
"""The stream of a ledger that is its log, and the folder of its archive."""


def sealed_storage(archive: ArchiveRoot, ledger: str) -> ArchiveStorage:
    """Return the archive of a ledger's log below the place of all archives."""
    return storage_of(archive / ledger / LOG)


def sealed_log(archive: str | None, ledger: str) -> Read | None:
    """Return what reads a ledger's sealed log below DUBAN_ARCHIVE, None if nothing is sealed; raises SettingsError."""
    if archive is None:
        return None
    try:
        return sealed_storage(root_of(archive), ledger).read
    except ValueError as error:
        raise SettingsError(f"DUBAN_ARCHIVE: {error}") from error
