"""Status over HTTP: rows, a task's history, the figures, and the changes as Server-Sent Events."""

import sys
from typing import Annotated, Any, TypeAlias

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException, ValidationException
from litestar.params import PathParameter, QueryParameter, SkipValidation
from litestar.response import Stream
from msgspec import Raw

from events.entries import Stored
from events.schema import TYPES
from events.text import name_of
from services.common.conditional import answer_if_new
from services.common.edge import STREAM
from services.common.endpoints import ENDPOINT, answer_at
from services.contract.openapi import (
    POSITION,
    READ,
    Named,
    answers,
    event_named,
    one_of,
    place,
    problems,
    unchanged,
)
from services.status.fields import PAGE, Fields, partial_row, read_members
from services.status.order import BadCursorError
from services.status.parameters import QUERY, Query
from services.status.reader import StatusReader, read_position
from services.status.row import TaskRow
from services.status.store import Snapshot
from services.status.views import Overview, overview

SSE = "text/event-stream"

HISTORY = Named(
    "History",
    {
        "type": "object",
        "properties": {
            "items": {"type": "array", "items": {"$ref": place("HistoryItem")}},
            "next": {"type": "null"},
            "total": {"type": "integer", "minimum": 0},
        },
        "required": ["items", "next", "total"],
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
    dependencies=ENDPOINT | QUERY,
    responses={200: answers(PAGE, "The rows that are asked for", headers=READ), **unchanged(), **problems(400, 404)},
)
async def tasks(
    request: Request[Any, Any, Any],
    endpoint: StatusEndpoint,
    wanted: Query,
    fields: Fields = None,
    as_of: AsOf = None,
) -> Response[bytes]:
    members = read_members(fields) if fields is not None else None
    snapshot = await endpoint.snapshot(as_of)

    def page() -> object:
        found = snapshot.select(wanted)
        items = found.items if members is None else [partial_row(row, members) for row in found.items]
        return {"items": items, "next": found.next, "total": found.total}

    try:
        return answer_if_new(request, snapshot.position, snapshot.edition, page)
    except BadCursorError as error:
        raise ValidationException(str(error)) from error


@get(
    "/v1/{ledger:str}/tasks/{task:str}",
    operation_id="task",
    summary="One task row",
    dependencies=ENDPOINT,
    responses={200: answers(TaskRow, "The row", headers=READ), **unchanged(), **problems(400, 404)},
)
async def task_row(
    request: Request[Any, Any, Any], endpoint: StatusEndpoint, task: TaskId, as_of: AsOf = None
) -> Response[bytes]:
    snapshot = await endpoint.snapshot(as_of)
    row = _row(snapshot, name_of(task))
    return answer_if_new(request, snapshot.position, snapshot.edition, lambda: row)


@get(
    "/v1/{ledger:str}/tasks/{task:str}/events",
    operation_id="taskEvents",
    summary="A task's history: each event as it is stored, with its position",
    dependencies=ENDPOINT,
    responses={200: answers(HISTORY, "The history, whole", headers=READ), **unchanged(), **problems(400, 404)},
)
async def task_events(
    request: Request[Any, Any, Any], endpoint: StatusEndpoint, task: TaskId, as_of: AsOf = None
) -> Response[bytes]:
    snapshot = await endpoint.snapshot(as_of)
    task = name_of(task)
    _row(snapshot, task)
    history = await endpoint.board.history(task, snapshot.position)

    def whole() -> object:
        return {"items": [_with_position(entry) for entry in history], "next": None, "total": len(history)}

    return answer_if_new(request, snapshot.position, snapshot.edition, whole)


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


@get(
    "/v1/{ledger:str}/changes",
    operation_id="changes",
    summary="Task rows as they change, as Server-Sent Events",
    description="`id:` is the position, `event: task` has a row in `data:`, `event: reset` means: take a new"
    " snapshot. A client that comes back with Last-Event-ID goes on from there. Comments come every 15 seconds.",
    media_type=SSE,
    opt={STREAM: True},
    dependencies=ENDPOINT,
    responses={
        200: answers({"type": "string", "description": "Without end."}, "The changes", SSE, POSITION),
        **problems(400, 404),
    },
)
async def changes(
    request: Request[Any, Any, Any],
    endpoint: StatusEndpoint,
    after: Annotated[
        int | None,
        QueryParameter(ge=0, description="The position of the snapshot to go on from; now, if not given"),
    ] = None,
) -> Stream:
    last = request.headers.get("last-event-id")
    if last:  # an id of the stream, too; where it is neither this nor a position, the client needs a new snapshot
        resumed = read_position(last.partition("-")[0])
        after = resumed if resumed is not None else sys.maxsize if after is None else after
    position = endpoint.board.position
    return Stream(
        endpoint.feed.follow(after, position, resumed=bool(last)),
        media_type=SSE,
        headers={"Duban-Position": str(position), "Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


ROUTES = (tasks, task_row, task_events, ledger_overview, changes)


def _row(snapshot: Snapshot, task: str) -> TaskRow:
    if task not in snapshot.rows:
        detail = f"no task {task!r} is assigned at position {snapshot.position}"
        raise NotFoundException(detail, headers={"Duban-Position": str(snapshot.position)})
    return snapshot.rows[task]


def _with_position(entry: Stored) -> Raw:
    """Return a stored event as a history item: its own bytes, and the position as one more member."""
    return Raw(b'%b,"position":%d}' % (entry.raw[:-1], entry.position))
