"""A ledger's log as commands read it: from the server, and from the archive what was trimmed there."""

import os
from pathlib import Path
from typing import Any

from events.log import Log
from services.cli.options import home
from services.common.sealed_log import sealed_log


def archive_at(data: Path | None) -> Path:
    """Return where archives are: DUBAN_ARCHIVE, or below the data directory; it may not exist."""
    return Path(os.environ.get("DUBAN_ARCHIVE") or home(data) / "archive")


def log_at(data: Path | None, redis: Any, ledger: str) -> Log:
    """Return a ledger's log."""
    archive = archive_at(data)
    return Log(redis, ledger, archive=sealed_log(archive if archive.is_dir() else None, ledger))
