"""The entries of a ledger's record, alerts and what became of them (services/notify/record.py), read in order."""

from collections.abc import AsyncIterator
from typing import Any

from events.keys import key
from events.saved_rows import RECORD

READ_BATCH = 1_000


async def recorded_entries(redis: Any, ledger: str, until: str = "+") -> AsyncIterator[tuple[str, bytes]]:
    """Yield the stream's id and the bytes of each entry, up to an id; an entry without bytes has none."""
    after = "-"
    while entries := await redis.xrange(key(ledger, RECORD), min=after, max=until, count=READ_BATCH):
        for id, fields in entries:
            yield id.decode(), fields.get(b"e", b"")
        after = f"({entries[-1][0].decode()}"
