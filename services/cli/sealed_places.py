"""Where a running duban keeps its archives, for commands that run beside it."""

import os
from pathlib import Path

from events.seal.bucket import BucketUrl
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


def place_in(data: Path | None, ledger: str, stream: str) -> SealPlace:
    """Return where a stream of a ledger is sealed."""
    return place_of(*sealed_places(data), ledger, stream)
