"""The sealed records below DUBAN_ARCHIVE, from which every process reads what was trimmed from the server."""

from typing import Any

from events.keys import key
from events.record import READ_BATCH, Record
from events.saved_rows import KNOWN, RECORD
from services.common.sealed_log import sealed_log


def sealed_record(redis: Any, archive: str | None, ledger: str) -> Record:
    """Return a ledger's record, read on below DUBAN_ARCHIVE, None if nothing is sealed; raises SettingsError."""
    return Record(redis, ledger, sealed_log(archive, ledger, RECORD))


async def record_settled(redis: Any, ledger: str) -> int:
    """Return the number up to which notify's sender needs no entry: it has read them, and their digests are done.

    The id of a digest is that of its first alert (services/notify/outbox.py has the keys).
    """
    settled = int(await redis.get(key(ledger, "notify", "reached")) or 0)
    pending = list(await redis.smembers(key(ledger, "notify", "pending")))
    for start in range(0, len(pending), READ_BATCH):
        numbers = await redis.hmget(key(ledger, "notify", KNOWN), pending[start : start + READ_BATCH])
        settled = min([settled, *(int(number) - 1 for number in numbers if number is not None)])
    return settled
