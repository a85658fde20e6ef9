"""The parameters of a list of tasks, read into a query."""

from typing import Annotated, TypeAlias

from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter, SkipValidation

from events.text import name_of
from services.common.moments import INSTANT, read_instant
from services.status.order import Sort
from services.status.reader import StatusReader
from services.status.row import Light, State
from services.status.views import TaskQuery

UnitName: TypeAlias = Annotated[str | None, QueryParameter(description="A unit of the task, by any of its names")]
LeadName: TypeAlias = Annotated[str | None, QueryParameter(description="Its lead unit, by any of its names")]
LightName: TypeAlias = Annotated[Light | None, QueryParameter(description="Its light")]
StateName: TypeAlias = Annotated[  # Litestar keeps `state` for itself
    State | None, QueryParameter(name="state", description="Its state")
]
Section: TypeAlias = Annotated[
    str | None, QueryParameter(description="The section of the table in which it stands, by its whole name")
]
DueBefore: TypeAlias = Annotated[
    str | None,
    QueryParameter(
        description="Due before this instant (RFC 3339, with offset, years 1950 to 2999)", schema_extra=INSTANT
    ),
]
DueAfter: TypeAlias = Annotated[
    str | None,
    QueryParameter(
        description="Due after this instant (RFC 3339, with offset, years 1950 to 2999)", schema_extra=INSTANT
    ),
]
Text: TypeAlias = Annotated[str | None, QueryParameter(description="Part of its title or id")]
Order: TypeAlias = Annotated[Sort, QueryParameter(description="The order; - turns it round")]
Limit: TypeAlias = Annotated[int, QueryParameter(ge=1, le=1_000, description="Rows in one answer")]
Cursor: TypeAlias = Annotated[str | None, QueryParameter(description="`next` of the page before")]

Query: TypeAlias = NamedDependency[SkipValidation[TaskQuery]]


async def task_query(
    endpoint: NamedDependency[SkipValidation[StatusReader]],
    unit: UnitName = None,
    lead: LeadName = None,
    light: LightName = None,
    in_state: StateName = None,
    section: Section = None,
    due_before: DueBefore = None,
    due_after: DueAfter = None,
    q: Text = None,
    sort: Order = "row",
    limit: Limit = 100,
    cursor: Cursor = None,
) -> TaskQuery:
    """Return what a request asks for, units by their own names; raises ValidationException for other text."""
    named = endpoint.board.ledger.directory.named
    return TaskQuery(
        unit=unit and named(unit),
        lead=lead and named(lead),
        light=light,
        state=in_state,
        section=section and name_of(section),
        due_before=read_instant("due_before", due_before) if due_before is not None else None,
        due_after=read_instant("due_after", due_after) if due_after is not None else None,
        q=q,
        sort=sort,
        limit=limit,
        cursor=cursor,
    )


QUERY = {"wanted": Provide(task_query)}
"""The `dependencies` of a handler with `wanted`, beside those of `endpoint`."""
