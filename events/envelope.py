"""CloudEvents 1.0 in structured mode: bytes to event and back.

The bytes a source sent are kept as they came: `seal` only appends what the ledger adds, so a stored event still holds
the source's own bytes, and `submitted` gives them back.
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Generic, Literal, NoReturn, TypeAlias, TypeVar

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType, ValidationError

from events.deadline import EARLIEST, LATEST, check_year
from events.schema import CONVERTERS, DECODERS, NAMES, TYPES, EventData
from events.upcast import Reader

MAX_BYTES = 60_000
"""The largest event a source may submit; tiles frame an entry with 16 bits, which leaves 5 kB for what is added."""

CODES: TypeAlias = Literal[
    "malformed",
    "too-large",
    "unknown-type",
    "invalid-data",
    "unknown-task",
    "task-exists",
    "task-closed",
    "not-responsible",
    "not-permitted",
    "unknown-unit",
    "id-reused",
    "from-the-future",
]

_ADDED = re.compile(rb',"recordedtime":"[^"]*","authid":"[^"]*"\}$')
_SURELY_AFTER, _SURELY_BEFORE = EARLIEST.year, LATEST.year - 1
_EXTENSION_NAME = re.compile(r"[a-z0-9]{1,64}")
_ATTRIBUTES = frozenset({"specversion", "id", "source", "type", "subject", "time", "datacontenttype", "data"})
_RESERVED = ("recordedtime", "authid", "position", "data_base64")

D = TypeVar("D")

Attribute: TypeAlias = Annotated[str, Meta(min_length=1, max_length=200)]
TaskId: TypeAlias = Annotated[str, Meta(min_length=1, max_length=150)]  # the ids of the clock's events hold it


class InvalidEvent(Exception):
    """Bytes that are no event; `source` and `id` are there as far as they could be read."""

    def __init__(self, code: CODES, detail: str, source: str | None = None, id: str | None = None) -> None:
        super().__init__(detail)
        self.code: CODES = code
        self.detail = detail
        self.source = source
        self.id = id


class Envelope(Struct, Generic[D], frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """The CloudEvents attributes that a source sets and duban reads, in the order of the specification's examples."""

    specversion: Literal["1.0"]
    id: Attribute
    source: Attribute
    type: Attribute
    subject: TaskId
    time: Annotated[datetime, Meta(tz=True)]
    datacontenttype: Literal["application/json"] | UnsetType = UNSET
    data: D

    def __post_init__(self) -> None:
        if not _SURELY_AFTER < self.time.year < _SURELY_BEFORE:  # near the bounds the offset matters
            check_year(self.time)


class Submitted(Envelope[Any], frozen=True, gc=False):
    """As a source sends it; `data` as the builtin objects it decodes to."""


class Sealed(Envelope[Raw], frozen=True, gc=False, kw_only=True):
    """As the log has it; `data` as JSON still."""

    recordedtime: Annotated[datetime, Meta(tz=True)] | None = None
    authid: str | None = None


class Event(Struct, frozen=True, gc=False):
    """One event: `time` is the source's word, `recorded` and `authid` the ledger's (None before it is accepted).

    `data` are the newest version's, whichever one the bytes have, and `type` is its name.
    """

    id: str
    source: str
    subject: str
    time: datetime
    data: EventData
    recorded: datetime | None = None
    authid: str | None = None

    @property
    def type(self) -> str:
        return NAMES[type(self.data)]


_submitted = msgspec.json.Decoder(Submitted)
_sealed = msgspec.json.Decoder(Sealed)
_objects = msgspec.json.Decoder(dict[str, Raw])
_anything = msgspec.json.Decoder()


def parse(raw: bytes) -> Event:
    """Read bytes from a source; raise InvalidEvent with the code and what would be right."""
    if len(raw) > MAX_BYTES:
        raise InvalidEvent("too-large", f"the event has {len(raw):,} bytes; at most {MAX_BYTES:,} are accepted")
    try:
        envelope = _submitted.decode(raw)
        if msgspec.json.encode(envelope) != raw:  # else nothing is there twice, nor anything else
            _check_strict(raw)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        _refuse_envelope(raw, error)
    return _event(envelope, CONVERTERS, None, None)


def read(stored: bytes) -> Event:
    """Read the bytes of a stored event; raise InvalidEvent where they are none."""
    try:
        envelope = _sealed.decode(stored)
    except (msgspec.MsgspecError, ValueError) as error:
        raise InvalidEvent("malformed", f"a stored event does not decode: {error}") from error
    if envelope.recordedtime is None or envelope.authid is None:
        raise InvalidEvent("malformed", "a stored event lacks recordedtime or authid", envelope.source, envelope.id)
    return _event(envelope, DECODERS, envelope.recordedtime, envelope.authid)


def seal(raw: bytes, recorded: str, authid: str) -> bytes:
    """Return the bytes to store: the source's own, with `recordedtime` (RFC 3339, UTC) and `authid` as last members."""
    return raw[: raw.rindex(b"}")] + additions(recorded, authid)


def additions(recorded: str, authid: str) -> bytes:
    """Return what the ledger puts in place of the last brace of a source's bytes."""
    return b',"recordedtime":"%b","authid":"%b"}' % (recorded.encode(), authid.encode())


def submitted(stored: bytes) -> bytes:
    """Return the bytes the source sent (less white space after the last brace) for those that were stored."""
    return _ADDED.sub(b"}", stored)


def encode(event: Event, **extensions: str) -> bytes:
    """Write an event as a source would; `extensions` are further CloudEvents attributes, such as `traceparent`."""
    return msgspec.json.encode(
        {
            "specversion": "1.0",
            "id": event.id,
            "source": event.source,
            "type": event.type,
            "subject": event.subject,
            "time": event.time,
            "datacontenttype": "application/json",
            **extensions,
            "data": event.data,
        }
    )


def _event(
    envelope: Envelope[Any], readers: Mapping[str, Reader], recorded: datetime | None, authid: str | None
) -> Event:
    read_data = readers.get(envelope.type)
    if read_data is None:
        known = ", ".join(TYPES)
        raise InvalidEvent("unknown-type", f"type {envelope.type!r} is none of: {known}", envelope.source, envelope.id)
    try:
        data: EventData = read_data(envelope.data)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        detail = f"data does not match {envelope.type}: {error}"
        raise InvalidEvent("invalid-data", detail, envelope.source, envelope.id) from error
    return Event(envelope.id, envelope.source, envelope.subject, envelope.time, data, recorded, authid)


def _check_strict(raw: bytes) -> None:
    """Refuse what two parsers could read differently (a member named twice, RFC 7493), and names not of CloudEvents."""
    members = _anything.decode(raw)
    if msgspec.json.encode(members) != raw:  # compact JSON without doubles encodes to itself: the quick proof
        json.loads(raw, object_pairs_hook=_no_doubles)
    if _ATTRIBUTES.issuperset(members):
        return
    for name in members.keys() - _ATTRIBUTES:
        if name in _RESERVED:
            raise ValueError(f"the attribute {name!r} is not for sources to set")
        if not isinstance(members[name], str | int):
            raise ValueError(f"the attribute {name!r} is not CloudEvents: values are strings, integers or booleans")  # noqa: TRY004 - the bytes are wrong, no argument
        if _EXTENSION_NAME.fullmatch(name) is None:
            raise ValueError(f"the attribute {name!r} is not CloudEvents: names are lower-case letters and digits")


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        double = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the member {double!r} is there twice")
    return members


def _refuse_envelope(raw: bytes, error: Exception) -> NoReturn:
    source = id = None
    try:
        members = _objects.decode(raw)
        source = _text(members.get("source"))
        id = _text(members.get("id"))
    except (msgspec.MsgspecError, ValueError, RecursionError) as broken:
        detail = f"not one JSON object in UTF-8: {broken}"
    else:
        detail = f"not a CloudEvents 1.0 envelope: {error}"
    raise InvalidEvent("malformed", detail, source, id) from error


def _text(value: Raw | None) -> str | None:
    try:
        return msgspec.json.decode(value, type=str)[:200] if value is not None else None
    except ValidationError:
        return None
