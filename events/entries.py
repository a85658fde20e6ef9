"""What the log keeps and what goes into it: events as stored and as read, and the parts of a batch. Pure."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from msgspec import Raw, Struct

from events.envelope import Event


class Stored(NamedTuple):
    """An event as the log keeps it."""

    position: int
    raw: bytes


class Recorded(Struct, frozen=True, gc=False):
    """A stored event, read."""

    position: int
    event: Event


class Entry(Struct, frozen=True, gc=False):
    """An event to append: `digest` is that of the submitted bytes, `raw` what will be stored."""

    source: str
    id: str
    digest: str
    raw: bytes


class Known(Struct, frozen=True, gc=False):
    """Where a source and id already is, and the digest of the bytes that brought it."""

    position: int
    digest: str


class Notes(Struct, frozen=True, gc=False):
    """Entries for another stream of the ledger, added in the same step; `cap` bounds that stream, 0 does not.

    An entry is its fields and values in turn; a value that is not UTF-8 for sure goes through `lua_text`.
    """

    key: str
    entries: list[Sequence[str | Raw]]
    cap: int = 0


class Refused(Struct, frozen=True, gc=False):
    """A refused submission: the fields of its entry and their values in turn, who sent it, and the bytes to be kept.

    `raw` is None where they are not.
    """

    fields: Sequence[str]
    source: str
    raw: bytes | None


class Refusals(Struct, frozen=True, gc=False):
    """Refused submissions, added in the same step and numbered; of each source the newest `most` bytes are kept."""

    entries: list[Refused]
    most: int


class Gap(Struct, frozen=True, gc=False):
    """What is noted where entries of an inbox were removed unread; {count}, {after} and {before} are filled in.

    A refusal, and a receipt that goes to the stream `receipts`: fields and values in turn.
    """

    receipts: str
    refusal: Sequence[str]
    receipt: Sequence[str]


class Move(Struct, frozen=True, gc=False):
    """An inbox that was read on: from the entry id `expected` to `reached`, with `count` entries decided.

    Where more are gone from the inbox than that, `gap` is noted.
    """

    inbox: str
    expected: str
    reached: str
    count: int
    gap: Gap | None = None


class Packed(Struct, frozen=True):
    """A batch as the server will get it."""

    tail: int
    count: int
    keys: list[str]
    batch: bytes
    empty: bool


class Added(NamedTuple):
    """What became of a batch: the position of each event, and the replicas that have it on disk, if that was asked."""

    positions: list[int]
    replicas: int | None = None


def digest(submitted: bytes) -> str:
    """Return what tells two submissions of one source and id apart: 64 bits, since a source can only deceive itself."""
    return hashlib.blake2b(submitted, digest_size=8).hexdigest()


def mark(raw: bytes) -> str:
    """Return what tells the event at a position from one that another server has there: SHA-1, as Lua has it."""
    return hashlib.sha1(raw, usedforsecurity=False).hexdigest()


def stored(entries: Sequence[tuple[bytes, dict[bytes, bytes]]]) -> list[Stored]:
    """Return stream entries, as the client gives them, as stored events."""
    return [Stored(_position(id), fields[b"e"]) for id, fields in entries]


def _position(id: bytes) -> int:
    return int(id[:-2])  # <position>-0


def within(entry: Recorded, until: int | datetime | None) -> bool:
    """Tell whether an event lies within a position or recorded instant; everything does if it is None."""
    if until is None:
        return True
    if isinstance(until, int):
        return entry.position <= until
    return (entry.event.recorded or entry.event.time) <= until
