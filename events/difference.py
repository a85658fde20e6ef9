"""How two rows differ: by the names of their members. Pure."""

from collections.abc import Iterator

import msgspec
from msgspec import Struct


def members(before: Struct | None, after: Struct | None) -> list[str]:
    """Return the dotted names of the members in which two rows differ; the row itself is `.` where one is missing."""
    if before is None or after is None or type(before) is not type(after):
        return [] if before == after else ["."]
    return list(_members(before, after))


def _members(before: Struct, after: Struct) -> Iterator[str]:
    for field in msgspec.structs.fields(before):
        old, new = getattr(before, field.name), getattr(after, field.name)
        if old == new:
            continue
        if isinstance(old, Struct) and type(old) is type(new):
            yield from (f"{field.name}.{inner}" for inner in _members(old, new))
        else:
            yield field.name
