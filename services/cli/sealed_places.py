"""Where a running duban keeps its archives, for commands that run beside it."""

import os
from pathlib import Path

from events.seal.bucket import BucketUrl
from events.seal.roots import ArchiveRoot
from services.cli.options import home
from services.ingest.sealing.places import KEYS, archive_root, keys_of


def sealed_places(data: Path | None) -> tuple[ArchiveRoot, Path]:
    """Return the places of archives and of their keys: as the environment says, or in the data directory."""
    archive = archive_root(os.environ.get("DUBAN_ARCHIVE") or str(home(data) / "archive"))
    given = os.environ.get("DUBAN_KEYS")
    if not given and isinstance(archive, BucketUrl):
        return archive, home(data) / KEYS
    return archive, keys_of(archive, Path(given) if given else None)
