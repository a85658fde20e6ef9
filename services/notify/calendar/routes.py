"""The calendar of a unit over HTTP, for calendar programs: they send no token, so a link of its own admits them."""

import hashlib
from http import HTTPStatus
from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, QueryParameter

from services.common.access import OPEN
from services.common.conditional import has
from services.common.endpoints import endpoint_of
from services.contract.openapi import READ, answers, problems, unchanged
from services.notify.calendar.reader import CalendarReader

ICS = "text/calendar"

PRIVATE = {"Cache-Control": "private, no-cache", "Referrer-Policy": "no-referrer"}
"""The address is a secret, and the answer is its holder's: nobody else may keep it, or get the address from it."""

UNKNOWN = (
    "this link leads to no calendar: it was revoked or replaced, or is not whole;"
    " `duban notify link UNIT` makes another one"
)
"""The same whatever is wrong, so that nothing of the ledger shows without a link."""


@get(
    "/v1/{ledger:str}/units/{unit:str}/deadlines.ics",
    operation_id="deadlines",
    summary="The due days of a unit's tasks, for calendar programs (iCalendar)",
    description="The address with its key comes from `duban notify link UNIT`, and is all that is needed.",
    media_type=ICS,
    opt={OPEN: True},
    responses={
        200: answers({"type": "string"}, "The calendar (RFC 5545)", ICS, headers=READ),
        **unchanged(),
        **problems(400, 404),
    },
)
async def deadlines(
    request: Request[Any, Any, Any],
    ledger: FromPath[str],
    unit: FromPath[str],
    key: Annotated[str, QueryParameter(description="The key of the link", max_length=100)],
) -> Response[bytes]:
    calendars: CalendarReader = endpoint_of(request, ledger).calendars
    named = calendars.ledger.directory.named(unit)
    if not await calendars.admits(named, key):
        raise NotFoundException(UNKNOWN, headers=PRIVATE)
    position, body = calendars.projection.position, calendars.calendar(named)
    tag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    headers = {**PRIVATE, "Duban-Position": str(position), "ETag": f"W/{tag}"}
    if has(request, tag):
        return Response(b"", status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(body, media_type=ICS, headers=headers)
