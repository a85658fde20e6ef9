"""What a submitted event may look like: CloudEvents 1.0 and RFC 3339, as libraries write them, and no more."""

import base64
import json

import pytest

from events.envelope import InvalidEvent, parse, read, submitted
from events.schema import TYPES
from tests.examples import EXAMPLES, RECORDED, WIRE, seal

REPORT = EXAMPLES["duban.progress.reported.v1"]

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def report(**members: object) -> bytes:
    """Return the canonical report with other attributes."""
    return json.dumps(json.loads(WIRE[2]) | members, ensure_ascii=False).encode()


def in_base64(raw: bytes, data: bytes | None = None) -> bytes:
    """Return an event as SDKs write one whose data are bytes."""
    event = json.loads(raw)
    own = json.dumps(event.pop("data"), ensure_ascii=False).encode()
    event["data_base64"] = base64.b64encode(own if data is None else data).decode()
    return json.dumps(event, ensure_ascii=False).encode()


def refusal(raw: bytes) -> tuple[str, str]:
    """Return the code and detail with which bytes are refused."""
    with pytest.raises(InvalidEvent) as caught:
        parse(raw)
    assert caught.value.detail.isprintable()
    return caught.value.code, caught.value.detail


ACCEPTED: dict[str, bytes] = {
    "a null extension": report(traceparent=None),
    "null, compact": WIRE[2][:-1] + b',"traceparent":null}',
    "a null attribute of CloudEvents": report(dataschema=None),
    "a null content type": report(datacontenttype=None),
    "null beside the data": report(data_base64=None),
    "a charset": report(datacontenttype="application/json; charset=utf-8"),
    "a quoted parameter": report(datacontenttype='application/json;profile="a; b"'),
    "capitals": report(datacontenttype="Application/JSON;Charset=UTF-8"),
    "a suffix": report(datacontenttype="application/vnd.example.report+json"),
    "an older name": report(datacontenttype="text/json"),
    "the smallest integer": report(seq=-(2**31)),
    "the largest integer": report(seq=2**31 - 1),
    "a truth": report(sampled=True),
    "a lower-case time": report(time="2018-03-31t02:00:00z"),
    "a fraction of a second": report(time="2018-03-31T10:00:00.000+08:00"),
    "dots that are no steps": report(source=f"{REPORT.source}/.a/b..c/..."),
    "steps in a query": report(source=f"{REPORT.source}?from=../x"),
    "a subject that is as long in NFC as it may be": report(subject="\u0958" * 75),
    "an encoded space": report(source=f"{REPORT.source}/oa%20system"),
    "base64": in_base64(WIRE[2]),
    "base64 of JSON with a byte order mark": in_base64(
        WIRE[2], b"\xef\xbb\xbf" + json.dumps(json.loads(WIRE[2])["data"]).encode()
    ),
}


@pytest.mark.parametrize("raw", ACCEPTED.values(), ids=ACCEPTED)
def test_what_libraries_send_is_accepted_and_kept_as_it_came(raw: bytes) -> None:
    """An event is accepted in any form that CloudEvents has for it; its bytes stay, and the log's readers read them."""
    event = parse(raw)
    assert event.data == REPORT.data
    stored = seal(raw, RECORDED, "units")
    assert stored.startswith(raw[:-1])
    assert submitted(stored) == raw
    again = read(stored)
    assert (again.data, again.id, again.source, again.authid) == (event.data, event.id, event.source, "units")


@pytest.mark.parametrize("wire", WIRE, ids=lambda wire: parse(wire).type)
def test_data_of_every_type_may_come_in_base64(wire: bytes) -> None:
    """Data that were bytes to the SDK are the same data, when submitted and when read."""
    raw = in_base64(wire)
    assert parse(raw) == parse(wire)
    assert read(seal(raw, RECORDED, "x")).data == parse(wire).data


MALFORMED: dict[str, tuple[bytes, str]] = {
    "NUL in the id": (report(id="a\0b"), "id 'aU+0000b' has U+0000"),
    "NUL as an escape": (WIRE[2].replace(b'"id":"report', b'"id":"a\\u0000b'), "U+0000"),
    "a line feed at the id's end": (report(id="a\n"), "U+000A"),
    "DEL in the id": (report(id="a\x7fb"), "U+007F"),
    "C1 in the id": (report(id="a\x85b"), "U+0085"),
    "a noncharacter in the id": (report(id="a\ufffeb"), "U+FFFE"),
    "an Arabic noncharacter in the id": (report(id="a\ufdd0b"), "U+FDD0"),
    "a noncharacter of the last plane": (report(id="a\U0010ffffb"), "U+10FFFF"),
    "half a surrogate pair in the id": (report(id="a").replace(b'"a"', b'"a\\ud800b"'), "escape"),
    "NUL in the source": (report(source="units/\0"), "is no URI-reference: it has 'U+0000'"),
    "ESC in the subject": (report(subject="zj\x1b[2J"), "subject 'zjU+001B[2J' has U+001B"),
    "a noncharacter in the subject": (report(subject="zj\uffff"), "U+FFFF"),
    "a subject of spaces": (report(subject=" \u3000"), "nothing but white space"),
    "a subject that is longer in NFC": (
        report(subject="\u0958" * 76),
        "has 152 characters in Unicode's NFC; at most 150",
    ),
    "an id that is longer in NFC": (report(id="\u0958" * 101), "has 202 characters in Unicode's NFC; at most 200"),
    "BEL in an extension": (report(note="a\x07"), "note 'aU+0007' has U+0007"),
    "a step back": (report(source="units/../office"), "has a step (. or ..)"),
    "a step that stays": (report(source="units/./oa"), "has a step (. or ..)"),
    "a step back at the end": (report(source="units/.."), "has a step (. or ..)"),
    "an encoded step back": (report(source="units/%2e%2E/office"), "has a step (. or ..)"),
    "a half encoded step back": (report(source="units/.%2e/office"), "has a step (. or ..)"),
    "a space in the source": (report(source="units/oa system/1"), "it has ' '"),
    "a source in Chinese": (report(source="units/市民政局"), "it has '市'"),
    "a backslash in the source": (report(source="units\\oa"), "it has '\\'"),
    "a broken escape in the source": (report(source="units/%2"), "RFC 3986"),
    "two fragments": (report(source="units#a#b"), "RFC 3986"),
    "an integer of 78 bits": (
        report(seq=12345678901234567890123),
        "an integer has 32 bits, from -2147483648 to 2147483647",
    ),
    "an integer of 33 bits": (report(seq=2**31), "an integer has 32 bits"),
    "a negative integer of 33 bits": (report(seq=-(2**31) - 1), "an integer has 32 bits"),
    "a fraction": (report(seq=1.5), "values are strings, integers or booleans"),
    "a list": (report(seq=[]), "values are strings, integers or booleans"),
    "an object": (report(seq={}), "values are strings, integers or booleans"),
    "null for what the ledger adds": (report(authid=None), "'authid' is not for sources to set"),
    "null for the position": (report(position=None), "'position' is not for sources to set"),
    "null for a required attribute": (report(subject=None), "Expected `str`, got `null` - at `$.subject`"),
    "another content": (report(datacontenttype="application/xml"), "datacontenttype 'application/xml' is not JSON"),
    "a word that ends in json": (report(datacontenttype="application/notjson"), "is not JSON"),
    "no media type": (report(datacontenttype="json"), "is not JSON"),
    "an empty content type": (report(datacontenttype=""), "is not JSON"),
    "a time with a space": (
        report(time="2018-03-31 10:00:00+08:00"),
        "time '2018-03-31 10:00:00+08:00' is not RFC 3339",
    ),
    "a time with a space, compact": (WIRE[2].replace(b"-31T10", b"-31 10"), "is not RFC 3339"),
    "an offset without a colon": (report(time="2018-03-31T10:00:00+0800"), "2018-12-20T09:00:00+08:00 would be"),
    "both forms of data": (report(data_base64="e30="), "both `data` and `data_base64`"),
    "both, the data null": (report(data=None, data_base64="e30="), "both `data` and `data_base64`"),
    "neither": (in_base64(WIRE[2]).replace(b"data_base64", b"other"), "missing required field `data`"),
    "no Base64": (in_base64(WIRE[2]).replace(b'"data_base64": "', b'"data_base64": "*'), "not Base64"),
    "Base64 without its padding": (in_base64(WIRE[2], b"{}").replace(b"e30=", b"e30"), "not Base64"),
    "Base64 for URLs": (in_base64(WIRE[2], b"{}").replace(b"e30=", b"-_-_"), "not Base64"),
    "Base64 of no JSON": (in_base64(WIRE[2], b"\xff\xfe"), "holds no JSON"),
    "Base64 of nothing": (in_base64(WIRE[2], b""), "holds no JSON"),
    "a doubled member in Base64": (
        in_base64(WIRE[1], '{"unit":"市残联","unit":"市民政局"}'.encode()),
        "'unit' is there twice",
    ),
}


@pytest.mark.parametrize(("raw", "words"), MALFORMED.values(), ids=MALFORMED)
def test_what_is_no_cloudevent_is_malformed(raw: bytes, words: str) -> None:
    """What CloudEvents does not allow is refused with what is wrong, where, and what would be right."""
    code, detail = refusal(raw)
    assert (code, words in detail) == ("malformed", True), detail


def test_data_in_base64_are_held_to_their_schema() -> None:
    """Base64 hides nothing: what would be refused in `data` is refused there."""
    code, detail = refusal(in_base64(WIRE[1], '{"unit":"市残联","mood":"good"}'.encode()))
    assert (code, "unknown field `mood`" in detail) == ("invalid-data", True)


INSTANTS: dict[str, tuple[bytes, bytes, str]] = {
    "due of a fixed deadline": (WIRE[4], b"2018-12-01T00", "$.deadline.due"),
    "strict": (WIRE[0], b"2018-12-01T00", "$.deadline.strict"),
    "loose": (WIRE[0], b"2019-01-01T00", "$.deadline.loose"),
    "proposed_due": (WIRE[6], b"2019-02-01T00", "$.proposed_due"),
    "due of an extension": (WIRE[7], b"2019-01-01T00", "$.due"),
    "first": (
        WIRE[4].replace(b'"kind":"fixed"', b'"kind":"recurring","every":"year"').replace(b'"due"', b'"first"'),
        b"2018-12-01T00",
        "$.deadline.first",
    ),
    "due of the second milestone": (
        WIRE[4]
        .replace(b'"kind":"fixed"', b'"kind":"milestones"')
        .replace(
            b'"due":"2018-12-01T00:00:00+08:00"',
            b'"milestones":[{"text":"a","due":"2018-11-01T00:00:00+08:00"},{"text":"b","due":"2018-12-01T00:00:00+08:00"}]',
        ),
        b"2018-12-01T00",
        "$.deadline.milestones[1].due",
    ),
}


@pytest.mark.parametrize(("raw", "instant", "path"), INSTANTS.values(), ids=INSTANTS)
def test_instants_in_data_are_rfc_3339(raw: bytes, instant: bytes, path: str) -> None:
    """A space for the T, or an offset without its colon, is refused by the member's path; it is read in the log."""
    assert parse(raw).type in TYPES
    start = raw.index(instant)
    whole = raw[start : start + 25]
    for other in (whole.replace(b"T", b" "), whole[:-3] + whole[-2:]):
        sent = raw[:start] + other + raw[start + 25 :]
        code, detail = refusal(sent)
        assert (code, f"`{path}` '{other.decode()}' is not RFC 3339" in detail) == ("invalid-data", True), detail
        assert read(seal(sent, RECORDED, "office")).data == parse(raw).data
        assert refusal(in_base64(sent))[0] == "invalid-data"


def test_the_rules_are_not_asked_of_what_is_stored() -> None:
    """A log from before the rules is read as it was."""
    for raw in (
        report(time="2018-03-31 10:00:00+0800"),
        report(source="units/oa system/../1"),
        report(id="a\0b"),
        report(seq=2**40),
    ):
        assert refusal(raw)[0] == "malformed"
        assert read(seal(raw, RECORDED, "units")).data == REPORT.data


ECHOES: dict[str, bytes] = {
    "a member of data": WIRE[1].replace(b'{"unit"', b'{"' + b"x" * 50_000 + b'":1,"unit"'),
    "a member of data in quotes": WIRE[1].replace(b'{"unit"', b'{"' + b"x`'" * 10_000 + b'":1,"unit"'),
    "a member further in": WIRE[11].replace(b'{"name"', b'{"' + b"x" * 50_000 + b'":1,"name"'),
    "a kind of deadline": WIRE[4].replace(b'"fixed"', b'"' + b"x" * 50_000 + b'"'),
    "an outcome": WIRE[13].replace(b'"implemented"', b'"' + b"x" * 50_000 + b'"'),
    "a member that only looks like words": WIRE[1].replace(
        b'{"unit"', b'{"' + b"Object contains unknown field `" * 900 + b'":1,"unit"'
    ),
    "an extension": report(**{"x" * 50_000: "x"}),
    "an extension with a value": report(**{"x" * 50_000: []}),
    "an extension's value": report(note="\0" * 9_000),
    "a doubled member": b'{"' + b"x" * 25_000 + b'":1,"' + b"x" * 25_000 + b'":1,' + WIRE[2][1:],
    "a content type": report(datacontenttype="x" * 50_000),
    "a version": report(specversion="x" * 50_000),
    "a time": report(time="x" * 50_000),
    "an instant": WIRE[4].replace(b"2018-12-01T00:00:00", b"2018-12-01 00:00:00." + b"0" * 50_000),
}


@pytest.mark.parametrize("raw", ECHOES.values(), ids=ECHOES)
def test_what_a_refusal_echoes_is_cut(raw: bytes) -> None:
    """Texts of whatever length are told by their first 200 characters."""
    _, detail = refusal(raw)
    assert len(detail) < 600, detail[:1_000]


def test_what_a_refusal_echoes_steers_no_terminal() -> None:
    """Controls and bidirectional characters of a name are told as what they are."""
    raw = WIRE[1].replace(b'{"unit"', '{"a\u202e\u200bb\\u001b[2J":1,"unit"'.encode())
    _, detail = refusal(raw)
    assert "unknown field `aU+202EU+200BbU+001B[2J`" in detail
