"""Where the archives of ledgers lie, and their keys.

<DUBAN_ARCHIVE>/.duban-archive          marks the directory as ingest's own
<DUBAN_ARCHIVE>/<ledger>/<stream>/      the archive of a stream: `log`, `record` or `rules` (C2SP tlog-tiles)
<DUBAN_ARCHIVE>/<ledger>/rules/<SHA-256>  a text of rules, which an entry of that archive names
<DUBAN_KEYS>/.duban-keys                marks the directory as ingest's own
<DUBAN_KEYS>/<ledger>/<stream>.key      the private keys, named by the origin; mode 0600
<DUBAN_KEYS>/<ledger>/<stream>.signed   the newest checkpoint that may have been signed (events/seal/signing_state.py)
<DUBAN_KEYS>/<ledger>/<stream>.lock     held with flock(2) by the process that seals
"""

from pathlib import Path
from typing import NamedTuple

from services.common.settings import Settings, SettingsError
from services.ingest.owned import own_directory

ARCHIVE_MARK = ".duban-archive"

KEYS_MARK = ".duban-keys"

LOG = "log"

RECORD = "record"

RULES = "rules"

STREAMS = (LOG, RECORD, RULES)

KEYS = "keys"
"""The directory of the keys, next to the archive unless DUBAN_KEYS names another."""


class SealPlace(NamedTuple):
    """The files of one stream: the directory of its archive, its keys, its state of signing, the lock of its owner."""

    archive: Path
    key: Path
    state: Path
    lock: Path


def place_of(archive: Path, keys: Path, ledger: str, stream: str) -> SealPlace:
    """Return where a stream of a ledger is sealed."""
    own = keys / ledger
    return SealPlace(archive / ledger / stream, own / f"{stream}.key", own / f"{stream}.signed", own / f"{stream}.lock")


def keys_of(archive: Path, keys: Path | None) -> Path:
    """Return the directory of the keys of an archive."""
    return keys or archive.absolute().parent / KEYS


def directories(settings: Settings) -> tuple[Path, Path] | None:
    """Mark the directories of archives and keys as ingest's own and return them, None if nothing is sealed.

    Raises SettingsError if one holds other files or cannot be used, or keys would be where archives are published.
    """
    if settings.archive is None:
        return None
    archive, keys = settings.archive, keys_of(settings.archive, settings.keys)
    if keys.resolve().is_relative_to(archive.resolve()) or archive.resolve().is_relative_to(keys.resolve()):
        raise SettingsError(
            f"DUBAN_KEYS: {keys} and the archive {archive} lie in one another; an archive may be published, keys never:"
            " name a directory elsewhere"
        )
    own_directory(archive, ARCHIVE_MARK, "DUBAN_ARCHIVE")
    own_directory(keys, KEYS_MARK, "DUBAN_KEYS")
    return archive, keys
