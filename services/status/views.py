"""Queries on rows: which rows match, in which order, from which cursor on. Pure."""

import base64
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypeAlias, TypeVar

import msgspec
from msgspec import Meta, Struct

from events.text import composed
from services.status.listed import Listed
from services.status.row import Light, State, TaskRow

L = TypeVar("L", bound=Listed)

Sort: TypeAlias = Literal["row", "task", "due", "percent", "position", "-due", "-percent", "-position"]

_NEVER = 1e12
"""Sorts a task without a due instant after those with one (Unix seconds, the year 33658)."""

_Reached: TypeAlias = tuple[Sort, int | float | str | tuple[str, int], str]

_KEYS: dict[str, Callable[[Listed], Any]] = {
    "row": lambda row: (row.plan, row.row or 0),
    "task": lambda row: row.task,
    "due": lambda row: row.due.timestamp() if row.due is not None else _NEVER,
    "percent": lambda row: row.percent or 0,
    "position": lambda row: row.position,
}


class TaskQuery(Struct, frozen=True):
    """A query on the rows; a member that is None restricts nothing."""

    unit: str | None = None
    lead: str | None = None
    light: Light | None = None
    state: State | None = None
    section: str | None = None
    due_before: datetime | None = None
    due_after: datetime | None = None
    q: str | None = None
    sort: Sort = "row"
    limit: Annotated[int, Meta(ge=1, le=1_000)] = 100
    cursor: str | None = None


class Page(Struct, frozen=True):
    """Some of the rows, the cursor of the next page (null on the last one), and how many rows match in all."""

    items: list[TaskRow]
    next: str | None
    total: int


class Selected(NamedTuple, Generic[L]):
    """A page of tasks, the cursor of the next page, and how many tasks match in all."""

    items: list[L]
    next: str | None
    total: int


class BadCursorError(ValueError):
    """A cursor that no page gave."""


def select(listed: Iterable[L], query: TaskQuery) -> Selected[L]:
    """Return the page of tasks that a query asks for, all of them filtered and sorted; raises BadCursorError."""
    name = query.sort.removeprefix("-")
    descending = query.sort.startswith("-")

    def order(row: Listed) -> tuple[Any, str]:
        return _KEYS[name](row), row.task

    matching = sorted((row for row in listed if _matches(query, row)), key=order, reverse=descending)
    rest = matching
    if query.cursor is not None:
        reached = _reached(query.cursor, query.sort)
        try:
            rest = [row for row in matching if (order(row) < reached if descending else order(row) > reached)]
        except TypeError as error:
            raise BadCursorError(f"cursor {query.cursor!r} is not one that a page gave as `next`") from error
    items = rest[: query.limit]
    more = len(rest) > len(items)
    return Selected(items, _cursor((query.sort, *order(items[-1]))) if more else None, len(matching))


def _matches(query: TaskQuery, row: Listed) -> bool:
    return (
        (query.unit is None or query.unit in row.unit_names)
        and (query.lead is None or row.lead == query.lead)
        and (query.light is None or row.light == query.light)
        and (query.state is None or row.state == query.state)
        and (query.section is None or row.section == query.section)
        and (query.due_before is None or (row.due is not None and row.due < query.due_before))
        and (query.due_after is None or (row.due is not None and row.due > query.due_after))
        and (query.q is None or composed(query.q) in composed(row.title) or composed(query.q) in row.task)
    )


def _cursor(reached: tuple[Any, ...]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(reached)).decode()


def _reached(cursor: str, sort: Sort) -> tuple[Any, str]:
    try:
        given, place, task = msgspec.json.decode(base64.urlsafe_b64decode(cursor), type=_Reached)
    except (ValueError, msgspec.MsgspecError) as error:
        raise BadCursorError(f"cursor {cursor!r} is not one that a page gave as `next`") from error
    if given != sort:
        raise BadCursorError(f"cursor {cursor!r} is of a page sorted by {given!r}, not by {sort!r}")
    return place, task
