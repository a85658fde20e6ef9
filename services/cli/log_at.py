"""A ledger's log and record as commands read them: from the server, and from the archive what was trimmed there."""

import os
from pathlib import Path
from typing import Any

from events.log import Log
from events.record import Record
from events.saved_rows import RECORD
from events.seal.eras import sealed_eras
from events.seal.roots import ArchiveRoot
from services.cli.options import home
from services.common.sealed_log import archive_root


def archive_at(data: Path | None) -> ArchiveRoot:
    """Return where archives are: DUBAN_ARCHIVE, or below the data directory; it may not exist."""
    return archive_root(os.environ.get("DUBAN_ARCHIVE") or str(home(data) / "archive"))


def log_at(data: Path | None, redis: Any, ledger: str) -> Log:
    """Return a ledger's log."""
    return Log(redis, ledger, archive=sealed_eras(archive_at(data) / ledger))


def record_at(data: Path | None, redis: Any, ledger: str) -> Record:
    """Return a ledger's record of alerts."""
    return Record(redis, ledger, sealed_eras(archive_at(data) / ledger, RECORD))
