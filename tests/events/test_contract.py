"""The published schemas beside ingest: neither accepts what the other refuses, as far as JSON Schema can say."""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from events.contract import components, definitions, event_schema, example_of, schema_for, schema_of
from events.envelope import Event, InvalidEvent, encode, parse, read
from events.schema import NAMES, TYPES, EventData
from events.schema import SUBMITTED as SUBMITTED_NAMES
from tests.events.strategies import events_of
from tests.examples import EXAMPLES, OPERATIONS_WIRE, WIRE, store

README = Path(__file__).parents[2] / "README.md"

VALIDATORS = {name: Draft202012Validator(schema_of(name)) for name in TYPES}

SUBMITTED = [data for data in get_args(EventData) if NAMES[data] in SUBMITTED_NAMES]
"""What sources may say."""

INEXPRESSIBLE = (
    "a unit is named twice",
    "is not among units",
    "strict must lie before loose",
    "one after another",
    "is not of the years 1950 to 2999",
    "Invalid RFC3339",  # a day that its month does not have
    "Expected `int`, got `float`",  # to JSON Schema 7.0 is an integer
    "Expected `int | null`, got `float`",
    "cannot be seen",
    "nothing but white space",
)
"""Why ingest refuses what a schema accepts; descriptions say these."""


def wrong(raw: bytes) -> list[str]:
    """Return what an event's schema finds wrong about it."""
    event = json.loads(raw)
    return [error.message for error in VALIDATORS[event["type"]].iter_errors(event)]


@pytest.mark.parametrize("name", TYPES)
def test_a_schema_is_one(name: str) -> None:
    """Each is valid by its own dialect, is addressed by its type, and takes nothing but that type."""
    schema = schema_of(name)
    Draft202012Validator.check_schema(schema)
    assert (schema["$id"], schema["title"]) == (f"urn:duban:schema:{name}", name)
    assert schema["properties"]["type"]["const"] == name


def described(schema: Any, pointer: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every member that a schema has, with its place."""
    if isinstance(schema, dict):
        for name, member in schema.get("properties", {}).items():
            yield f"{pointer}/{name}", member
        for word, part in schema.items():
            if word not in {"examples", "default", "const", "enum", "required", "contains"}:
                yield from described(part, f"{pointer}/{word}")
    elif isinstance(schema, list):
        for number, part in enumerate(schema):
            yield from described(part, f"{pointer}/{number}")


@pytest.mark.parametrize("name", TYPES)
def test_every_member_is_described(name: str) -> None:
    """A foreign engineer finds words for each type, each struct and each member."""
    schema = schema_of(name)
    assert len(schema["description"]) > 40
    assert [struct for struct, part in schema["$defs"].items() if not part.get("description")] == []
    silent = [
        pointer
        for pointer, member in described(schema)
        if not member.get("description") and "$ref" not in member and not pointer.endswith("/kind")
    ]
    assert silent == []


@pytest.mark.parametrize("name", TYPES)
def test_its_example_is_an_event(name: str) -> None:
    """The example in a schema is valid by it and is read by ingest; the stored one is read by whoever reads the log."""
    example = example_of(name)
    assert schema_of(name)["examples"] == [example]
    raw = json.dumps(example).encode()
    assert wrong(raw) == []
    kind = name.rpartition(".")[0]
    assert parse(raw).type.rpartition(".")[0] == kind
    stored = example_of(name, stored=True)
    assert read(json.dumps(stored).encode()).type.rpartition(".")[0] == kind


def test_the_role_that_is_told_is_the_one_that_is_needed() -> None:
    """The README's table and the descriptions say from whom an event is accepted, as ingest has it."""
    rows = [line.split("|") for line in README.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    told = {
        f"duban.{kind}.v1": cells[3].strip() for cells in rows for kind in re.findall(r"`([a-z]+\.[a-z]+)`", cells[1])
    }
    clock = "the ledger's clock"
    assert told == {name: example.data.speaker or clock for name, example in EXAMPLES.items()}
    assert all(told[name] in schema_of(name)["description"] for name in EXAMPLES)


@pytest.mark.parametrize("wire", [*WIRE, *OPERATIONS_WIRE], ids=lambda wire: parse(wire).type)
def test_the_canonical_examples_are_valid(wire: bytes) -> None:
    """What the examples' sources send is valid; what the ledger stores of it is so by the stored form."""
    assert wrong(wire) == []
    event = parse(wire)
    schema = event_schema(event.type, definitions, stored=True) | {
        "$defs": components([TYPES[event.type]], definitions)
    }
    Draft202012Validator(schema).validate(json.loads(store(event)))
    assert not Draft202012Validator(schema).is_valid(json.loads(wire))


@pytest.mark.parametrize("data", get_args(EventData), ids=lambda data: NAMES[data])
def test_what_the_language_can_say_is_valid(data: type[EventData]) -> None:
    """Every event that ingest reads is valid by the schema of its type."""

    @given(events_of(data))
    def check(event: Event) -> None:
        raw = encode(msgspec.structs.replace(event, subject=event.subject.replace("/", "|")))
        parse(raw)
        assert wrong(raw) == []

    check()


LEAVES: st.SearchStrategy[Any] = st.sampled_from(
    [
        *(None, True, 0, -1, 7.5, 101, 10**9, "", "x", "x" * 201, "x" * 20_001, "a" * 64, "lead", "fixed", [], {}),
        *("2018-12-01T00:00:00+08:00", "2018-12-01T00:00:00", "2018-13-01T00:00:00Z", "2019-02-01T24:00:00Z"),
        *("1950-01-01 00:00:00z", "2999-12-31T23:59:59.9-00:01", "3001-01-01T00:00:00Z", "2018-12-01t00:00:00+0800"),
    ]
)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each container inside a value with each of its keys."""
    keys: Any = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from places(value[key])


@st.composite
def bent(draw: st.DrawFn) -> bytes:
    """Generate an event with something in its data, at whatever depth, that may not belong there."""
    event = json.loads(encode(draw(st.sampled_from(SUBMITTED).flatmap(events_of))))
    event["subject"] = "zj-2017-07"
    for _ in range(draw(st.integers(1, 2))):
        inside = list(places(event["data"]))
        container, key = draw(st.sampled_from(inside)) if inside else (event, "data")
        change = draw(st.sampled_from(["leave out", "add", "replace", "double"])) if inside else "replace"
        match change:
            case "leave out":
                del container[key]
            case "add" if isinstance(container, dict):
                container["mood"] = draw(LEAVES)
            case "double" if isinstance(container, list):
                container.append(container[0])
            case _:
                container[key] = draw(LEAVES)
    return json.dumps(event).encode()


@given(bent())
def test_ingest_and_the_schema_refuse_the_same(raw: bytes) -> None:
    """What ingest accepts is valid; what it refuses as invalid-data is not, but for what JSON Schema cannot say."""
    try:
        parse(raw)
    except InvalidEvent as refused:
        assert refused.code == "invalid-data"  # noqa: PT017 - either ending is right
        if not any(words in refused.detail for words in INEXPRESSIBLE):
            assert wrong(raw) != [], refused.detail  # noqa: PT017 - the same
    else:
        assert wrong(raw) == []


ENVELOPES: dict[str, dict[str, object]] = {
    "another version": {"specversion": "0.3"},
    "an empty id": {"id": ""},
    "a long subject": {"subject": "x" * 151},
    "a local time": {"time": "2018-03-31T10:00:00"},
    "another content": {"datacontenttype": "text/xml"},
    "a fraction": {"share": 0.5},
    "an object": {"trace": {}},
    "a name in capitals": {"traceParent": "x"},
    "a long name": {"x" * 65: "x"},
    "what the ledger sets": {"authid": "office"},
    "when the ledger recorded it": {"recordedtime": "2018-03-31T02:00:00Z"},
    "where the ledger has it": {"position": 7},
    "both forms of data": {"data_base64": "e30="},
    "a control in the id": {"id": "a\0b"},
    "a line break after the id": {"id": "a\n"},
    "a C1 control in the id": {"id": "a\x85b"},
    "a noncharacter in the subject": {"subject": "a\uffffb"},
    "a control in an extension": {"trace": "a\x1b[2Jb"},
    "a step back in the source": {"source": "units/../office"},
    "an encoded step back in the source": {"source": "units/%2E%2e/office"},
    "a space in the source": {"source": "units/oa system/1"},
    "a source in Chinese": {"source": "units/市民政局"},
    "a large integer": {"seq": 2**31},
    "a very large integer": {"seq": 12345678901234567890123},
    "a time with a space": {"time": "2018-03-31 10:00:00+08:00"},
    "an offset without a colon": {"time": "2018-03-31T10:00:00+0800"},
    "what the ledger sets, as null": {"recordedtime": None},
}

ALSO: dict[str, dict[str, object]] = {
    "null extension": {"traceparent": None, "dataschema": None},
    "null content type": {"datacontenttype": None},
    "a charset": {"datacontenttype": "application/json; charset=utf-8"},
    "capitals": {"datacontenttype": "Application/JSON"},
    "a suffix": {"datacontenttype": 'application/vnd.duban+json ; v="1;2"'},
    "null bytes beside data": {"data_base64": None},
    "the least integer": {"seq": -(2**31)},
    "dots that are no step": {"source": "units/.a/b..c/...?x=../y"},
}


@pytest.mark.parametrize("name", ENVELOPES)
def test_what_is_no_envelope_is_invalid(name: str) -> None:
    """What ingest refuses as malformed about the attributes, the schema refuses."""
    raw = json.dumps(json.loads(WIRE[2]) | ENVELOPES[name]).encode()
    with pytest.raises(InvalidEvent):
        parse(raw)
    assert wrong(raw) != []


@pytest.mark.parametrize("name", ALSO)
def test_what_is_an_envelope_is_valid(name: str) -> None:
    """What ingest accepts about the attributes, the schema accepts."""
    raw = json.dumps(json.loads(WIRE[2]) | ALSO[name]).encode()
    parse(raw)
    assert wrong(raw) == []


def test_data_in_base64_is_valid() -> None:
    """One of both forms of data is there; neither is no event."""
    event = json.loads(WIRE[2])
    data = event.pop("data")
    assert wrong(json.dumps(event).encode()) != []
    event["data_base64"] = base64.b64encode(json.dumps(data).encode()).decode()
    raw = json.dumps(event).encode()
    assert parse(raw) == EXAMPLES["duban.progress.reported.v1"]
    assert wrong(raw) == []


@given(
    st.dictionaries(
        st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=64).map(lambda name: f"x{name}"[:64]),
        st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), max_size=20)
        | st.none()
        | st.integers(-(2**31), 2**31 - 1)
        | st.booleans(),
        max_size=3,
    )
)
def test_extension_attributes_are_valid(extensions: dict[str, Any]) -> None:
    """What CloudEvents allows beside its own attributes is accepted by both."""
    raw = json.dumps(json.loads(WIRE[2]) | extensions).encode()
    parse(raw)
    assert wrong(raw) == []


def test_a_type_of_any_kind_has_a_schema() -> None:
    """Members that are no structs, too: what a service answers is described by the same means."""
    assert schema_for(list[int], definitions) == {"type": "array", "items": {"type": "integer"}}
