"""The versions of the language: the struct of each type name, and how older data become the newest. Pure.

A type whose shape has changed lives on beside its next version, with an upcaster: a pure, total function from its data
to those of the next version. Events of it are still accepted and kept as they were sent; whoever reads them, ingest
included, gets the newest struct. A type without an upcaster is read by msgspec itself and pays nothing for this.
"""

import re
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, TypeAlias

import msgspec

from events.strict import check_instants, holds_instants

Upcaster: TypeAlias = Callable[[Any], Any]
Reader: TypeAlias = Callable[[Any], Any]

_VERSIONED = re.compile(r"(.+\.v)([1-9][0-9]*)")


class Language:
    """Type names with their structs, and for those that are not the newest the upcaster to the next version.

    `types`, `names`, `decoders` (what reads `data` as the newest struct, from JSON) and `converters` (from builtin
    objects) are views that stay what they are.
    """

    def __init__(self, types: Mapping[str, type], upcasters: Mapping[str, Upcaster]) -> None:
        lifts = {name: _chain(name, types, upcasters) for name in upcasters}
        self._types = dict(types)
        self._names = {data: name for name, data in types.items()}
        self._decoders: dict[str, Reader] = {}
        self._converters: dict[str, Reader] = {}
        for name, data in types.items():
            decode: Reader = msgspec.json.Decoder(data).decode
            convert: Reader = partial(msgspec.convert, type=data)
            if holds_instants(data):
                convert = _with_instants(convert)
            lift = lifts.get(name)
            self._decoders[name] = decode if lift is None else _then(decode, lift)
            self._converters[name] = convert if lift is None else _then(convert, lift)
        self.types = MappingProxyType(self._types)
        self.names = MappingProxyType(self._names)
        self.decoders = MappingProxyType(self._decoders)
        self.converters = MappingProxyType(self._converters)


def following(name: str) -> str:
    """Return the name of a type's next version; raises ValueError where it names no version."""
    found = _VERSIONED.fullmatch(name)
    if found is None:
        raise ValueError(f"{name!r} names no version; a type ends in .v1, .v2 …")
    return f"{found[1]}{int(found[2]) + 1}"


def _chain(name: str, types: Mapping[str, type], upcasters: Mapping[str, Upcaster]) -> Upcaster:
    """Return what makes a type's data the newest; raises ValueError where an upcaster leads to no type."""
    if name not in types or following(name) not in types:
        missing = name if name not in types else following(name)
        raise ValueError(f"the upcaster of {name} needs the type {missing}, which is not there")
    lift = upcasters[name]
    if following(name) not in upcasters:
        return lift
    return _then(lift, _chain(following(name), types, upcasters))


def _with_instants(convert: Reader) -> Reader:
    """Return a converter that holds the instants it reads to RFC 3339."""

    def read(sent: Any) -> Any:
        data = convert(sent)
        check_instants(sent, data)
        return data

    return read


def _then(first: Callable[[Any], Any], second: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda data: second(first(data))
