"""Acknowledging over HTTP as JSON, by a token or a session."""

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, post
from litestar.exceptions import NotFoundException, PermissionDeniedException
from litestar.params import PathParameter

from events.replicas import UnconfirmedError
from services.common.bodies import read_body
from services.common.callers import caller_of
from services.common.endpoints import ENDPOINT
from services.common.outcome import Outcome
from services.common.problems import unavailable
from services.contract.openapi import JSON, answers, problems
from services.notify.acknowledger import AckOrder
from services.notify.acks import Person, refusal
from services.notify.notify_endpoint import Notify

MOST_BODY = 16_384
"""Bytes of a request: a name and a line."""

STATUS = {"accepted": 201, "duplicate": 200, "refused": 422}


@post(
    "/v1/{ledger:str}/alerts/{alert:str}/ack",
    operation_id="acknowledgeAlert",
    summary="Acknowledge an alert: nobody further is alerted until the instant named",
    description="For the office, for a reporter of the unit concerned, and for a person who is signed in as a"
    " dashboard. It is recorded as duban.alert.acknowledged.v1; the same again is recorded once.",
    status_code=201,
    opt={"body": {JSON: {"schema": AckOrder}}},
    dependencies=ENDPOINT,
    request_max_body_size=MOST_BODY,
    responses={
        200: answers(Outcome, "The same was acknowledged before"),
        201: answers(Outcome, "Acknowledged: the event is on disk"),
        422: answers(Outcome, "Refused, with the reason"),
        **problems(400, 403, 404, 413, 415),
    },
)
async def acknowledge(
    request: Request[Any, Any, Any],
    endpoint: Notify,
    alert: Annotated[str, PathParameter(description="An alert's id")],
) -> Response[bytes]:
    order = await read_body(request, AckOrder)
    found = await endpoint.acknowledger.find(alert)
    if found is None:
        raise NotFoundException(f"there is no alert {alert!r} of a task here")
    identity = caller_of(request).identity
    assert identity is not None  # the guard of the ledger's paths refuses requests without one
    name, session = identity.token.source, identity.session
    wrong = refusal(
        endpoint.acknowledger.ledger,
        name,
        found.task.units,
        found.alert.recipient,
        at_a_desk=session is not None and not session.days,
    )
    if wrong is not None:
        raise PermissionDeniedException(wrong)
    try:
        person = Person("session" if session is not None else "token", name)
        outcome = await endpoint.acknowledger.acknowledge(found.alert, person, order)
    except (TimeoutError, UnconfirmedError) as error:
        return unavailable(f"what was recorded is unknown; send the same again, which is recorded once: {error}")
    return Response(msgspec.json.encode(outcome), status_code=STATUS[outcome.outcome], media_type=JSON)
