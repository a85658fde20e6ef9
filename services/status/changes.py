"""The changes of status' rows over HTTP, as Server-Sent Events."""

import sys
from typing import Annotated, Any, TypeAlias

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter, SkipValidation
from litestar.response import Stream

from events.text import name_of
from services.common.edge import STREAM
from services.common.endpoints import ENDPOINT
from services.common.moments import read_position
from services.contract.openapi import POSITION, answers, problems
from services.status.reader import StatusReader
from services.status.window import Filter

SSE = "text/event-stream"

UNBUFFERED = {"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"}
"""Proxies pass each change on as it comes: none stores, compresses or gathers them."""

StatusEndpoint: TypeAlias = NamedDependency[SkipValidation[StatusReader]]


@get(
    "/v1/{ledger:str}/changes",
    operation_id="changes",
    summary="Task rows as they change, as Server-Sent Events",
    description="`id:` is the position, `event: task` has a row in `data:`, `event: gone` the task and position of a"
    " row that no longer matches the filter, `event: reset` means: take a new snapshot. A task that changes several"
    " times is sent once, with its latest row. A client that reconnects with Last-Event-ID resumes there. A comment"
    " is sent every 15 seconds.",
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
        QueryParameter(ge=0, description="The position after which changes are sent; the present one by default"),
    ] = None,
    unit: Annotated[str | None, QueryParameter(description="A unit of the tasks, by any of its names")] = None,
    task: Annotated[str | None, QueryParameter(description="The id of one task")] = None,
) -> Stream:
    last = request.headers.get("last-event-id")
    if last:  # an id of the stream, too; where it is neither this nor a position, the client needs a new snapshot
        resumed = read_position(last.partition("-")[0])
        after = resumed if resumed is not None else sys.maxsize if after is None else after
    board = endpoint.board
    wanted = Filter(unit and board.ledger.directory.named(unit), task and name_of(task))
    return Stream(
        endpoint.feed.follow(after, board.position, wanted, resumed=bool(last)),
        media_type=SSE,
        headers={"Duban-Position": str(board.position), **UNBUFFERED},
    )
