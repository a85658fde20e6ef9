"""The application of every service: its handlers, health and descriptions, and errors as problems by RFC 9457."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cache
from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from litestar import Request, Response, get
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException, ValidationException
from litestar.handlers import BaseRouteHandler
from litestar.types import ASGIApp, Receive, Scope, Send
from redis.exceptions import RedisError

from services.common.access import CLOSED, Access, guard
from services.common.clock import ClockError
from services.common.compression import compressed
from services.common.edge import Service, stream_bound
from services.common.ending import StreamWatch
from services.common.endpoints import Endpoint
from services.common.identity import Remembered
from services.common.lifespan import Lifespan
from services.common.limits import LIMITS, Limits
from services.common.metrics import Metrics, metrics
from services.common.problems import problem, unavailable
from services.common.settings import published
from services.contract.openapi import HEALTH, answers, describe, problems, query_parameters

OPENAPI = "application/vnd.oai.openapi+json"
ASYNCAPI = "application/vnd.aai.asyncapi+json"

NO_ENDPOINTS: Mapping[str, Endpoint] = {}

KEEPS = "keeps what is wrong"
"""The `opt` of a handler that checks the query itself, as it keeps what it refuses."""

MOST_REQUESTS = 4_000
"""Concurrent requests, streams of changes included: each has a connection and about 50 KB of memory."""

_STATUS = {"type": "object", "properties": {"status": {"enum": ["live", "ready"]}}, "required": ["status"]}
_READY = {
    **_STATUS,
    "properties": {
        "status": {"enum": ["ready"]},
        "warnings": {
            "type": "array",
            "items": {"type": "string"},
            "description": "What an operator should see to; absent where there is nothing",
        },
    },
}

_SUMMARIES = {
    "ingest": "Takes events and documents in: decides on each, and records what it accepts.",
    "status": "Tells where the tasks stand, now and at any past position or instant, and what changes.",
    "notify": "Tells what alerts there were, and what became of them.",
}

log = structlog.get_logger()


class NeedsOperator(str):
    """Why a service cannot be used in full until an operator decides; waiting does not help."""

    __slots__ = ()


def bounded(most: int) -> Callable[[ASGIApp], ASGIApp]:
    """Return a middleware that answers 503 beyond so many concurrent requests; requests for health do not count.

    The web server's own limit would answer in plain text, without Retry-After.
    """
    under_way = 0

    def middleware(app: ASGIApp) -> ASGIApp:
        async def handle(scope: Scope, receive: Receive, send: Send) -> None:
            nonlocal under_way
            if scope["type"] != ScopeType.HTTP or scope["path"].startswith(HEALTH):
                await app(scope, receive, send)
            elif under_way >= most:
                full = unavailable(f"{most:,} requests are being answered, which are the most at once; ask again")
                await full.to_asgi_response(None, Request(scope))(scope, receive, send)
            else:
                under_way += 1
                try:
                    await app(scope, receive, send)
                finally:
                    under_way -= 1

        return handle

    return middleware


def application(
    service: str,
    handlers: Sequence[Any],
    lifespan: Lifespan,
    unready: Callable[[], Awaitable[str | None]],
    max_body: int = 1_000_000,
    most_requests: int = MOST_REQUESTS,
    limits: Limits = LIMITS,
    endpoints: Mapping[str, Endpoint] = NO_ENDPOINTS,
    access: Access = CLOSED,
    warnings: Callable[[], Sequence[str]] = tuple,
) -> Service:
    """Return an application of `endpoints` by ledger; `unready` is why it cannot be used, `warnings` what to see to."""
    every = (*handlers, live, ready, metrics, openapi, asyncapi)
    description, measured = describe(f"duban {service}", _SUMMARIES[service], every), Metrics(service, endpoints)
    state = {
        "description": description,
        "description_bytes": msgspec.json.encode(description),
        "parameters": query_parameters(description),
        "unready": unready,
        "warnings": warnings,
        "endpoints": endpoints,
        "access": access,
        "remembered": (remembered := Remembered(endpoints)),
        "watch": StreamWatch(endpoints, remembered),
        "metrics": measured,
    }
    return Service(
        every,
        lifespan=[lifespan],
        middleware=[measured.measuring, stream_bound, bounded(most_requests), compressed],
        logging_config=None,
        guards=[guard, _sound_query],
        request_max_body_size=max_body,
        exception_handlers=_EXCEPTION_HANDLERS,
        openapi_config=None,
        state=State(state, deep_copy=False),  # the endpoints are added as they open
        limits=limits,
    )


@get(
    "/health/live",
    summary="The process runs",
    responses={200: answers(_STATUS, "It runs")},
)
async def live() -> dict[str, str]:
    return {"status": "live"}


@get(
    "/health/ready",
    summary="The service can be used",
    responses={200: answers(_READY, "It can"), **problems(503)},
)
async def ready(request: Request[Any, Any, Any]) -> Response[Any]:
    why = await request.app.state.unready()
    if why is None:
        warnings = request.app.state.warnings()
        return Response({"status": "ready", **({"warnings": list(warnings)} if warnings else {})})
    return unavailable(str(why), needs="operator") if isinstance(why, NeedsOperator) else unavailable(why)


@get(
    "/v1/openapi.json",
    summary="This description (OpenAPI 3.1)",
    media_type=OPENAPI,
    responses={200: answers({"type": "object"}, "The description of this service", OPENAPI)},
)
async def openapi(request: Request[Any, Any, Any]) -> Response[bytes]:
    return Response(request.app.state.description_bytes, media_type=OPENAPI)


@get(
    "/asyncapi",
    summary="The description of the streams (AsyncAPI 3.0)",
    media_type=ASYNCAPI,
    responses={200: answers({"type": "object"}, "The description of all streams of duban", ASYNCAPI)},
)
async def asyncapi() -> Response[bytes]:
    return Response(_streams(), media_type=ASYNCAPI)


async def _sound_query(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Refuse a query that the description does not allow, except to handlers that check it themselves."""
    if connection.scope["query_string"] and KEEPS not in handler.opt:
        wrong = query_fault(connection, connection.app.state.parameters[connection.scope["path_template"]])
        if wrong is not None:
            raise ValidationException(wrong)


def query_fault(connection: ASGIConnection[Any, Any, Any, Any], known: Mapping[str, bool]) -> str | None:
    """Return what is wrong with a query, None if nothing is: a misspelt or repeated parameter must not be ignored.

    `known` has the parameters by name, and whether each accepts any text: for others Litestar reads `null` as absent.
    """
    names = ", ".join(sorted(known))
    for name in dict.fromkeys(connection.query_params):
        if name not in known:
            return f"the query has {name!r}; " + (f"it may have: {names}" if names else "it may have no parameters")
        values = connection.query_params.getall(name)
        if len(values) > 1:
            return f"the query has {name!r} {len(values)} times; once is right"
        if values[0] == "null" and not known[name]:
            return f"{name!r} is null in the query; leave it out where nothing is asked of it"
    return None


def _on_too_large(request: "Request[Any, Any, Any]", _: Exception) -> Response[bytes]:
    most = request.route_handler.resolve_request_max_body_size()
    return problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body is too large; at most {most:,} bytes")


def _on_http_error(_: "Request[Any, Any, Any]", error: HTTPException) -> Response[bytes]:
    members = {"errors": error.extra} if error.extra else {}
    return problem(error.status_code, error.detail, error.headers, **members)


def _on_server_away(_: "Request[Any, Any, Any]", error: RedisError | ClockError) -> Response[bytes]:
    return unavailable(f"the server cannot do this now; ask again in a moment: {error}")


def _on_fault(request: "Request[Any, Any, Any]", error: Exception) -> Response[bytes]:
    log.error("fault", path=request.url.path, exc_info=error)
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "the service failed; the error is in its log")


@cache
def _streams() -> bytes:
    """Return the description of the streams as it is published: no service knows those of the others."""
    return published("asyncapi.json").read_bytes()


_EXCEPTION_HANDLERS: dict[int | type[Exception], Any] = {
    HTTPException: _on_http_error,
    RedisError: _on_server_away,
    ClockError: _on_server_away,
    Exception: _on_fault,
    413: _on_too_large,
}
