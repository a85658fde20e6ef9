from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from events.contract import schema_of
from events.schema import TYPES
from events.shape import differences

REPORT = schema_of("duban.progress.reported.v1")


def changed(name: str, change: Callable[[Any], object]) -> Any:
    """Return the schema of a type with something else in it."""
    schema = msgspec.json.decode(msgspec.json.encode(schema_of(name)))
    change(schema)
    return schema


def report(change: Callable[[Any], object]) -> Any:
    """Return the schema of the report with something else in its data."""
    return changed("duban.progress.reported.v1", lambda schema: change(schema["$defs"]["ProgressReported"]))


CHANGES: dict[str, tuple[Callable[[Any], object], str, str]] = {
    "a new optional member": (
        lambda data: data["properties"].update(mood={"type": "string"}),
        "/$defs/ProgressReported/properties/mood",
        'was not there, is {"type":"string"}',
    ),
    "a member that is gone": (
        lambda data: data["properties"].pop("problems"),
        "/$defs/ProgressReported/properties/problems",
        "is not there",
    ),
    "a member that is needed now": (
        lambda data: data["required"].append("percent"),
        "/$defs/ProgressReported/required",
        'was ["summary","unit"], is ["percent","summary","unit"]',
    ),
    "a limit": (
        lambda data: data["properties"]["unit"].update(maxLength=300),
        "/$defs/ProgressReported/properties/unit/maxLength",
        "was 200, is 300",
    ),
    "a limit inside an alternative": (
        lambda data: data["properties"]["percent"]["anyOf"][0].update(maximum=200),
        "/$defs/ProgressReported/properties/percent/anyOf/0/maximum",
        "was 100, is 200",
    ),
    "another default": (
        lambda data: data["properties"]["percent"].update(default=0),
        "/$defs/ProgressReported/properties/percent/default",
        "was null, is 0",
    ),
    "unknown members": (
        lambda data: data.update(additionalProperties=True),
        "/$defs/ProgressReported/additionalProperties",
        "was false, is true",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_shape_is_told_with_its_place(name: str) -> None:
    """Whatever would accept other events is a difference, with a JSON pointer into the present schema, and both."""
    change, pointer, words = CHANGES[name]
    (found,) = differences(REPORT, report(change))
    assert found.pointer == pointer
    assert words in str(found)


def test_what_a_struct_further_in_has_is_part_of_the_shape() -> None:
    """A change in evidence is found where the report refers to it."""
    other = changed(
        "duban.progress.reported.v1", lambda schema: schema["$defs"]["Evidence"]["properties"]["url"].pop("default")
    )
    assert [found.pointer for found in differences(REPORT, other)] == ["/$defs/Evidence/properties/url/default"]


def test_a_renamed_tag_is_another_shape() -> None:
    """The kinds of deadlines are told by their tags, so a tag is never renamed."""
    before = schema_of("duban.deadline.clarified.v1")
    after = changed(
        "duban.deadline.clarified.v1",
        lambda schema: schema["$defs"]["Ongoing"]["properties"]["kind"].update(const="continuous"),
    )
    (found,) = differences(before, after)
    assert (found.pointer, found.was, found.now) == (
        "/$defs/Ongoing/properties/kind/const",
        '"ongoing"',
        '"continuous"',
    )


@pytest.mark.parametrize("gone", [0, 6])
def test_an_alternative_that_is_gone_or_new_is_told_alone(gone: int) -> None:
    """One kind of deadline more or less is one difference, wherever in the list it is."""
    whole = schema_of("duban.deadline.clarified.v1")
    less = changed(
        "duban.deadline.clarified.v1",
        lambda schema: schema["$defs"]["DeadlineClarifiedV1"]["properties"]["deadline"]["anyOf"].pop(gone),
    )
    assert [found.now for found in differences(whole, less)] == ["not there"]
    assert [found.was for found in differences(less, whole)] == ["not there"]


def _say_otherwise(schema: Any) -> None:
    """Change all that people alone read, and the order of what has none."""
    if isinstance(schema, list):
        for part in schema:
            _say_otherwise(part)
    if isinstance(schema, dict):
        for word, part in schema.items():
            if word not in {"properties", "examples", "default"}:
                _say_otherwise(part)
        for part in schema.get("properties", {}).values():
            _say_otherwise(part)
        if "type" in schema or "anyOf" in schema:
            schema.update(title="Title", description="Words", examples=["x"])
        for word in ("required", "anyOf", "enum"):
            if word in schema:
                schema[word].reverse()


@pytest.mark.parametrize("name", TYPES)
def test_words_may_change(name: str) -> None:
    """Titles, descriptions, examples and the order of sets are no part of the shape; the same schema has its own."""
    own = schema_of(name)
    other = changed(name, _say_otherwise)
    assert other != own
    assert differences(own, other) == []


def test_the_name_of_a_struct_is_no_part_of_the_shape() -> None:
    """What lies under `$defs` may get another name: nobody sends it."""
    text = msgspec.json.encode(REPORT).replace(b"/Evidence", b"/Proof").replace(b'"Evidence":', b'"Proof":')
    assert differences(REPORT, msgspec.json.decode(text)) == []
