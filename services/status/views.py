"""Queries on rows: which rows match, in which order, from which cursor on; and the figures of all. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Generic, NamedTuple, TypeVar

from msgspec import Meta, Struct

from events.text import composed
from services.status.listed import Listed
from services.status.order import Place, Sort, cursor_at, descends, place, place_of
from services.status.row import Light, State, TaskRow

L = TypeVar("L", bound=Listed)


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


class Selected(NamedTuple, Generic[L]):
    """A page of tasks, the cursor of the next page, and how many tasks match in all."""

    items: list[L]
    next: str | None
    total: int


class Overview(Struct, frozen=True):
    """The figures of a ledger at the instant `at`; `obligations` counts each unit of each task."""

    title: str
    at: datetime
    tasks: int
    lights: dict[Light, int]
    states: dict[State, int]
    overdue: int
    units: int
    obligations: int
    position: int


def select(listed: Iterable[L], query: TaskQuery) -> Selected[L]:
    """Return the page of tasks that a query asks for, all of them filtered and sorted; raises BadCursorError."""
    reached = place_of(query.cursor, query.sort) if query.cursor is not None else None
    matching = [row for row in listed if matches(query, row)]
    return page_of(rest_of(matching, query.sort, reached), query, len(matching))


def rest_of(listed: Iterable[L], sort: Sort, reached: Place | None) -> list[L]:
    """Return tasks in an order, from a place on."""
    descending = descends(sort)
    ordered = sorted(listed, key=lambda row: place(sort, row), reverse=descending)
    if reached is None:
        return ordered
    return [row for row in ordered if (place(sort, row) < reached if descending else place(sort, row) > reached)]


def page_of(rest: Sequence[L], query: TaskQuery, total: int) -> Selected[L]:
    """Return the page that begins with `rest`: as many as the query asks for, and where the next page begins."""
    items = list(rest[: query.limit])
    return Selected(items, cursor_at(query.sort, items[-1]) if len(rest) > len(items) else None, total)


def matches(query: TaskQuery, row: Listed) -> bool:
    """Return whether a query wants a task."""
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


def overview(rows: Mapping[str, TaskRow]) -> dict[str, Any]:
    """Return the figures of the whole ledger."""
    return {
        "tasks": len(rows),
        **counts(rows),
        "overdue": sum(row.overdue_since is not None and row.state != "closed" for row in rows.values()),
        "units": len({unit.unit for row in rows.values() for unit in row.units}),
        "obligations": sum(len(row.units) for row in rows.values()),
    }


def counts(rows: Mapping[str, TaskRow]) -> dict[str, dict[str, int]]:
    """Return how many tasks have each light and each state; every light and state is there, also with 0."""
    lights: dict[str, int] = {"red": 0, "yellow": 0, "green": 0, "blue": 0}
    states: dict[str, int] = {"assigned": 0, "in-progress": 0, "submitted": 0, "returned": 0, "closed": 0}
    for row in rows.values():
        lights[row.light] += 1
        states[row.state] += 1
    return {"lights": lights, "states": states}
