"""Status over HTTP: rows, a task's history, and the figures."""

from typing import Annotated, TypeAlias

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException, ValidationException
from litestar.params import PathParameter, QueryParameter, SkipValidation
from msgspec import Raw

from events.entries import Stored
from events.schema import TYPES
from events.text import name_of
from services.common.endpoints import ENDPOINT, answer_at
from services.contract.openapi import POSITION, Named, answers, event_named, one_of, place, problems
from services.status.reader import StatusReader, read_instant
from services.status.row import Light, State, TaskRow
from services.status.store import Snapshot
from services.status.views import BadCursorError, Overview, Page, Sort, TaskQuery, overview, select

HISTORY = Named(
    "History",
    {
        "type": "object",
        "properties": {"items": {"type": "array", "items": {"$ref": place("HistoryItem")}}, "next": {"type": "null"}},
        "required": ["items", "next"],
    },
    [one_of("HistoryItem", "A stored event, with its position.", [event_named(name, stored=True) for name in TYPES])],
)

StatusEndpoint: TypeAlias = NamedDependency[SkipValidation[StatusReader]]

AsOf = Annotated[
    str | None,
    QueryParameter(
        description="As it stood at a position of the log, or at a recorded instant (RFC 3339)",
        schema_extra={"anyOf": [{"pattern": "^[0-9]{1,18}$"}, {"format": "date-time"}]},
    ),
]
TaskId = Annotated[str, PathParameter(description="A task's id")]


@get(
    "/v1/{ledger:str}/tasks",
    operation_id="tasks",
    summary="Task rows",
    description="A snapshot: /changes after its position misses nothing and repeats nothing.",
    dependencies=ENDPOINT,
    responses={200: answers(Page, "The rows that are asked for", headers=POSITION), **problems(400, 404)},
)
async def tasks(
    endpoint: StatusEndpoint,
    unit: Annotated[str | None, QueryParameter(description="A unit of the task, by any of its names")] = None,
    lead: Annotated[str | None, QueryParameter(description="Its lead unit, by any of its names")] = None,
    light: Annotated[Light | None, QueryParameter(description="Its light")] = None,
    in_state: Annotated[  # Litestar keeps `state` for itself
        State | None, QueryParameter(name="state", description="Its state")
    ] = None,
    due_before: Annotated[
        str | None,
        QueryParameter(
            description="Due before this instant (RFC 3339, with offset)", schema_extra={"format": "date-time"}
        ),
    ] = None,
    q: Annotated[str | None, QueryParameter(description="Part of its title or id")] = None,
    sort: Annotated[Sort, QueryParameter(description="The order; - turns it round")] = "row",
    limit: Annotated[int, QueryParameter(ge=1, le=1_000, description="Rows in one answer")] = 100,
    cursor: Annotated[str | None, QueryParameter(description="`next` of the page before")] = None,
    as_of: AsOf = None,
) -> Response[bytes]:
    snapshot = await endpoint.snapshot(as_of)
    before = read_instant("due_before", due_before) if due_before is not None else None
    named = endpoint.board.ledger.directory.named
    query = TaskQuery(unit and named(unit), lead and named(lead), light, in_state, before, q, sort, limit, cursor)
    try:
        return answer_at(snapshot.position, select(snapshot.rows, query))
    except BadCursorError as error:
        raise ValidationException(str(error)) from error


@get(
    "/v1/{ledger:str}/tasks/{task:str}",
    operation_id="task",
    summary="One task row",
    dependencies=ENDPOINT,
    responses={200: answers(TaskRow, "The row", headers=POSITION), **problems(400, 404)},
)
async def task_row(endpoint: StatusEndpoint, task: TaskId, as_of: AsOf = None) -> Response[bytes]:
    snapshot = await endpoint.snapshot(as_of)
    return answer_at(snapshot.position, _row(snapshot, name_of(task)))


@get(
    "/v1/{ledger:str}/tasks/{task:str}/events",
    operation_id="taskEvents",
    summary="A task's history: each event as it is stored, with its position",
    dependencies=ENDPOINT,
    responses={200: answers(HISTORY, "The history, whole", headers=POSITION), **problems(400, 404)},
)
async def task_events(endpoint: StatusEndpoint, task: TaskId, as_of: AsOf = None) -> Response[bytes]:
    snapshot = await endpoint.snapshot(as_of)
    task = name_of(task)
    _row(snapshot, task)
    history = await endpoint.board.history(task, snapshot.position)
    return answer_at(snapshot.position, {"items": [_with_position(entry) for entry in history], "next": None})


@get(
    "/v1/{ledger:str}/overview",
    operation_id="overview",
    summary="The figures of the ledger",
    dependencies=ENDPOINT,
    responses={200: answers(Overview, "The figures", headers=POSITION), **problems(400, 404)},
)
async def ledger_overview(endpoint: StatusEndpoint, as_of: AsOf = None) -> Response[bytes]:
    snapshot = await endpoint.snapshot(as_of)
    at = endpoint.clock.now().astimezone(endpoint.board.ledger.zone)
    figures = Overview(endpoint.board.ledger.title, at, **overview(snapshot.rows), position=snapshot.position)
    return answer_at(snapshot.position, figures)


ROUTES = (tasks, task_row, task_events, ledger_overview)


def _row(snapshot: Snapshot, task: str) -> TaskRow:
    if task not in snapshot.rows:
        detail = f"no task {task!r} is assigned at position {snapshot.position}"
        raise NotFoundException(detail, headers={"Duban-Position": str(snapshot.position)})
    return snapshot.rows[task]


def _with_position(entry: Stored) -> Raw:
    """Return a stored event as a history item: its own bytes, and the position as one more member."""
    return Raw(b'%b,"position":%d}' % (entry.raw[:-1], entry.position))
