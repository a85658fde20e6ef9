"""The language as JSON Schema (draft 2020-12): one schema per event type, made from the structs.

A schema is never stricter than ingest and nearly as strict. What it cannot say stands in a description: the order of
instants, the year's bounds to the hour, that no unit is named twice, that the lead is among the units, what cannot be
seen in a name.
"""

from collections.abc import Callable, Mapping
from inspect import cleandoc
from types import MappingProxyType
from typing import Any, TypeAlias, cast

import msgspec

from events.envelope import MAX_BYTES
from events.schema import OPERATIONS, TYPES, TaskAssigned, TaskAssignedV1

Schema: TypeAlias = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"

INSTANT = (
    r"^(1949-12-31|(19[5-9][0-9]|2[0-9]{3})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])|3000-01-01)"
    r"[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$(?!\n)"
)
"""RFC 3339 with an offset, of the years 1950 to 2999 in UTC, which are a day more in other zones."""

_NO_TEXT = r"\u0000-\u001f\u007f-\u009f\ufdd0-\ufdef\ufffe\uffff"
_STRING = rf"^[^{_NO_TEXT}]*$(?!\n)"
"""A CloudEvents String: without control characters and what is no character."""

_TASK_ID = rf"^[^/{_NO_TEXT}]+$(?!\n)"
"""It is one part of a URL's path."""

_SOURCE = (
    r"^(?!([^?#]*/)?(\.|%2[Ee]){1,2}([/?#]|$))"
    r"([A-Za-z0-9._~!$&'()*+,;=:@/?#\[\]-]|%[0-9A-Fa-f]{2})+$(?!\n)"
)
"""A URI-reference (RFC 3986) without the steps . and .. in its path."""

_MEDIA_TYPE = r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+/([!#$%&'*+.^_`|~0-9A-Za-z-]+\+)?[Jj][Ss][Oo][Nn]([ \t]*;.*)?[ \t]*$(?!\n)"

_BASE64 = r"^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$(?!\n)"

Place: TypeAlias = Callable[[str], str]
"""Where a document keeps the schema of a struct of this name: the target of a `$ref`."""


def definitions(name: str) -> str:
    """Return the place of a struct's schema in a document of its own."""
    return f"#/$defs/{name}"


def schema_of(name: str) -> Schema:
    """Return the published schema of an event type: a whole CloudEvent, as a source sends it."""
    structs = components([TYPES[name]], definitions)
    return {
        "$schema": DIALECT,
        "$id": f"urn:duban:schema:{name}",
        **event_schema(name, definitions),
        "$defs": structs,
    }


def components(types: list[Any], place: Place) -> dict[str, Schema]:
    """Return the schemas of structs, and of those they are made of, by name."""
    _, found = msgspec.json.schema_components(types, ref_template=place("{name}"))
    return {name: _polished(found[name]) for name in sorted(found)}


def schema_for(type: Any, place: Place) -> Schema:
    """Return the schema of any type that msgspec knows; structs are referred to."""
    (found,), _ = msgspec.json.schema_components([type], ref_template=place("{name}"))
    return cast("Schema", _polished(found))


def event_schema(name: str, place: Place, *, stored: bool = False) -> Schema:
    """Return the schema of a CloudEvent of a type, its data by reference; `stored`: with what the ledger adds."""
    data = TYPES[name]
    said = _SPEAKERS.get(data.speaker, f"From a source with the role {data.speaker}.")
    members: Schema = {
        **{attribute: dict(schema) for attribute, schema in _ATTRIBUTES.items()},
        "type": {"const": name, "description": "What happened, and the version of its shape."},
        "data": schema_for(data, place),
    }
    if data in (TaskAssigned, TaskAssignedV1):
        members["subject"]["pattern"] = _TASK_ID
    members |= _ADDED if stored else {reserved: {"not": {}, "description": said} for reserved, said in _RESERVED}
    return {
        "title": name,
        "description": f"{data.__doc__}\n\n{said} {_FORM}",
        "type": "object",
        "properties": members,
        "required": [*_REQUIRED, *(_ADDED if stored else ())],
        "anyOf": [dict(form) for form in _FORMS],
        "propertyNames": {"pattern": r"^([a-z0-9]{1,64}|data_base64)$(?!\n)"},
        "additionalProperties": {
            "type": ["string", "integer", "boolean", "null"],
            "pattern": _STRING,
            "minimum": -(2**31),
            "maximum": 2**31 - 1,
            "description": "A CloudEvents extension attribute, such as traceparent; it stays in the stored bytes. One"
            " that is null is not there.",
        },
        "examples": [example_of(name, stored=stored)],
    }


def example_of(name: str, *, stored: bool = False) -> Schema:
    """Return an example of an event type, its data made of the examples that the members have."""
    own = components([TYPES[name]], definitions)[TYPES[name].__name__]["properties"]
    source = _EXAMPLE_SOURCES[TYPES[name].speaker]
    return {
        "specversion": "1.0",
        "id": f"{name.split('.')[-2]}-07-1",
        "source": source,
        "type": name,
        "subject": "zhanjiang" if name in OPERATIONS else "zj-2017-07",
        "time": "2018-03-31T10:00:00+08:00",
        "datacontenttype": "application/json",
        "data": {member: schema["examples"][0] for member, schema in own.items() if "examples" in schema},
        **({"recordedtime": "2018-03-31T02:00:01Z", "authid": source.partition("/")[0]} if stored else {}),
    }


def _polished(schema: Any) -> Any:
    """Return a schema of msgspec's in plainer words that mean the same."""
    if isinstance(schema, list):
        return [_polished(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: part if name in _ANNOTATIONS else _polished(part) for name, part in schema.items()}
    if "description" in found:
        found["description"] = cleandoc(found["description"])
    if isinstance(found.get("default"), tuple):
        found["default"] = list(found["default"])
    found.pop("discriminator", None)  # OpenAPI's alone; the constant `kind` says the same
    if found.get("format") == "date-time":
        found["pattern"] = INSTANT
    if len(found.get("enum", ())) == 1:
        found["const"] = found.pop("enum")[0]
    choices = found.get("anyOf", [])
    if [choice.get("type") for choice in choices] == ["integer", "number"]:  # a number, whatever way it is written
        del found["anyOf"]
        found |= choices[1]
    elif choices[1:] == [{"type": "null"}]:
        said = {name: choices[0].pop(name) for name in ("description", "examples") if name in choices[0]}
        found = {**said, **found}
    return found


_EXAMPLE_SOURCES: Mapping[str | None, str] = MappingProxyType(
    {
        "assigner": "office",
        "reporter": "units",
        "notify": "notify/link",
        "operations": "commands",
        None: "duban/clock",
    }
)

_SPEAKERS: Mapping[str | None, str] = MappingProxyType(
    {
        None: "From the ledger's clock, never from a source.",
        "notify": "From notify, on behalf of a session, a token or a link, never from a source itself.",
        "operations": "From duban's own services and commands, in the ledger `ops` alone.",
    }
)

_ANNOTATIONS = frozenset({"title", "description", "examples", "default"})

_FORM = (
    f"A CloudEvent 1.0 in structured mode: one JSON object in UTF-8, at most {MAX_BYTES:,} bytes, no member twice."
    " Instants are RFC 3339 with an offset, from 1950 to 2999 (UTC). Members of `data` that are not here are refused."
    " Names of units have nothing that cannot be seen; they are compared in Unicode's NFC, without white space at their"
    " ends."
)

_INSTANT: Schema = {"type": "string", "format": "date-time", "pattern": INSTANT}

_ATTRIBUTES: Mapping[str, Schema] = MappingProxyType(
    {
        "specversion": {"const": "1.0", "description": "The version of CloudEvents."},
        "id": {
            "type": "string",
            "minLength": 1,
            "maxLength": 200,
            "pattern": _STRING,
            "description": "Together with `source` it names the submission for ever: the same bytes again are a"
            " duplicate, other bytes are refused as `id-reused`. Compared in Unicode's NFC.",
        },
        "source": {
            "type": "string",
            "minLength": 1,
            "maxLength": 200,
            "pattern": _SOURCE,
            "description": "The authenticated source's name, or that name plus `/…`: a URI-reference (RFC 3986).",
        },
        "type": {},
        "subject": {
            "type": "string",
            "minLength": 1,
            "maxLength": 150,
            "pattern": _STRING,
            "description": "The task's id. An assignment gives it, without a slash and what cannot be seen in it."
            " Compared in Unicode's NFC, without white space at its ends.",
        },
        "time": {
            **_INSTANT,
            "description": "When it happened, by the source; at most 5 minutes ahead of the ledger's clock.",
        },
        "datacontenttype": {
            "type": ["string", "null"],
            "pattern": _MEDIA_TYPE,
            "description": "What `data` is: JSON, by whichever of its media types; may be left out.",
            "examples": ["application/json"],
        },
        "data_base64": {
            "type": ["string", "null"],
            "pattern": _BASE64,
            "contentEncoding": "base64",
            "contentMediaType": "application/json",
            "description": "In place of `data`: its JSON, in UTF-8 and Base64, as SDKs write data that are bytes.",
        },
    }
)

_REQUIRED = ("specversion", "id", "source", "type", "subject", "time")

_FORMS: tuple[Schema, ...] = (
    {
        "required": ["data"],
        "properties": {"data_base64": {"type": "null", "description": "Not there beside `data`."}},
    },
    {
        "required": ["data_base64"],
        "properties": {
            "data": {"not": {}, "description": "Not there beside `data_base64`."},
            "data_base64": {"type": "string", "description": "The data."},
        },
    },
)
"""Exactly one of both."""

_RESERVED = (
    ("recordedtime", "The ledger sets this, no source."),
    ("authid", "The ledger sets this, no source."),
    ("position", "The ledger sets this, no source."),
)

_ADDED: Mapping[str, Schema] = MappingProxyType(
    {
        "recordedtime": {**_INSTANT, "description": "When the ledger recorded it, by its clock, in UTC."},
        "authid": {"type": "string", "description": "The source that was authenticated."},
    }
)
