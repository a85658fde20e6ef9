"""The sealed logs below DUBAN_ARCHIVE, from which every process reads what was trimmed from the server."""

from events.seal.eras import LOG, SealedEras, sealed_eras
from events.seal.roots import ArchiveRoot, root_of
from services.common.settings import SettingsError


def archive_root(text: str) -> ArchiveRoot:
    """Read DUBAN_ARCHIVE; raises SettingsError."""
    try:
        return root_of(text)
    except ValueError as error:
        raise SettingsError(f"DUBAN_ARCHIVE: {error}") from error


def sealed_log(archive: str | None, ledger: str, stream: str = LOG) -> SealedEras | None:
    """Return what reads a ledger's sealed log, or another stream, below DUBAN_ARCHIVE; raises SettingsError.

    None if nothing is sealed.
    """
    return sealed_eras(archive_root(archive) / ledger, stream) if archive is not None else None
