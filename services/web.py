"""What the services' HTTP sides share: the application with health and description, and problems by RFC 9457."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from litestar import Litestar, Request, Response, get
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig, ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.types import ASGIApp, Receive, Scope, Send
from msgspec import Struct
from redis.exceptions import RedisError

PROBLEM = "application/problem+json"

RETRY_AFTER = "1"
"""Seconds after which a client may try again what cannot be done now: a server restarts in about that."""

MOST_REQUESTS = 4_000
"""Requests answered at once, streams of changes among them: each has a connection and some 50 KB of memory."""

log = structlog.get_logger()


def bounded(most: int) -> Callable[[ASGIApp], ASGIApp]:
    """Return a middleware that answers 503 beyond so many requests at once; asking after the health is always free.

    The web server's own limit would say so in plain text, and not when to try again.
    """
    under_way = 0

    def middleware(app: ASGIApp) -> ASGIApp:
        async def handle(scope: Scope, receive: Receive, send: Send) -> None:
            nonlocal under_way
            if scope["type"] != ScopeType.HTTP or scope["path"].startswith("/health/"):
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
    lifespan: Callable[[Litestar], Any],
    unready: Callable[[], Awaitable[str | None]],
    max_body: int = 1_000_000,
    most_requests: int = MOST_REQUESTS,
) -> Litestar:
    """Return a service's application; `unready` says why it cannot be used yet, None if it can."""

    @get("/health/live", summary="The process runs")
    async def live() -> dict[str, str]:
        return {"status": "live"}

    @get("/health/ready", summary="The service can be used")
    async def ready() -> Response[Any]:
        why = await unready()
        return Response({"status": "ready"}) if why is None else unavailable(why)

    return Litestar(
        [*handlers, live, ready],
        lifespan=[lifespan],
        middleware=[bounded(most_requests)],
        logging_config=None,
        request_max_body_size=max_body,
        exception_handlers={
            HTTPException: _on_http_error,
            RedisError: _on_server_away,
            Exception: _on_fault,
            413: _on_too_large,
        },
        openapi_config=OpenAPIConfig(f"duban {service}", "1", path="/v1", render_plugins=[JsonRenderPlugin()]),
    )


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None, **members: object) -> Response[bytes]:
    """Return an RFC 9457 problem; `members` are its extension members."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **members}
    return Response(
        msgspec.json.encode(body),
        status_code=status,
        media_type=PROBLEM,
        headers=dict(headers or {}),
    )


def unavailable(detail: str) -> Response[bytes]:
    """Return the problem of what cannot be done now, and may be tried again."""
    return problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, {"Retry-After": RETRY_AFTER})


class Problem(Struct):
    """What an error is described as (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str


def answers(body: Any, description: str, media_type: str = "application/json") -> ResponseSpec:
    """Return how the description of a service tells an answer."""
    return ResponseSpec(body, generate_examples=False, description=description, media_type=media_type)


def problems(*statuses: int) -> dict[int, ResponseSpec]:
    """Return how the description of a service tells the problems of these statuses."""
    return {status: answers(Problem, HTTPStatus(status).phrase, PROBLEM) for status in statuses}


def _on_too_large(request: "Request[Any, Any, Any]", _: Exception) -> Response[bytes]:
    most = request.route_handler.resolve_request_max_body_size()
    return problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body is too large; at most {most:,} bytes")


def _on_http_error(_: "Request[Any, Any, Any]", error: HTTPException) -> Response[bytes]:
    members = {"errors": error.extra} if error.extra else {}
    return problem(error.status_code, error.detail, error.headers, **members)


def _on_server_away(_: "Request[Any, Any, Any]", error: RedisError) -> Response[bytes]:
    return unavailable(f"the server cannot do this now; ask again in a moment: {error}")


def _on_fault(request: "Request[Any, Any, Any]", error: Exception) -> Response[bytes]:
    log.error("fault", path=request.url.path, exc_info=error)
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "the service has a fault; its log tells more")
