import json
from datetime import UTC, datetime
from typing import get_args

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from events.envelope import MAX_BYTES, Event, InvalidEvent, encode, parse, read, submitted
from events.schema import NAMES, TYPES, EventData
from tests.events.strategies import events, events_of
from tests.examples import EXAMPLES, OPERATIONS_WIRE, RECORDED, WIRE, seal

REPORT = "duban.progress.reported.v1"

DELETED = object()


def changed(**members: object) -> bytes:
    """Return the canonical report with other members; DELETED takes one away."""
    report = json.loads(encode(EXAMPLES[REPORT])) | members
    return json.dumps({name: value for name, value in report.items() if value is not DELETED}).encode()


def with_data(**members: object) -> bytes:
    """Return the canonical report with other members of `data`."""
    data = json.loads(encode(EXAMPLES[REPORT]))["data"] | members
    return changed(data={name: value for name, value in data.items() if value is not DELETED})


def refusal(raw: bytes) -> InvalidEvent:
    """Return how bytes are refused."""
    with pytest.raises(InvalidEvent) as caught:
        parse(raw)
    assert caught.value.detail == str(caught.value)
    return caught.value


@pytest.mark.parametrize("wire", [*WIRE, *OPERATIONS_WIRE], ids=lambda wire: parse(wire).type)
def test_wire_form_is_canonical(wire: bytes) -> None:
    """What encode writes is, byte for byte, what a source would send."""
    assert encode(parse(wire)) == wire


@pytest.mark.parametrize("data", get_args(EventData), ids=lambda data: NAMES[data])
def test_events_of_every_type_come_back(data: type[EventData]) -> None:
    """parse(encode(event)) is the event, for every type."""

    @given(events_of(data))
    def check(event: Event) -> None:
        assert parse(encode(event)) == event

    check()


@given(events, st.sampled_from([b"", b"\n", b" \r\n\t"]), st.booleans())
def test_sealing_keeps_the_sources_bytes(event: Event, tail: bytes, spread: bool) -> None:  # noqa: FBT001 - pytest names it
    """A stored event gives back the bytes its source sent and adds when and from whom they were recorded."""
    raw = encode(event)
    if spread:
        raw = json.dumps(json.loads(raw), indent=1).encode()
    stored = seal(raw + tail, RECORDED, "office")
    assert submitted(stored) == raw
    at = datetime(2019, 4, 1, 1, tzinfo=UTC)
    assert read(stored) == msgspec.structs.replace(event, recorded=at, authid="office")


def test_extensions_pass_through() -> None:
    """Other CloudEvents extensions, such as traceparent, are accepted and stay in the bytes."""
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    raw = encode(EXAMPLES[REPORT], traceparent=trace)
    assert parse(raw) == EXAMPLES[REPORT]
    assert json.loads(seal(raw, RECORDED, "units"))["traceparent"] == trace


MALFORMED: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "not one JSON object"),
    "words": (b"report: 40 %", "not one JSON object"),
    "an array": (b"[]", "not one JSON object"),
    "a string": (b'"text"', "not one JSON object"),
    "null": (b"null", "not one JSON object"),
    "two objects": (WIRE[2] + WIRE[3], "not one JSON object"),
    "a byte order mark": (b"\xef\xbb\xbf" + WIRE[2], "not one JSON object"),
    "UTF-16": (WIRE[2].decode().encode("utf-16"), "in UTF-8"),
    "GB 18030": (WIRE[2].decode().encode("gb18030"), "utf-8"),
    "a broken character": (WIRE[2].replace("廉".encode(), b"\xe5"), "utf-8"),
    "half a surrogate pair": (WIRE[2].replace("廉".encode(), b"\\ud800"), "escape"),
    "a bare line feed": (WIRE[2].replace("廉".encode(), b"\n"), "invalid character"),
    "NaN": (WIRE[2].replace(b'"percent":50', b'"percent":NaN'), "invalid character"),
    "deep arrays": (WIRE[2].replace(b'"percent":50', b'"percent":' + b"[" * 20_000 + b"]" * 20_000), "recursion"),
    "deep objects": (b'{"a":' * 9_000 + b"1" + b"}" * 9_000, "recursion"),
    "an endless number": (WIRE[2].replace(b'"percent":50', b'"percent":' + b"9" * 5_000), "out of range"),
    "a doubled attribute": (WIRE[2].replace(b'"id":', b'"id":"other","id":'), "'id' is there twice"),
    "a doubled extension": (WIRE[2].replace(b'"id":', b'"x":"1","x":"1","id":'), "'x' is there twice"),
    "a doubled member of data": (
        WIRE[2].replace(b'"percent":50', b'"percent":50,"percent":60'),
        "'percent' is there twice",
    ),
    "a doubled member further in": (
        WIRE[2].replace(b'"evidence":[{', b'"evidence":[{"name":"a",'),
        "'name' is there twice",
    ),
    **{
        f"no {name}": (changed(**{name: DELETED}), f"missing required field `{name}`")
        for name in ("specversion", "id", "source", "type", "subject", "time", "data")
    },
    **{
        f"{name} from a source": (changed(**{name: RECORDED}), f"{name!r} is not for sources to set")
        for name in ("recordedtime", "authid", "position")
    },
    "another CloudEvents": (changed(specversion="0.3"), "CloudEvents 1.0"),
    "another content": (changed(datacontenttype="text/xml"), "datacontenttype"),
    "an empty id": (changed(id=""), "length >= 1 - at `$.id`"),
    "a long id": (changed(id="x" * 201), "length <= 200 - at `$.id`"),
    "a number for an id": (changed(id=7), "Expected `str`, got `int` - at `$.id`"),
    "a local time": (changed(time="2018-03-31T10:00:00"), "with a timezone component - at `$.time`"),
    "a date for a time": (changed(time="2018-03-31"), "RFC3339"),
    "a time before all calendars": (changed(time="0001-01-01T00:00:00+14:00"), "years 1950 to 2999"),
    "an upper-case extension": (changed(traceParent="x"), "lower-case letters and digits"),
}


@pytest.mark.parametrize(("raw", "words"), MALFORMED.values(), ids=MALFORMED)
def test_malformed_bytes_are_refused_with_what_would_be_right(raw: bytes, words: str) -> None:
    """What is not one strict CloudEvents object is malformed, and the detail says where and what would be right."""
    refused = refusal(raw)
    assert refused.code == "malformed"
    assert words in refused.detail


def test_refusals_name_the_submission_as_far_as_it_can_be_read() -> None:
    """A refusal carries source and id wherever the bytes told them."""
    example = EXAMPLES[REPORT]
    assert (refusal(changed(time=DELETED)).source, refusal(changed(time=DELETED)).id) == (example.source, example.id)
    assert (refusal(changed(id=DELETED)).source, refusal(changed(id=DELETED)).id) == (example.source, None)
    assert (refusal(changed(type="x")).source, refusal(changed(type="x")).id) == (example.source, example.id)
    assert (refusal(b"[]").source, refusal(b"[]").id) == (None, None)


def test_60_000_bytes_are_enough() -> None:
    """An event of 60,000 bytes is accepted, one more is too large, and the detail names both sizes."""
    spare = MAX_BYTES - len(encode(EXAMPLES[REPORT]))
    largest = encode(EXAMPLES[REPORT], padding="x" * (spare - len(',"padding":""')))
    assert len(largest) == 60_000
    assert parse(largest) == EXAMPLES[REPORT]
    refused = refusal(largest + b" ")
    assert refused.code == "too-large"
    assert "60,001" in refused.detail
    assert "60,000" in refused.detail


@pytest.mark.parametrize("name", ["duban.progress.reported.v2", "duban.progress.reported", "DUBAN.TASK.SIGNED.V1"])
def test_unknown_types_are_refused_with_the_known_ones(name: str) -> None:
    """A type outside the language is refused, and the detail lists the language."""
    refused = refusal(changed(type=name))
    assert refused.code == "unknown-type"
    assert repr(name) in refused.detail
    assert all(known in refused.detail for known in TYPES)


INVALID: dict[str, tuple[bytes, str]] = {
    "an extra member": (with_data(percentage=40), "unknown field `percentage`"),
    "an extra member further in": (with_data(evidence=[{"name": "a", "size": 1}]), "unknown field `size`"),
    "a missing member": (with_data(summary=DELETED), "missing required field `summary`"),
    "null data": (changed(data=None), "Expected `object`, got `null`"),
    "text for data": (changed(data="{}"), "Expected `object`, got `str`"),
    "more than all": (with_data(percent=101), "<= 100"),
    "less than nothing": (with_data(percent=-1), ">= 0"),
    "a truth for a percentage": (with_data(percent=True), "got `bool` - at `$.percent`"),
    "an empty unit": (with_data(unit=""), "length >= 1 - at `$.unit`"),
    "an upper-case digest": (with_data(evidence=[{"name": "a", "sha256": "A" * 64}]), "$.evidence[0].sha256"),
    "a lead who is not among the units": (
        WIRE[0].replace('"lead":"市残联"'.encode(), '"lead":"市民政局"'.encode()),
        "lead '市民政局' is not among units",
    ),
    "a lead who only cooperates": (
        WIRE[0].replace(b'"role":"lead"', b'"role":"cooperating"'),
        "is not among units with the role 'lead'",
    ),
    "a unit named twice": (
        WIRE[0].replace("湛江开发区管委会".encode(), "市残联".encode()),
        "a unit is named twice in units",
    ),
    "a row no table has": (WIRE[0].replace(b'"row":7', b'"row":' + b"9" * 15), "<= 1000000"),
    "a local due": (WIRE[4].replace(b"T00:00:00+08:00", b"T00:00:00"), "with a timezone component"),
    "a due before all calendars": (WIRE[4].replace(b'"due":"2018', b'"due":"0001'), "years 1950 to 2999"),
    "readings that are no two": (WIRE[0].replace(b'"strict":"2018', b'"strict":"2020'), "strict must lie before loose"),
    "a deadline of no kind": (WIRE[4].replace(b'"kind":"fixed"', b'"kind":"soon"'), "'soon' - at `$.deadline.kind`"),
}


@pytest.mark.parametrize(("raw", "words"), INVALID.values(), ids=INVALID)
def test_data_outside_the_schema_is_refused_with_what_would_be_right(raw: bytes, words: str) -> None:
    """Data that do not match their type are invalid-data, and the detail names the type and the member."""
    name = json.loads(raw)["type"]
    refused = refusal(raw)
    assert refused.code == "invalid-data"
    assert refused.detail.startswith(f"data does not match {name}: ")
    assert words in refused.detail


@pytest.mark.parametrize("raw", [WIRE[2], b"{}", b"\xff", seal(changed(type="x"), RECORDED, "units")])
def test_reading_what_is_no_stored_event_says_so(raw: bytes) -> None:
    """Bytes that the ledger did not seal are not read as a stored event."""
    with pytest.raises(InvalidEvent):
        read(raw)


@given(
    st.binary(max_size=300)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    ).map(lambda value: json.dumps(value).encode("utf-8", "surrogatepass"))
)
@example(b'{"data":' + b"[" * 59_000)
def test_no_bytes_raise_anything_else(raw: bytes) -> None:
    """Whatever the bytes, parse returns an event or raises InvalidEvent."""
    with pytest.raises(InvalidEvent):
        parse(raw)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """Generate a canonical example with some of its bytes changed, cut out, doubled or moved."""
    raw = bytearray(draw(st.sampled_from(WIRE)))
    pieces = st.binary(max_size=6) | st.sampled_from(
        [b'"', b"}", b"{", b"[", b",", b":", b"null", b"\\u", b"1e9", b"\xff"]
    )
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(raw)))
        end = draw(st.integers(start, min(len(raw), start + 40)))
        raw[start:end] = draw(pieces | st.just(bytes(raw[start:end]) * 2))
    return bytes(raw)


@given(mutated())
def test_damaged_events_are_refused_or_events(raw: bytes) -> None:
    """A damaged event is refused as InvalidEvent, or it is an event that can be sealed, read and written again."""
    try:
        event = parse(raw)
    except InvalidEvent as refused:
        assert refused.detail  # noqa: PT017 - either ending is right
        return
    assert parse(encode(event)) == event
    stored = seal(raw, RECORDED, "office")
    assert msgspec.structs.replace(read(stored), recorded=None, authid=None) == event
    assert submitted(stored) == raw.rstrip(b" \t\r\n")


@pytest.mark.parametrize(
    ("attribute", "section"),
    [
        ({}, None),
        ({"section": "一、就业"}, "一、就业"),
        ({"section": " Cafe\u0301 "}, "Café"),
        ({"section": ""}, None),
        ({"section": " "}, None),
        ({"section": None}, None),
        ({"section": 7}, None),
        ({"section": True}, None),
    ],
    ids=str,
)
def test_a_stored_event_has_its_section(attribute: dict[str, object], section: str | None) -> None:
    """The extension attribute `section` is read from stored bytes, as texts are compared; only a text is one."""
    members = json.loads(WIRE[0]) | attribute
    stored = seal(json.dumps(members).encode(), RECORDED, "office")
    assert read(stored).section == section
    assert read(stored).data == parse(WIRE[0]).data
