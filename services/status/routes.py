"""Status over HTTP: rows, a task's history, the figures, and the changes as Server-Sent Events."""

import sys
from datetime import datetime
from typing import Annotated, Any, TypeAlias

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException, ValidationException
from litestar.params import PathParameter, QueryParameter, SkipValidation
from litestar.response import Stream
from msgspec import Raw
from msgspec.structs import replace

from events.entries import Stored
from events.schema import TYPES
from events.text import name_of
from services.common.edge import STREAM
from services.common.endpoints import ENDPOINT, answer_at
from services.contract.openapi import POSITION, Named, answers, event_named, one_of, place, problems
from services.status.export.exports import tasks_export
from services.status.export.formats import EXPORTED, FORM, Form, Language, WantedForm
from services.status.export.sheets import About
from services.status.past.compared import BadChangeError, ComparedPage, changed_filter
from services.status.past.comparison import KINDS
from services.status.reader import StatusReader, read_instant, read_position
from services.status.row import Light, State, TaskRow
from services.status.views import BadCursorError, Page, Sort, TaskQuery, select

ALL = sys.maxsize
"""The limit of an export."""

SSE = "text/event-stream"

HISTORY = Named(
    "History",
    {
        "type": "object",
        "properties": {"items": {"type": "array", "items": {"$ref": place("HistoryItem")}}, "next": {"type": "null"}},
        "required": ["items", "next"],
    },
    [one_of("HistoryItem", "A stored event, with its position.", [event_named(name, stored=True) for name in TYPES])],
)

TASKS = Named(
    "TaskPage", {"anyOf": [{"$ref": place(page.__name__)} for page in (Page, ComparedPage)]}, [Page, ComparedPage]
)

StatusEndpoint: TypeAlias = NamedDependency[SkipValidation[StatusReader]]

AsOf = Annotated[
    str | None,
    QueryParameter(
        description="As it stood at a position of the log, or at a recorded instant (RFC 3339)",
        schema_extra={"anyOf": [{"pattern": "^[0-9]{1,18}$"}, {"format": "date-time"}]},
    ),
]
InState = Annotated[  # Litestar keeps `state` for itself
    State | None, QueryParameter(name="state", description="Its state")
]
DueBefore = Annotated[
    str | None,
    QueryParameter(description="Due before this instant (RFC 3339, with offset)", schema_extra={"format": "date-time"}),
]
DueAfter = Annotated[
    str | None,
    QueryParameter(description="Due after this instant (RFC 3339, with offset)", schema_extra={"format": "date-time"}),
]
Compare = Annotated[
    str | None,
    QueryParameter(
        description="Show what changed in each row since this position or recorded instant (RFC 3339)",
        schema_extra={"anyOf": [{"pattern": "^[0-9]{1,18}$"}, {"format": "date-time"}]},
    ),
]
ChangedIn = Annotated[
    str | None,
    QueryParameter(
        description="With `compare`: only rows with one of these changes, or `absent`, the tasks that only the other"
        " board has, as they were there",
        schema_extra={"pattern": f"^(absent|({'|'.join(KINDS)})(,({'|'.join(KINDS)}))*)$"},
    ),
]
TaskId = Annotated[str, PathParameter(description="A task's id")]


@get(
    "/v1/{ledger:str}/tasks",
    operation_id="tasks",
    summary="Task rows",
    description="A snapshot: /changes after its position misses nothing and repeats nothing. An export has all rows.",
    dependencies={**ENDPOINT, **FORM},
    responses={
        200: answers(
            TASKS,
            "The rows that are asked for; with `compare`, what changed in each",
            headers=POSITION,
            more=EXPORTED,
        ),
        **problems(400, 404),
    },
)
async def tasks(
    endpoint: StatusEndpoint,
    form: WantedForm,
    unit: Annotated[str | None, QueryParameter(description="A unit of the task, by any of its names")] = None,
    lead: Annotated[str | None, QueryParameter(description="Its lead unit, by any of its names")] = None,
    light: Annotated[Light | None, QueryParameter(description="Its light")] = None,
    in_state: InState = None,
    due_before: DueBefore = None,
    due_after: DueAfter = None,
    section: Annotated[str | None, QueryParameter(description="The part of the table it stands in")] = None,
    q: Annotated[str | None, QueryParameter(description="Part of its title or id")] = None,
    sort: Annotated[Sort, QueryParameter(description="The order; - turns it round")] = "row",
    limit: Annotated[int, QueryParameter(ge=1, le=1_000, description="Rows in one answer")] = 100,
    cursor: Annotated[str | None, QueryParameter(description="`next` of the page before")] = None,
    as_of: AsOf = None,
    compare: Compare = None,
    changed: ChangedIn = None,
) -> Response[bytes]:
    if changed is not None and compare is None:
        raise ValidationException("changed needs compare: the position or instant since which something changed")
    before = read_instant("due_before", due_before) if due_before is not None else None
    named = endpoint.board.ledger.directory.named
    after = read_instant("due_after", due_after) if due_after is not None else None
    own_unit, own_lead = unit and named(unit), lead and named(lead)
    part = section and name_of(section)
    query = TaskQuery(own_unit, own_lead, light, in_state, part, before, after, q, sort, limit, cursor)
    if form.format != "json":
        if compare is not None:
            raise ValidationException("a comparison is JSON only; leave out compare, or the format of an export")
        return await _export(endpoint, as_of, query, form)
    try:
        if compare is not None:
            return answer_at(*await endpoint.compared(as_of, compare, query, changed_filter(changed)))
        if as_of is not None:
            return answer_at(*await endpoint.past_page(as_of, query))
        snapshot = endpoint.board.live()
        found = select(snapshot.rows.values(), query)
    except (BadCursorError, BadChangeError) as error:
        raise ValidationException(str(error)) from error
    return answer_at(snapshot.position, Page(found.items, found.next, found.total))


@get(
    "/v1/{ledger:str}/tasks/{task:str}",
    operation_id="task",
    summary="One task row",
    dependencies=ENDPOINT,
    responses={200: answers(TaskRow, "The row", headers=POSITION), **problems(400, 404)},
)
async def task_row(endpoint: StatusEndpoint, task: TaskId, as_of: AsOf = None) -> Response[bytes]:
    return answer_at(*await _row(endpoint, name_of(task), as_of))


@get(
    "/v1/{ledger:str}/tasks/{task:str}/events",
    operation_id="taskEvents",
    summary="A task's history: each event as it is stored, with its position",
    dependencies=ENDPOINT,
    responses={200: answers(HISTORY, "The history, whole", headers=POSITION), **problems(400, 404)},
)
async def task_events(endpoint: StatusEndpoint, task: TaskId, as_of: AsOf = None) -> Response[bytes]:
    task = name_of(task)
    position, _ = await _row(endpoint, task, as_of)
    history = await endpoint.board.history(task, position)
    return answer_at(position, {"items": [_with_position(entry) for entry in history], "next": None})


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


ROUTES = (tasks, task_row, task_events, changes)


def about(endpoint: StatusReader, at: datetime, position: int, language: Language) -> About:
    """Return what an export is about: the ledger, and the instant and position that it shows."""
    ledger = endpoint.board.ledger
    return About(ledger.title, at.astimezone(ledger.zone), position, language)


async def _export(endpoint: StatusReader, as_of: str | None, query: TaskQuery, form: Form) -> Response[bytes]:
    """Return all rows that match a query as a file, whatever page it asks for."""
    whole = replace(query, limit=ALL, cursor=None)
    at = endpoint.clock.now()
    if as_of is None:
        position, rows = endpoint.board.live()
        items = select(rows.values(), whole).items
    else:
        at = (await endpoint.past(as_of)).at or at
        position, page = await endpoint.past_page(as_of, whole)
        items = page.items
    return await tasks_export(items, form.format, about(endpoint, at, position, form.language), endpoint.board.ledger)


async def _row(endpoint: StatusReader, task: str, as_of: str | None) -> tuple[int, TaskRow]:
    """Return the position and the row of a task now or as of a moment; raises NotFoundException."""
    if as_of is None:
        snapshot = endpoint.board.live()
        position, row = snapshot.position, snapshot.rows.get(task)
    else:
        position, row = await endpoint.past_row(as_of, task)
    if row is None:
        detail = f"no task {task!r} is assigned at position {position}"
        raise NotFoundException(detail, headers={"Duban-Position": str(position)})
    return position, row


def _with_position(entry: Stored) -> Raw:
    """Return a stored event as a history item: its own bytes, and the position as one more member."""
    return Raw(b'%b,"position":%d}' % (entry.raw[:-1], entry.position))
