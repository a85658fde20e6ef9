"""Forwarding: the page has one origin, so status passes what it asks of ingest and notify on to them, and nothing else.

The sender's token or cookie goes along and is looked up there again: status only refuses who has neither.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import Any, Literal

import httpx
import structlog
from litestar import Request, get, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, Receive, Scope, Send

from services.common.access import BY_LINK, OPEN
from services.common.callers import caller_of
from services.common.problems import RETRY_AFTER, problem
from services.common.web import KEEPS

TIMEOUT = httpx.Timeout(connect=5.0, read=120.0, write=65.0, pool=5.0)
"""Seconds: to reach a service on the same network; for its answer, which a large document delays longest; for it to
take a piece of a body, longer than ingest itself waits for one."""

HOP_BY_HOP = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding"
    b" upgrade".split()
)
"""Headers that are about one connection (RFC 9110, 7.6.1), besides those that `Connection` names."""

_SET_HERE = frozenset({b"x-forwarded-for", b"x-forwarded-proto", b"forwarded", b"expect"})
"""What others than trusted proxies put there is not passed on."""

_ADDED = frozenset({b"date", b"server"})
"""The web server adds its own."""

ACK_FORM = "alerts/{alert:str}/ack/form"
"""The form that a message links to: notify looks at the secret in its link."""

LINKED = {OPEN: True, BY_LINK: True}

Target = Literal["ingest", "notify"]

log = structlog.get_logger()


class Forwarder:
    """The services that status forwards to, by name, and the client that does it."""

    def __init__(self, addresses: Mapping[Target, str], timeout: httpx.Timeout = TIMEOUT) -> None:
        self.addresses = addresses
        self._timeout = timeout
        limits = httpx.Limits(
            max_connections=None, max_keepalive_connections=0
        )  # a kept connection can be closed just as it is used
        self._client = httpx.AsyncClient(limits=limits, trust_env=False, follow_redirects=False)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def answer(self, target: Target, request: Request[Any, Any, Any]) -> ASGIApp:
        """Return the answer of another service to a request, as an application that passes it on piece by piece."""
        scope: Any = request.scope
        has_body = any(name in {b"content-length", b"transfer-encoding"} for name, _ in scope["headers"])
        query = scope["query_string"]
        path = scope["raw_path"].partition(b"?")[0] + (b"?" + query if query else b"")  # as it came, not normalised
        sent = httpx.Request(
            scope["method"],
            httpx.URL(self.addresses[target]).copy_with(raw_path=path),
            headers=_passed_on(request),
            content=_pieces(request) if has_body else None,
            extensions={"timeout": self._timeout.as_dict()},
        )
        try:
            answer = await self._client.send(sent, stream=True)
        except httpx.TimeoutException as error:
            return _away(request, 504, f"{target} did not answer in time: {type(error).__name__}")
        except httpx.HTTPError as error:
            return _away(request, 502, f"{target} cannot be reached now: {type(error).__name__}")
        return _Answer(target, answer)


class _Answer:
    """An answer that is passed on as it comes."""

    def __init__(self, target: Target, answer: httpx.Response) -> None:
        self._target = target
        self._answer = answer

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [pair for pair in map(_for_any_origin, _without(self._answer.headers.raw)) if _is_passed_on(pair)]
        try:
            await send({"type": "http.response.start", "status": self._answer.status_code, "headers": headers})
            async for piece in self._answer.aiter_raw():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        except httpx.HTTPError as error:  # the server closes the connection of an answer that is not complete
            log.warning("an answer broke off", target=self._target, error=type(error).__name__)
            return
        finally:
            await self._answer.aclose()
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _forwarded(method: Callable[..., Any], target: Target, *paths: str, **opt: Any) -> HTTPRouteHandler:
    """Return the handler that passes requests for some paths of a ledger on; the other service has the bounds."""

    async def forwarded(request: Request[Any, Any, Any]) -> ASGIApp:
        return await _forward(target, request)

    full = [f"/v1/{{ledger:str}}/{path}" for path in paths]
    handler: HTTPRouteHandler = method(
        full, include_in_schema=False, opt={KEEPS: True, **opt}, request_max_body_size=None
    )(forwarded)
    return handler


FORWARDED = (
    _forwarded(get, "notify", "alerts"),
    _forwarded(post, "notify", "alerts/{alert:str}/ack"),
    _forwarded(get, "notify", ACK_FORM, **LINKED),
    _forwarded(post, "notify", ACK_FORM, **LINKED),
    _forwarded(get, "notify", "units/{unit:str}/deadlines.ics", **{OPEN: True}),  # its address admits to it
    _forwarded(post, "ingest", "events", "schedules"),
)


async def _forward(target: Target, request: Request[Any, Any, Any]) -> ASGIApp:
    if {".", ".."} & set(request.scope["path"].split("/")):  # a proxy could read another path than the guard did
        raise NotFoundException("the path has a step that is a dot or two; no path here has")
    forwarder: Forwarder = request.app.state.forwarder
    return await forwarder.answer(target, request)


def _passed_on(request: Request[Any, Any, Any]) -> list[tuple[bytes, bytes]]:
    """Return the headers for the other service: those of the request, and where it came from."""
    scope: Any = request.scope
    caller = caller_of(request)
    return [
        *(pair for pair in _without(scope["headers"]) if pair[0] not in _SET_HERE),
        (b"x-forwarded-for", caller.address.encode()),
        (b"x-forwarded-proto", scope["scheme"].encode()),
    ]


def _without(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return headers, names in lower case, without those of one connection."""
    pairs = [(name.lower(), value) for name, value in headers]
    named = {word.strip().lower() for name, value in pairs if name == b"connection" for word in value.split(b",")}
    return [pair for pair in pairs if pair[0] not in HOP_BY_HOP | named]


def _for_any_origin(pair: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    """Return a header of an answer; without `Origin`, if it is `Vary`, as status adds that itself."""
    name, value = pair
    if name != b"vary":
        return pair
    return name, b", ".join(word for word in map(bytes.strip, value.split(b",")) if word.lower() != b"origin")


def _is_passed_on(pair: tuple[bytes, bytes]) -> bool:
    """Return whether a header of an answer is not one that this service or its web server adds.

    Browsers let no page read an answer whose `Access-Control-Allow-Origin` is there twice.
    """
    name, value = pair
    return name not in _ADDED and not name.startswith(b"access-control-") and (name, value) != (b"vary", b"")


async def _pieces(request: Request[Any, Any, Any]) -> AsyncIterator[bytes]:
    async for piece in request.stream():
        if piece:
            yield piece


def _away(request: Request[Any, Any, Any], status: int, detail: str) -> ASGIApp:
    return problem(status, detail, {"Retry-After": RETRY_AFTER}).to_asgi_response(None, request)
