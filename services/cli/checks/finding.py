"""What a check finds."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Finding(NamedTuple):
    """Something that does not hold, and where."""

    check: str
    where: str
    detail: str


class Head(NamedTuple):
    """The head of the tree over the events at the positions 1 to `position`."""

    position: int
    digest: str


def deleted(info: Mapping[str, Any]) -> str | None:
    """Return what XINFO STREAM shows of entries that were deleted from a stream nothing is ever deleted from."""
    added, length = info.get("entries-added"), info["length"]
    if added is not None and added != length:
        return f"{added} entries were added and {length} are there"
    if info.get("max-deleted-entry-id", b"0-0") != b"0-0":
        return f"entries up to {info['max-deleted-entry-id'].decode()} were deleted"
    return None
