"""CloudEvents 1.0 in structured mode: bytes to event and back. Pure.

The bytes a source sent are kept as they came: the ledger only appends its `additions`, so a stored event still holds
the source's own bytes, and `submitted` gives them back.
"""

import binascii
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, Generic, Literal, NoReturn, TypeAlias, TypeVar

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType, ValidationError

from events.deadline import EARLIEST, LATEST, check_year
from events.names import checked, folded
from events.schema import CONVERTERS, DECODERS, NAMES, TYPES, EventData, TaskAssigned, oldest
from events.strict import check_composed, check_doubles, check_media_type, check_members, check_source, check_text
from events.text import SHOWN, composed, name_of, quoted, shown
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
_JSON = "application/json"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_ECHOED = re.compile(
    r"(Object contains unknown field `|Invalid (?:enum )?value ')(.*)([`'](?: - at `[^`]*`)?)", re.DOTALL
)
"""What msgspec says of a name or tag that it does not know: it tells it whole, however long."""

D = TypeVar("D")

_ATTRIBUTE_MOST, _TASK_ID_MOST = 200, 150  # the ids of the clock's events hold a task's id

Attribute: TypeAlias = Annotated[str, Meta(min_length=1, max_length=_ATTRIBUTE_MOST)]
TaskId: TypeAlias = Annotated[str, Meta(min_length=1, max_length=_TASK_ID_MOST)]


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
    datacontenttype: str | UnsetType | None = UNSET
    data: D | UnsetType = UNSET
    data_base64: str | UnsetType | None = UNSET

    def __post_init__(self) -> None:
        if not _SURELY_AFTER < self.time.year < _SURELY_BEFORE:  # near the bounds the offset matters
            check_year(self.time)


class Submitted(Envelope[Any], frozen=True, gc=False):
    """As a source sends it, held to CloudEvents; `data` as the builtin objects it decodes to."""

    def __post_init__(self) -> None:
        if not _SURELY_AFTER < self.time.year < _SURELY_BEFORE:  # a call of the base's own costs more
            check_year(self.time)
        if not self.id.isprintable():
            check_text("id", self.id)
        if not self.subject.isprintable():
            check_text("subject", self.subject)
        if not self.subject.strip():
            raise ValueError("subject has nothing but white space; it is the task's id")
        if not self.subject.isascii():
            check_composed("subject", self.subject, _TASK_ID_MOST)
        if not self.id.isascii():
            check_composed("id", self.id, _ATTRIBUTE_MOST)
        check_source(self.source)
        if self.datacontenttype != _JSON and isinstance(self.datacontenttype, str):
            check_media_type(self.datacontenttype)
        if self.data is UNSET and not isinstance(self.data_base64, str):
            raise ValueError("Object missing required field `data` (or `data_base64`)")
        if self.data is not UNSET and isinstance(self.data_base64, str):
            raise ValueError("Object has both `data` and `data_base64`; one of them is right")


class Sealed(Envelope[Raw], frozen=True, gc=False, kw_only=True):
    """As the log has it; `data` as JSON still. Extension attributes, such as `section`, can be of any type."""

    recordedtime: Annotated[datetime, Meta(tz=True)] | None = None
    authid: str | None = None
    section: Any = None
    leader: Any = None


class Event(Struct, frozen=True, gc=False):
    """One event: `time` is the source's word, `recorded` and `authid` the ledger's (None before it is accepted).

    `data` are the newest version's, whichever one the bytes have, and `type` names the oldest version that can say
    them. `section` and `leader` are the part of the table that a task stands in, and the official who leads it: members
    of its data or, before those had them, the extension attributes of these names, which an import sets. They are read
    from stored bytes only.
    """

    id: str
    source: str
    subject: str
    time: datetime
    data: EventData
    recorded: datetime | None = None
    authid: str | None = None
    section: str | None = None
    leader: str | None = None

    @property
    def type(self) -> str:
        return NAMES[type(oldest(self.data))]

    @property
    def at(self) -> datetime:
        """The instant at which it counts: the recorded one, or, before it is accepted, its own."""
        return self.recorded or self.time


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
        data = envelope.data if envelope.data is not UNSET else _objects_of(envelope.data_base64)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        _refuse_envelope(raw, error)
    return _event(envelope, data, CONVERTERS, checked)


def read(stored: bytes) -> Event:
    """Read the bytes of a stored event; raise InvalidEvent where they are none."""
    try:
        envelope = _sealed.decode(stored)
        data = envelope.data if envelope.data is not UNSET else _decoded(envelope.data_base64)
    except (msgspec.MsgspecError, ValueError) as error:
        raise InvalidEvent("malformed", f"a stored event does not decode: {error}") from error
    if envelope.recordedtime is None or envelope.authid is None:
        raise InvalidEvent("malformed", "a stored event lacks recordedtime or authid", envelope.source, envelope.id)
    section = _named(envelope.section) if envelope.section is not None else None
    leader = _named(envelope.leader) if envelope.leader is not None else None
    return _event(envelope, data, DECODERS, folded, envelope.recordedtime, envelope.authid, section, leader)


def _named(extension: Any) -> str | None:
    return name_of(extension) or None if isinstance(extension, str) else None


def additions(recorded: str, authid: str) -> bytes:
    """Return what the ledger puts in place of the last brace of a source's bytes."""
    return b',"recordedtime":"%b","authid":"%b"}' % (recorded.encode(), authid.encode())


def submitted(stored: bytes) -> bytes:
    """Return the bytes the source sent (less white space after the last brace) for those that were stored."""
    return _ADDED.sub(b"}", stored)


def encode(event: Event, **extensions: str) -> bytes:
    """Write an event as a source would; `extensions` are further CloudEvents attributes, such as `traceparent`.

    An assignment's section and leader are attributes, too, as far as the version that is written has no such members;
    where it has, they go there.
    """
    data = oldest(event.data)
    if isinstance(event.data, TaskAssigned):
        said = {name: extensions.get(name) or getattr(event.data, name) for name in ("section", "leader")}
        if isinstance(data, TaskAssigned):
            data = msgspec.structs.replace(data, **said)
            extensions = {name: value for name, value in extensions.items() if name not in said}
        else:
            extensions |= {name: value for name, value in said.items() if value is not None}
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
            "data": data,
        }
    )


def _event(
    envelope: Envelope[Any],
    sent: Any,
    readers: Mapping[str, Reader],
    fold: Callable[[EventData], EventData],
    recorded: datetime | None = None,
    authid: str | None = None,
    section: str | None = None,
    leader: str | None = None,
) -> Event:
    """Return an event, its texts in the form in which they are compared."""
    source, id = composed(envelope.source), composed(envelope.id)
    read_data = readers.get(envelope.type)
    if read_data is None:
        known = ", ".join(TYPES)
        raise InvalidEvent("unknown-type", f"type {quoted(envelope.type)} is none of: {known}", source, id)
    try:
        data: EventData = fold(read_data(sent))
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise InvalidEvent(
            "invalid-data", f"data does not match {envelope.type}: {_told(error)}", source, id
        ) from error
    if recorded is not None and isinstance(data, TaskAssigned):
        section = name_of(data.section or "") or section
        leader = name_of(data.leader or "") or leader
    return Event(id, source, composed(envelope.subject).strip(), envelope.time, data, recorded, authid, section, leader)


def _decoded(text: str | UnsetType | None) -> bytes:
    """Return the JSON that `data_base64` holds."""
    if not isinstance(text, str):
        raise ValueError("Object missing required field `data` (or `data_base64`)")  # noqa: TRY004 - the submitted bytes are wrong, not an argument's type
    try:
        return binascii.a2b_base64(text, strict_mode=True).removeprefix(_BYTE_ORDER_MARK)
    except ValueError as error:
        raise ValueError(f"data_base64 is not Base64 (RFC 4648, 4): {error}") from error


def _objects_of(text: str | UnsetType | None) -> Any:
    """Return the builtin objects that a submitted `data_base64` holds, none of whose members is there twice."""
    raw = _decoded(text)
    try:
        found = _anything.decode(raw)
        if msgspec.json.encode(found) != raw:
            check_doubles(raw)
    except (msgspec.MsgspecError, ValueError) as error:
        raise ValueError(f"data_base64 holds no JSON in UTF-8: {error}") from error
    return found


def _check_strict(raw: bytes) -> None:
    """Refuse what two parsers could read differently (a member named twice, RFC 7493), and what is not CloudEvents."""
    members = _anything.decode(raw)
    if msgspec.json.encode(members) != raw:  # compact JSON without doubles encodes to itself: the quick proof
        check_doubles(raw)
    check_members(members)


def _told(error: Exception) -> str:
    """Return what an error says, with what it echoes as it is shown."""
    text = str(error)
    found = _ECHOED.fullmatch(text)
    return f"{found[1]}{shown(found[2])}{found[3]}" if found is not None else text


def _refuse_envelope(raw: bytes, error: Exception) -> NoReturn:
    source = id = None
    try:
        members = _objects.decode(raw)
        source = _text(members.get("source"))
        id = _text(members.get("id"))
    except (msgspec.MsgspecError, ValueError, RecursionError) as broken:
        detail = f"not one JSON object in UTF-8: {_told(broken)}"
    else:
        detail = f"not a CloudEvents 1.0 envelope: {_told(error)}"
    raise InvalidEvent("malformed", detail, source, id) from error


def _text(value: Raw | None) -> str | None:
    try:
        return msgspec.json.decode(value, type=str)[:SHOWN] if value is not None else None
    except ValidationError:
        return None
