"""The entries of a ledger's record, alerts and what became of them (services/notify/record.py), read in order."""

from collections.abc import AsyncIterator

from events.record import Record


async def recorded_entries(record: Record, until: int | None = None) -> AsyncIterator[tuple[str, bytes]]:
    """Yield the id and the bytes of each entry, up to a number; one without bytes has none. Raises TrimmedError."""
    async for entries in record.scan(until):
        for id, fields in entries:
            yield id.decode(), fields.get(b"e", b"")
