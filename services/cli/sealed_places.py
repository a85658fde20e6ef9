"""Where a running duban keeps its archives, for commands that run beside it."""

import os
from pathlib import Path

from events.seal.bucket import BucketUrl
from events.seal.eras import era_root, last_era, sealed_eras
from events.seal.roots import ArchiveRoot
from services.cli.log_at import archive_at
from services.cli.options import home
from services.ingest.sealing.places import KEYS, SealPlace, keys_of, place_of


def sealed_places(data: Path | None) -> tuple[ArchiveRoot, Path]:
    """Return the places of archives and of their keys: as the environment says, or in the data directory."""
    archive = archive_at(data)
    given = os.environ.get("DUBAN_KEYS")
    if not given and isinstance(archive, BucketUrl):
        return archive, home(data) / KEYS
    return archive, keys_of(archive, Path(given) if given else None)


def era_in(data: Path | None, ledger: str) -> int:
    """Return the last era that has begun in a ledger's archives."""
    return last_era(sealed_eras(sealed_places(data)[0] / ledger))


def archives_in(data: Path | None, ledger: str) -> ArchiveRoot:
    """Return where the archives of a ledger's present era are."""
    return era_root(sealed_places(data)[0] / ledger, era_in(data, ledger))


def place_in(data: Path | None, ledger: str, stream: str, era: int | None = None) -> SealPlace:
    """Return where a stream of a ledger is sealed, in the present era if none is given."""
    return place_of(*sealed_places(data), ledger, stream, era or era_in(data, ledger))
