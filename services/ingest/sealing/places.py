"""Where the archives of ledgers lie, and their keys.

<DUBAN_ARCHIVE>/.duban-archive          marks the directory, or the prefix of a bucket, as ingest's own
<DUBAN_ARCHIVE>/<ledger>/<stream>/      the archive of a stream: `log`, `record` or `rules` (C2SP tlog-tiles)
<DUBAN_ARCHIVE>/<ledger>/rules/<SHA-256>  a text of rules, which an entry of that archive names
<DUBAN_ARCHIVE>/<ledger>/2/             the same of the second era (events/seal/eras.py), and so on
<DUBAN_KEYS>/.duban-keys                marks the directory as ingest's own
<DUBAN_KEYS>/<ledger>/<stream>.key      the private keys, named by the origin; mode 0600
<DUBAN_KEYS>/<ledger>/<stream>.signed   the newest checkpoint that may have been signed (events/seal/signing_state.py)
<DUBAN_KEYS>/<ledger>/<stream>.lock     held with flock(2) by the process that seals
<DUBAN_KEYS>/<ledger>/2/<stream>.start   how the second era continues the first; that of the log comes last
<DUBAN_KEYS>/<ledger>/2/                its keys and states
"""

from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from events.seal import eras
from events.seal.bucket import BucketUrl
from events.seal.eras import FIRST, era_root
from events.seal.errors import ArchiveError
from events.seal.roots import ArchiveRoot
from services.common.sealed_log import archive_root
from services.common.settings import Settings, SettingsError
from services.ingest.owned import own_directory
from services.ingest.sealing.own_bucket import own_bucket

ARCHIVE_MARK = ".duban-archive"

KEYS_MARK = ".duban-keys"

LOG = eras.LOG

RECORD = "record"

RULES = "rules"

STREAMS = (LOG, RECORD, RULES)

KEYS = "keys"
"""The directory of the keys, next to the archive unless DUBAN_KEYS names another."""


class SealPlace(NamedTuple):
    """The files of one stream: the root of its archive, its keys, its state of signing, the lock of its owner.

    In a later era, the file `start` says how it continues that of the era `before` (era_start.py).
    """

    archive: ArchiveRoot
    key: Path
    state: Path
    lock: Path
    start: Path
    before: "SealPlace | None"


def place_of(archive: ArchiveRoot, keys: Path, ledger: str, stream: str, era: int = FIRST) -> SealPlace:
    """Return where a stream of a ledger is sealed in an era."""
    first = keys / ledger
    own = first if era == FIRST else first / str(era)
    return SealPlace(
        era_root(archive / ledger, era) / stream,
        own / f"{stream}.key",
        own / f"{stream}.signed",
        first / f"{stream}.lock",
        own / f"{stream}.start",
        place_of(archive, keys, ledger, stream, era - 1) if era > FIRST else None,
    )


def era_of(keys: Path, ledger: str) -> int:
    """Return the era in which a ledger is sealed."""
    era = FIRST
    while (keys / ledger / str(era + 1) / f"{LOG}.start").exists():
        era += 1
    return era


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
