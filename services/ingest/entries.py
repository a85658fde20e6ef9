"""The entries of an inbox: read within a bound of bytes, and what each submits."""

from collections.abc import Sequence
from typing import Any

import msgspec
from faststream.redis.parser import BinaryMessageFormatV1
from msgspec import Struct

from events.envelope import InvalidEvent
from events.scripts import script
from services.ingest.draft import Submission, submission
from services.ingest.queue import BATCH
from services.schedule.limits import MIB

READ_BYTES = 16 * MIB
"""Bytes of an inbox that are read and decided together, as of one HTTP request; larger entries are refused by size."""

EVENT, WRAPPED = b"e", b"__data__"
"""The fields that hold an event: as such, and as FastStream's publishers wrap a message."""


class InboxEntry(Struct, frozen=True, gc=False):
    """An entry as the stream has it: names and values in turn, also where a name is repeated."""

    id: str
    fields: Sequence[bytes]

    @property
    def pairs(self) -> list[tuple[bytes, bytes]]:
        return list(zip(self.fields[::2], self.fields[1::2], strict=True))

    @property
    def size(self) -> int:
        return sum(map(len, self.fields))


class InboxReader:
    """Reads one inbox after any of its entries."""

    def __init__(self, redis: Any, inbox: str) -> None:
        self._inbox = inbox
        self._read = script(redis, __file__, "read_inbox.lua")

    async def after(self, id: str, until: str = "+") -> list[InboxEntry]:
        """Return the entries that follow an id: a batch at most, and not many more bytes than `READ_BYTES`."""
        found = await self._read(keys=[self._inbox], args=[id, until, BATCH, READ_BYTES])
        return [InboxEntry(entry.decode(), fields) for entry, fields in found]


def size_of(entries: Sequence[InboxEntry]) -> int:
    """Return how many bytes entries have."""
    return sum(entry.size for entry in entries)


def submitted(entry: InboxEntry, source: str, inbox: str) -> Submission:
    """Return what an entry submits: the event in its one field, or why there is none."""
    held = [(name, value) for name, value in entry.pairs if name in {EVENT, WRAPPED}]
    if len(held) == 1:
        ((name, raw),) = held
        if name == WRAPPED and entry.size <= READ_BYTES:
            raw, _ = BinaryMessageFormatV1.parse(raw)
        return submission(raw, source, inbox, entry.id)
    names = ", ".join(name.decode(errors="replace") for name, _ in entry.pairs)
    wrong = InvalidEvent("malformed", f"an inbox entry has one field e (or FastStream's __data__), not: {names}")
    raw = msgspec.json.encode(entry.pairs) if entry.size <= READ_BYTES else b"".join(entry.fields)
    return Submission(raw, source, wrong, inbox, entry.id)
