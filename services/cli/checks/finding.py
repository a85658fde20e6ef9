"""The findings of a check."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Finding(NamedTuple):
    """A violated property: the check, the place, the detail."""

    check: str
    where: str
    detail: str


class TreeHead(NamedTuple):
    """The RFC 6962 head of the tree over positions 1 to `position`."""

    position: int
    digest: str


def deleted(info: Mapping[str, Any], trimmed: int = 0) -> str | None:
    """Return what XINFO STREAM shows of deleted entries; of these streams nothing goes but what was `trimmed`."""
    added, length = info.get("entries-added"), info["length"]
    if added is not None and added != trimmed + length:
        gone = f", {trimmed} trimmed" if trimmed else ""
        return f"{added} entries were added{gone}, {length} are left"
    if info.get("max-deleted-entry-id", b"0-0") != b"0-0":
        return f"entries up to {info['max-deleted-entry-id'].decode()} were deleted"
    return None
