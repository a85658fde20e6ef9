"""What is asked of a submitted event beyond its schema, by CloudEvents 1.0 and RFC 3339. Pure.

Stored events are read without these rules: a log stays readable when they become stricter.
"""

import json
import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import Struct

from events.text import NONCHARACTERS, codepoint, composed, quoted

INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})")
"""RFC 3339, 5.6; msgspec, which looks at the digits, also takes a space for the T and an offset without its colon."""

_ATTRIBUTES = frozenset(
    {"specversion", "id", "source", "type", "subject", "time", "datacontenttype", "data", "data_base64"}
)
_RESERVED = frozenset({"recordedtime", "authid", "position"})
_EXTENSION_NAME = re.compile(r"[a-z0-9]{1,64}")
_INTEGER = range(-(2**31), 2**31)
"""CloudEvents 1.0, 2.2: an Integer has 32 bits."""

_NAME = r"[!#$%&'*+.^_`|~0-9a-z-]+"
"""A token of RFC 9110, 5.6.2: each part of a media type."""

_JSON = re.compile(
    rf'{_NAME}/({_NAME}\+)?json([ \t]*;[ \t]*{_NAME}=({_NAME}|"[^"\x00-\x1f\x7f]*"))*[ \t]*;?[ \t]*',
    re.IGNORECASE | re.ASCII,
)
"""The media types whose subtype is json or ends in +json (CloudEvents' JSON format, 3.1), with any parameters."""

_PCHAR = r"[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2}"
_URI_REFERENCE = re.compile(
    rf"([A-Za-z][A-Za-z0-9+.-]*:)?(//({_PCHAR}|[\[\]])*)?(?P<path>({_PCHAR}|/)*)"
    rf"(\?({_PCHAR}|[/?])*)?(#({_PCHAR}|[/?])*)?"
)
_NOT_IN_URIS = re.compile(r"[^A-Za-z0-9._~!$&'()*+,;=:@/?#\[\]%-]")
_ENCODED_DOT = re.compile(r"%2e", re.IGNORECASE)

_CACHED = 4_096
"""Sources that are remembered: a ledger has some hundred, and every event has one of them."""


def check_members(members: Mapping[str, Any]) -> None:
    """Raise ValueError for attributes that CloudEvents does not allow; one that is null is not there."""
    if isinstance(time := members.get("time"), str):
        _check_instant("time", time)
    if _ATTRIBUTES.issuperset(members):
        return
    for name in members.keys() - _ATTRIBUTES:
        if name in _RESERVED:  # null, too: the ledger, which adds it, would make it a member that is there twice
            raise ValueError(f"the attribute {quoted(name)} is not for sources to set")
        if _EXTENSION_NAME.fullmatch(name) is None:
            raise ValueError(
                f"the attribute {quoted(name)} is not CloudEvents: names are lower-case letters and digits"
            )
        value = members[name]
        if isinstance(value, str):
            check_text(name, value)
        elif isinstance(value, int) and value not in _INTEGER:
            raise ValueError(
                f"the attribute {quoted(name)} is not CloudEvents: an integer has 32 bits,"
                f" from {_INTEGER[0]} to {_INTEGER[-1]}; write a larger number as a string"
            )
        elif not isinstance(value, int | None):
            raise ValueError(
                f"the attribute {quoted(name)} is not CloudEvents: values are strings, integers or booleans"
            )


def check_doubles(raw: bytes) -> None:
    """Raise ValueError for a member that is there twice, which two parsers could read differently (RFC 7493)."""
    json.loads(raw, object_pairs_hook=_no_doubles)


def check_text(name: str, text: str) -> None:
    """Raise ValueError for what a CloudEvents String may not hold: controls and what is no character."""
    if text.isprintable():
        return
    odd = next((char for char in text if unicodedata.category(char) == "Cc" or char in NONCHARACTERS), None)
    if odd is not None:
        raise ValueError(f"{name} {quoted(text)} has {codepoint(odd)}: texts have no control characters (CloudEvents)")


def check_composed(name: str, text: str, most: int) -> None:
    """Raise ValueError for what is longer in NFC than it may be: a few characters become two or three there."""
    length = len(composed(text))
    if length > most:
        raise ValueError(f"{name} {quoted(text)} has {length} characters in Unicode's NFC; at most {most} are right")


def check_source(source: str) -> None:
    """Raise ValueError for a source that is no URI-reference (RFC 3986), or whose path leads elsewhere."""
    wrong = _source_fault(source)
    if wrong is not None:
        raise ValueError(f"source {quoted(source)} {wrong}")


def check_media_type(text: str) -> None:
    """Raise ValueError for a `datacontenttype` that is no JSON."""
    if _JSON.fullmatch(text) is None:
        raise ValueError(
            f"datacontenttype {quoted(text)} is not JSON; application/json is right, with parameters or as +json, too"
        )


def check_instants(sent: Any, read: Any, path: str = "$") -> None:
    """Raise ValueError where an instant was not sent as RFC 3339 has it; `read` is what the builtin objects became."""
    if isinstance(read, datetime):
        if isinstance(sent, str):
            _check_instant(f"`{path}`", sent)
    elif isinstance(read, Struct):
        for member, name in _members_with_instants(type(read)):
            if name in sent:
                check_instants(sent[name], getattr(read, member), f"{path}.{name}")
    elif isinstance(read, tuple):
        for number, (one, other) in enumerate(zip(sent, read, strict=True)):
            check_instants(one, other, f"{path}[{number}]")


def holds_instants(data: Any) -> bool:
    """Return whether a type has instants, at whatever depth."""
    return b'"date-time"' in msgspec.json.encode(msgspec.json.schema(data))


@lru_cache(_CACHED)
def _members_with_instants(struct: type[Struct]) -> tuple[tuple[str, str], ...]:
    """Return those members of a struct that are looked into, by their names in Python and in JSON."""
    return tuple((one.name, one.encode_name) for one in msgspec.structs.fields(struct) if holds_instants(one.type))


def _check_instant(name: str, text: str) -> None:
    if INSTANT.fullmatch(text) is None:
        raise ValueError(f"{name} {quoted(text)} is not RFC 3339; 2018-12-20T09:00:00+08:00 would be")


@lru_cache(_CACHED)
def _source_fault(source: str) -> str | None:
    found = _URI_REFERENCE.fullmatch(source)
    if found is None:
        odd = _NOT_IN_URIS.search(source)
        what = f"it has {quoted(odd[0])}, which is percent-encoded there" if odd is not None else "see RFC 3986, 4.1"
        return f"is no URI-reference: {what}"
    if not {".", ".."}.isdisjoint(_ENCODED_DOT.sub(".", found["path"]).split("/")):
        return "has a step (. or ..) in its path, which would be taken out of it; name the source as it is"
    return None


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        double = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the member {quoted(double)} is there twice")
    return members
