"""The entries of an inbox: read within a bound of bytes, and the submission in each."""

from collections.abc import Sequence
from typing import Any

import msgspec
from faststream.redis.parser import BinaryMessageFormatV1
from msgspec import Struct

from events.envelope import InvalidEvent
from events.scripts import script
from services.common.sizes import MIB
from services.ingest.draft import Submission, submission
from services.ingest.queue import BATCH

READ_BYTES = 16 * MIB
"""Bytes of an inbox that are read at once, as of one HTTP request; larger entries are refused by size."""

EVENT, WRAPPED = b"e", b"__data__"
"""The fields that hold an event: as it is, or wrapped by a FastStream publisher."""


class InboxEntry(Struct, frozen=True, gc=False):
    """An entry of the stream: names and values in turn, repeated names included."""

    id: str
    fields: Sequence[bytes]

    @property
    def pairs(self) -> list[tuple[bytes, bytes]]:
        return list(zip(self.fields[::2], self.fields[1::2], strict=True))

    @property
    def size(self) -> int:
        return sum(map(len, self.fields))


class InboxReader:
    """Reads one inbox."""

    def __init__(self, redis: Any, inbox: str) -> None:
        self._inbox = inbox
        self._read = script(redis, __file__, "read_inbox.lua")

    async def after(self, id: str, until: str = "+") -> list[InboxEntry]:
        """Return the entries that follow an id: at most a batch, and `READ_BYTES` bytes or one larger entry."""
        found = await self._read(keys=[self._inbox], args=[id, until, BATCH, READ_BYTES])
        return [InboxEntry(entry.decode(), fields) for entry, fields in found]


def size_of(entries: Sequence[InboxEntry]) -> int:
    """Return the size of entries in bytes."""
    return sum(entry.size for entry in entries)


def submitted(entry: InboxEntry, source: str, inbox: str) -> Submission:
    """Return the submission of an entry: the event in its one field, or why there is none."""
    found = [(name, value) for name, value in entry.pairs if name in {EVENT, WRAPPED}]
    if len(found) == 1:
        ((name, raw),) = found
        if name == WRAPPED and entry.size <= READ_BYTES:
            raw, _ = BinaryMessageFormatV1.parse(raw)
        return submission(raw, source, inbox, entry.id)
    names = ", ".join(name.decode(errors="replace") for name, _ in entry.pairs)
    wrong = InvalidEvent("malformed", f"an inbox entry has one field e (or FastStream's __data__), not: {names}")
    raw = msgspec.json.encode(entry.pairs) if entry.size <= READ_BYTES else b"".join(entry.fields)
    return Submission(raw, source, wrong, inbox, entry.id)
