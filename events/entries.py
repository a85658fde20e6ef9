"""Entries of the log, stored and read, and the parts of a batch to append. Pure."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from msgspec import Raw, Struct

from events.envelope import Event


class Stored(NamedTuple):
    """A position of the log and the bytes stored there."""

    position: int
    raw: bytes


class Recorded(Struct, frozen=True, gc=False):
    """A decoded event and its position."""

    position: int
    event: Event


class Entry(Struct, frozen=True, gc=False):
    """An event to append: `digest` is that of the submitted bytes, `raw` the bytes to store."""

    source: str
    id: str
    digest: str
    raw: bytes


class Seen(Struct, frozen=True, gc=False):
    """The position of an event that is in the log, and the digest of the bytes that were submitted."""

    position: int
    digest: str


class SideEntries(Struct, frozen=True, gc=False):
    """Entries for another stream of the ledger, added atomically with the batch; `cap` bounds the stream, 0 does not.

    An entry is its fields and values in turn. A value that may not be UTF-8 is wrapped by `lua_text`.
    """

    key: str
    entries: list[Sequence[str | Raw]]
    cap: int = 0


class Refused(Struct, frozen=True, gc=False):
    """A refused submission: fields and values of its entry in turn, its source, and the bytes to keep (None: none)."""

    fields: Sequence[str]
    source: str
    raw: bytes | None


class Refusals(Struct, frozen=True, gc=False):
    """Numbered refusals, added atomically with the batch; the newest `most` bytes of each source are kept."""

    entries: list[Refused]
    most: int


class Gap(Struct, frozen=True, gc=False):
    """The refusal and the receipt that report inbox entries removed before they were read.

    Both are fields and values in turn; the script fills in {count}, {after} and {before}. `receipts` is a stream.
    """

    receipts: str
    refusal: Sequence[str]
    receipt: Sequence[str]


class CursorAdvance(Struct, frozen=True, gc=False):
    """The advance of an inbox's cursor from the entry id `expected` to `reached`, with `count` entries decided.

    `gap` is written where more entries than that are gone from the inbox.
    """

    inbox: str
    expected: str
    reached: str
    count: int
    gap: Gap | None = None


class PackedBatch(Struct, frozen=True):
    """A batch, encoded for append.lua; `empty` if it would write nothing."""

    tail: int
    count: int
    keys: list[str]
    batch: bytes
    empty: bool


class Appended(NamedTuple):
    """The position of each event of a batch, and how many replicas have it on disk (None: not asked)."""

    positions: list[int]
    replicas: int | None = None


def digest(submitted: bytes) -> str:
    """Return the digest that compares submissions of one source and id: 64 bits, as a source deceives only itself."""
    return hashlib.blake2b(submitted, digest_size=8).hexdigest()


def seen_field(source: str, id: str) -> str:
    """Return the name by which the index of submissions has a source and id."""
    return f"{len(source)}:{source}{id}"  # the length keeps ("ab", "c") and ("a", "bc") apart


def event_hash(raw: bytes) -> str:
    """Return the hash that identifies the event at a position across servers: SHA-1, which Redis offers to Lua."""
    return hashlib.sha1(raw, usedforsecurity=False).hexdigest()


def stored(entries: Sequence[tuple[bytes, dict[bytes, bytes]]]) -> list[Stored]:
    """Return stream entries of the client as stored events."""
    return [Stored(position_of(id), fields[b"e"]) for id, fields in entries]


def position_of(id: bytes) -> int:
    """Return the position of a stream id, `<position>-0`."""
    return int(id[:-2])


def within(entry: Recorded, until: int | datetime | None) -> bool:
    """Return whether an event lies within a position or recorded instant; None includes every event."""
    if until is None:
        return True
    if isinstance(until, int):
        return entry.position <= until
    return entry.event.at <= until
