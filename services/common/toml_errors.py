"""Errors in a configuration file, for people: the line, the key, and what would be right. Pure."""

import re
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import inspect

from services.common.toml_lines import Path, line_of

_LOCATED = re.compile(r"^(.*?) - at `\$((?:\.|\[).*)?`$", re.DOTALL)
_RELATIVE = re.compile(r"^((?:[a-z_]+)(?:\[[0-9]+\])?(?:\.[a-z_]+(?:\[[0-9]+\])?)*): ")
_PART = re.compile(r"\.?([^.\[\]]+)|\[([0-9]+|\.\.\.)\]")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`$")
_VALUE = re.compile(r"Invalid (?:enum )?value ")


def explained(text: str, message: str, kind: type[msgspec.Struct]) -> tuple[int | None, str]:
    """Return the line of what a decoder's message about a file is about, and the message with the key and a remedy.

    `kind` is the struct that the file holds. A message may begin with a key relative to the place that the decoder
    names (`rules[1].step: …`).
    """
    found = _LOCATED.match(message)
    said, place = (found[1], found[2] or "") if found is not None else (message, "")
    relative = _RELATIVE.match(said)
    key = ".".join(part for part in (place.lstrip("."), relative[1] if relative is not None else "") if part)
    said = said[relative.end() :] if relative is not None else said
    path = _path(key)
    if (unknown := _UNKNOWN.match(said)) is not None:
        right = ", ".join(_fields(_info(kind, path)))
        path, key = (*path, unknown[1]), f"{key}.{unknown[1]}".lstrip(".")
        said = f"is no key here; right are: {right}"
    elif _VALUE.match(said) and (values := _values(_info(kind, path))):
        said = f"{said}; right are: {', '.join(values)}"
    return line_of(text, path), f"{key}: {said}" if key else said


def _path(key: str) -> Path:
    parts: list[str | int] = []
    for name, index in _PART.findall(key):
        if index == "...":
            break
        parts.append(int(index) if index else name)
    return tuple(parts)


def _info(kind: type[msgspec.Struct], path: Path) -> Any:
    """Return what msgspec knows of the type at a path."""
    info: Any = inspect.type_info(kind)
    for part in path:
        info = _struct(info)
        if isinstance(info, inspect.StructType):
            info = next((field.type for field in info.fields if field.encode_name == part), None)
        elif isinstance(info, inspect.VarTupleType):
            info = info.item_type
        elif isinstance(info, inspect.DictType):
            info = info.value_type
    return _struct(info)


def _struct(info: Any) -> Any:
    """Return a type without what stands around it: the one of a union that is not None, the bare one of a described."""
    while isinstance(info, inspect.Metadata):
        info = info.type
    if isinstance(info, inspect.UnionType):
        return next(one for one in info.types if not isinstance(one, inspect.NoneType))
    return info


def _fields(info: Any) -> Sequence[str]:
    return [field.encode_name for field in info.fields] if isinstance(info, inspect.StructType) else []


def _values(info: Any) -> Sequence[str]:
    return [str(value) for value in info.values] if isinstance(info, inspect.LiteralType) else []
