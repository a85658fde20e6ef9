"""Where the archives of ledgers lie, and their keys.

<DUBAN_ARCHIVE>/.duban-archive          marks the directory, or the prefix of a bucket, as ingest's own
<DUBAN_ARCHIVE>/<ledger>/<stream>/      the archive of a stream: `log`, `record` or `rules` (C2SP tlog-tiles)
<DUBAN_ARCHIVE>/<ledger>/rules/<SHA-256>  a text of rules, which an entry of that archive names
<DUBAN_KEYS>/.duban-keys                marks the directory as ingest's own
<DUBAN_KEYS>/<ledger>/<stream>.key      the private keys, named by the origin; mode 0600
<DUBAN_KEYS>/<ledger>/<stream>.signed   the newest checkpoint that may have been signed (events/seal/signing_state.py)
<DUBAN_KEYS>/<ledger>/<stream>.lock     held with flock(2) by the process that seals
"""

from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from events.seal.bucket import BucketUrl
from events.seal.errors import ArchiveError
from events.seal.roots import ArchiveRoot
from services.common import sealed_log
from services.common.sealed_log import archive_root
from services.common.settings import Settings, SettingsError
from services.ingest.owned import own_directory
from services.ingest.sealing.own_bucket import own_bucket

ARCHIVE_MARK = ".duban-archive"

KEYS_MARK = ".duban-keys"

LOG = sealed_log.LOG

RECORD = "record"

RULES = "rules"

STREAMS = (LOG, RECORD, RULES)

KEYS = "keys"
"""The directory of the keys, next to the archive unless DUBAN_KEYS names another."""


class SealPlace(NamedTuple):
    """The files of one stream: the root of its archive, its keys, its state of signing, the lock of its owner."""

    archive: ArchiveRoot
    key: Path
    state: Path
    lock: Path


def place_of(archive: ArchiveRoot, keys: Path, ledger: str, stream: str) -> SealPlace:
    """Return where a stream of a ledger is sealed."""
    own = keys / ledger
    return SealPlace(archive / ledger / stream, own / f"{stream}.key", own / f"{stream}.signed", own / f"{stream}.lock")


def keys_of(archive: ArchiveRoot, keys: Path | None) -> Path:
    """Return the directory of the keys of an archive; raises SettingsError where a bucket leaves it open."""
    if keys is None and isinstance(archive, BucketUrl):
        raise SettingsError(f"DUBAN_KEYS is not set: with the archive in {archive}, name the directory of its keys")
    return keys or Path(str(archive)).absolute().parent / KEYS


def directories(settings: Settings) -> tuple[ArchiveRoot, Path] | None:
    """Mark the places of archives and keys as ingest's own and return them, None if nothing is sealed.

    A store that does not answer is left to the sealer. Raises SettingsError if a place holds other files or cannot be
    used, or keys would be where archives are published.
    """
    if settings.archive is None:
        return None
    archive = archive_root(settings.archive)
    keys = keys_of(archive, settings.keys)
    if isinstance(archive, BucketUrl):
        own_directory(keys, KEYS_MARK, "DUBAN_KEYS")
        with suppress(OSError):
            own_bucket(archive, keys, ARCHIVE_MARK)
        return archive, keys
    if keys.resolve().is_relative_to(archive.resolve()) or archive.resolve().is_relative_to(keys.resolve()):
        raise SettingsError(
            f"DUBAN_KEYS: {keys} and the archive {archive} lie in one another; an archive may be published, keys never:"
            " name a directory elsewhere"
        )
    own_directory(archive, ARCHIVE_MARK, "DUBAN_ARCHIVE")
    own_directory(keys, KEYS_MARK, "DUBAN_KEYS")
    return archive, keys


def still_own(archive: ArchiveRoot, keys: Path) -> None:
    """Check that a bucket is ingest's own, if that was not done at the start; raises ArchiveError and OSError."""
    if isinstance(archive, BucketUrl):
        try:
            own_bucket(archive, keys, ARCHIVE_MARK)
        except SettingsError as error:
            raise ArchiveError(str(error)) from error
