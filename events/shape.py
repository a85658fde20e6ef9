"""What of a JSON Schema may not change once it is published: its shape, which is everything but the annotations.

Two schemas have one shape if they accept the same by the same words: equal keywords, whatever the order of `required`,
`enum`, `type` or alternatives, and whatever the names under `$defs`. Titles, descriptions, examples and ids may change.
A `default` is part of the shape: it is what an event that leaves the member out has said.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

_ANNOTATIONS = frozenset(
    {"title", "description", "examples", "$id", "$schema", "$comment", "deprecated", "readOnly", "writeOnly"}
)
_BY_NAME = frozenset({"properties", "patternProperties", "dependentSchemas"})
_ONE = frozenset({"items", "additionalProperties", "propertyNames", "contains", "not", "if", "then", "else"})
_ALTERNATIVES = frozenset({"anyOf", "oneOf", "allOf"})
_SETS = frozenset({"required", "enum", "type"})

_NOTHING = object()

_SHOWN = 200
"""Characters of a value that are told: a line or two on a terminal."""


class Difference(NamedTuple):
    """Where two shapes differ: a JSON pointer (RFC 6901) into the present schema, and what is there in both."""

    pointer: str
    was: str
    now: str

    def __str__(self) -> str:
        return f"{self.pointer}: was {self.was}, is {self.now}"


def differences(published: Any, present: Any) -> list[Difference]:
    """Return where the shape of the present schema differs from that of the published one; none if they are one."""
    return list(_schemas(published, present, published, present, ""))


def _schemas(was: Any, now: Any, published: Any, present: Any, pointer: str) -> Iterator[Difference]:
    was, _ = _resolved(was, published, pointer)
    now, pointer = _resolved(now, present, pointer)
    if not (isinstance(was, dict) and isinstance(now, dict)):
        yield from _values(was, now, pointer)
        return
    for word in sorted((was.keys() | now.keys()) - _ANNOTATIONS - {"$defs"}):
        before, after, here = was.get(word, _NOTHING), now.get(word, _NOTHING), f"{pointer}/{_escaped(word)}"
        if before is _NOTHING or after is _NOTHING:
            yield from _values(before, after, here)
        elif word in _ONE:
            yield from _schemas(before, after, published, present, here)
        elif word in _BY_NAME:
            for name in sorted(before.keys() | after.keys()):
                one, other, at = before.get(name, _NOTHING), after.get(name, _NOTHING), f"{here}/{_escaped(name)}"
                if one is _NOTHING or other is _NOTHING:
                    yield from _values(one, other, at)
                else:
                    yield from _schemas(one, other, published, present, at)
        elif word in _ALTERNATIVES:
            yield from _alternatives(before, after, published, present, here)
        elif word in _SETS:
            yield from _values(_sorted(before), _sorted(after), here)
        else:
            yield from _values(before, after, here)


def _alternatives(was: Any, now: Any, published: Any, present: Any, pointer: str) -> Iterator[Difference]:
    """Leave out the alternatives that both have, and compare the others in their order."""
    left = list(was)
    others = []
    for number, one in enumerate(now):
        at = f"{pointer}/{number}"
        same = next((old for old in left if not list(_schemas(old, one, published, present, at))), _NOTHING)
        if same is _NOTHING:
            others.append((at, one))
        else:
            left.remove(same)
    for (at, one), old in zip(others, left, strict=False):
        yield from _schemas(old, one, published, present, at)
    for at, one in others[len(left) :]:
        yield from _values(_NOTHING, one, at)
    for old in left[len(others) :]:
        yield from _values(old, _NOTHING, pointer)


def _values(was: Any, now: Any, pointer: str) -> Iterator[Difference]:
    if was is _NOTHING or now is _NOTHING or _json(was) != _json(now):
        yield Difference(pointer or "/", _told(was), _told(now))


def _resolved(schema: Any, document: Any, pointer: str) -> tuple[Any, str]:
    """Return what a `$ref` of the document leads to, with the words beside it, and where that is."""
    while isinstance(schema, dict) and "$ref" in schema:
        beside = {word: value for word, value in schema.items() if word != "$ref"}
        pointer = schema["$ref"].removeprefix("#")
        found = document
        for part in pointer.split("/")[1:]:
            found = found[part.replace("~1", "/").replace("~0", "~")]
        schema = {**found, **beside} if isinstance(found, dict) else found
    return schema, pointer


def _sorted(value: Any) -> Any:
    return sorted(value, key=_json) if isinstance(value, list) else value


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _json(value: Any) -> str:
    return msgspec.json.encode(value, order="sorted").decode()


def _told(value: Any) -> str:
    text = "not there" if value is _NOTHING else _json(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
