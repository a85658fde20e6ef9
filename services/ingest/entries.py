"""The entries of an inbox: read within a bound of bytes, and what each submits."""

import hashlib
import itertools
from collections.abc import Sequence
from typing import Any

import msgspec
from faststream.redis.parser import BinaryMessageFormatV1
from msgspec import Struct

from events.envelope import InvalidEvent
from events.log import script
from services.ingest.draft import Submission, submission
from services.ingest.queue import BATCH
from services.ingest.schedule.limits import MIB

READ_BYTES = 16 * MIB
"""Bytes of an inbox that are read and decided together, as of one HTTP request; a larger entry is not kept whole."""

HEAD_BYTES = 1_024
"""Bytes that are kept of an entry beyond all measure: enough to recognise it."""

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
    if entry.size > READ_BYTES:
        return _oversized(entry, source, inbox)
    held = [(name, value) for name, value in entry.pairs if name in {EVENT, WRAPPED}]
    if len(held) == 1:
        ((name, raw),) = held
        if name == WRAPPED:
            raw, _ = BinaryMessageFormatV1.parse(raw)
        return submission(raw, source, inbox, entry.id)
    names = ", ".join(name.decode(errors="replace") for name, _ in entry.pairs)
    wrong = InvalidEvent("malformed", f"an inbox entry has one field e (or FastStream's __data__), not: {names}")
    return Submission(msgspec.json.encode(entry.pairs), source, wrong, inbox, entry.id)


def _oversized(entry: InboxEntry, source: str, inbox: str) -> Submission:
    digest = hashlib.sha256()
    for part in entry.fields:
        digest.update(part)
    detail = f"an inbox entry of {entry.size:,} bytes, SHA-256 {digest.hexdigest()}; {READ_BYTES:,} are read at most"
    head = b" ".join(part[:HEAD_BYTES] for part in itertools.islice(entry.fields, 2))[:HEAD_BYTES]
    return Submission(head, source, InvalidEvent("too-large", detail), inbox, entry.id)
