"""The sealed records below DUBAN_ARCHIVE, from which every process reads what was trimmed from the server."""

from typing import Any

from events.keys import key
from events.record import Record, record_eras
from services.common.sealed_log import archive_root


def sealed_record(redis: Any, archive: str | None, ledger: str) -> Record:
    """Return a ledger's record, read on below DUBAN_ARCHIVE, None if nothing is sealed; raises SettingsError."""
    return Record(redis, ledger, record_eras(archive_root(archive) / ledger) if archive is not None else None)


async def record_reached(redis: Any, ledger: str) -> int:
    """Return the number of the last entry of a record that notify's sender has read, 0 before it has any."""
    return int(await redis.get(key(ledger, "notify", "reached")) or 0)
