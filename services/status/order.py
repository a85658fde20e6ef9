"""The orders of a list of tasks, and its cursors: a cursor is a place in one order. Pure."""

import base64
from collections.abc import Callable
from typing import Any, Literal, TypeAlias

import msgspec

from services.status.listed import Listed

Sort: TypeAlias = Literal["row", "task", "due", "percent", "position", "-due", "-percent", "-position"]

Place: TypeAlias = tuple[Any, str]
"""A task's place in an order: what the order compares, and the task's id."""

NEVER = 1e12
"""Sorts a task without a due instant after those with one (Unix seconds, the year 33658)."""

KEYS: dict[str, Callable[[Listed], Any]] = {
    "row": lambda row: (row.plan, row.row or 0),
    "task": lambda row: row.task,
    "due": lambda row: row.due.timestamp() if row.due is not None else NEVER,
    "percent": lambda row: row.percent or 0,
    "position": lambda row: row.position,
}
"""What each order compares; tasks that are equal there follow each other by their ids."""

_SORT = msgspec.json.Decoder(tuple[Sort, Any, str])

_PLACES: dict[str, msgspec.json.Decoder[Any]] = {
    "row": msgspec.json.Decoder(tuple[Sort, tuple[str, int], str]),
    "task": msgspec.json.Decoder(tuple[Sort, str, str]),
    "due": msgspec.json.Decoder(tuple[Sort, float, str]),
    "percent": msgspec.json.Decoder(tuple[Sort, int | float, str]),
    "position": msgspec.json.Decoder(tuple[Sort, int, str]),
}


class BadCursorError(ValueError):
    """A cursor that no page gave."""


def place(sort: Sort, row: Listed) -> Place:
    """Return the place of a task in an order."""
    return KEYS[name_of_order(sort)](row), row.task


def name_of_order(sort: Sort) -> str:
    """Return the name of the order that a sort walks, in either direction."""
    return sort.removeprefix("-")


def descends(sort: Sort) -> bool:
    """Return whether a sort walks its order from the end."""
    return sort.startswith("-")


def cursor_at(sort: Sort, row: Listed) -> str:
    """Return the cursor of the page that follows a task."""
    return base64.urlsafe_b64encode(msgspec.json.encode((sort, *place(sort, row)))).decode()


def place_of(cursor: str, sort: Sort) -> Place:
    """Return the place that a page reached; raises BadCursorError."""
    try:
        raw = base64.urlsafe_b64decode(cursor)
        given, *_ = _SORT.decode(raw)
        _, key, task = _PLACES[name_of_order(given)].decode(raw)
    except (ValueError, msgspec.MsgspecError) as error:
        raise BadCursorError(f"cursor {cursor!r} is not one that a page gave as `next`") from error
    if given != sort:
        raise BadCursorError(f"cursor {cursor!r} is of a page sorted by {given!r}, not by {sort!r}")
    return key, task
