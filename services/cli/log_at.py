"""A ledger's log as commands read it: from the server, and from the archive what was trimmed there."""

from pathlib import Path
from typing import Any

from events.log import Log
from services.cli.sealed_places import sealed_places
from services.common.sealed_log import sealed_storage


def log_at(data: Path | None, redis: Any, ledger: str) -> Log:
    """Return a ledger's log."""
    archive, _ = sealed_places(data)
    return Log(redis, ledger, archive=sealed_storage(archive, ledger).read)
