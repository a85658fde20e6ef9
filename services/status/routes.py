"""Status over HTTP: rows, a task's history, and the figures."""

from typing import Annotated, Any, TypeAlias

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException, ValidationException
from litestar.params import PathParameter, QueryParameter, SkipValidation
from msgspec import Raw

from events.entries import Stored
from events.schema import OF_TASKS
from events.text import name_of
from services.common.conditional import answer_if_new
from services.common.endpoints import ENDPOINT
from services.common.moments import MOMENT
from services.contract.openapi import (
    READ,
    Named,
    answers,
    event_named,
    one_of,
    place,
    problems,
    unchanged,
)
from services.status.export.formats import EXPORTED, FORM, WantedForm
from services.status.exporting import export_tasks
from services.status.fields import Fields, read_members
from services.status.order import BadCursorError
from services.status.parameters import QUERY, Query
from services.status.past.compared import BadChangeError, changed_filter
from services.status.past_answers import TASKS, ChangedIn, Compare, compared_page, page_of, past_page
from services.status.reader import RowAt, StatusReader
from services.status.row import TaskRow

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
    [
        one_of(
            "HistoryItem", "A stored event, with its position.", [event_named(name, stored=True) for name in OF_TASKS]
        )
    ],
)

StatusEndpoint: TypeAlias = NamedDependency[SkipValidation[StatusReader]]

AsOf = Annotated[
    str | None,
    QueryParameter(
        description="As it stood at a position of the log, or at a recorded instant (RFC 3339, years 1950 to 2999)",
        schema_extra=MOMENT,
    ),
]
TaskId = Annotated[str, PathParameter(description="A task's id")]


@get(
    "/v1/{ledger:str}/tasks",
    operation_id="tasks",
    summary="Task rows",
    description="A snapshot: /changes after its position misses nothing and repeats nothing. An export has all rows.",
    dependencies=ENDPOINT | QUERY | FORM,
    responses={
        200: answers(
            TASKS, "The rows that are asked for; with `compare`, what changed in each", headers=READ, more=EXPORTED
        ),
        **unchanged(),
        **problems(400, 404),
    },
)
async def tasks(
    request: Request[Any, Any, Any],
    endpoint: StatusEndpoint,
    wanted: Query,
    form: WantedForm,
    fields: Fields = None,
    as_of: AsOf = None,
    compare: Compare = None,
    changed: ChangedIn = None,
) -> Response[bytes]:
    members = read_members(fields) if fields is not None else None
    if changed is not None and compare is None:
        raise ValidationException("changed needs compare: the position or instant since which something changed")
    try:
        kinds = changed_filter(changed)
        if form.format != "json":
            return await export_tasks(request, endpoint, (as_of, compare), wanted, form, kinds)
        if compare is not None:
            return await compared_page(request, endpoint, (as_of, compare), wanted, kinds, members)
        if as_of is not None:
            return await past_page(request, endpoint, as_of, wanted, members)
        snapshot = endpoint.board.live()
        return answer_if_new(
            request,
            snapshot.position,
            snapshot.edition,
            lambda: page_of(snapshot.select(wanted), members, endpoint.encoded),
        )
    except (BadCursorError, BadChangeError) as error:
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
    found = await endpoint.row(name_of(task), as_of)
    row = _existing(found, name_of(task))
    return answer_if_new(request, found.position, found.edition, lambda: row)


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
    found = await endpoint.row(name_of(task), as_of)
    _existing(found, name_of(task))
    history = await endpoint.board.history(name_of(task), found.position)

    def whole() -> object:
        return {"items": [_with_position(entry) for entry in history], "next": None, "total": len(history)}

    return answer_if_new(request, found.position, found.edition, whole)


ROUTES = (tasks, task_row, task_events)


def _existing(found: RowAt, task: str) -> TaskRow:
    """Return the row that was found; raises NotFoundException."""
    if found.row is None:
        detail = f"no task {task!r} is assigned at position {found.position}"
        raise NotFoundException(detail, headers={"Duban-Position": str(found.position)})
    return found.row


def _with_position(entry: Stored) -> Raw:
    """Return a stored event as a history item: its own bytes, and the position as one more member."""
    return Raw(b'%b,"position":%d}' % (entry.raw[:-1], entry.position))
