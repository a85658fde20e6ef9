"""What every service applies to every request, whatever its route: authentication, bounds, HEAD, paths, headers."""

import asyncio
import re
from typing import Any

from litestar import Litestar, Request
from litestar.enums import ScopeType
from litestar.routes import HTTPRoute

from services.common.callers import CALLER, Authentication, Caller, ledger_in
from services.common.cors import answer_preflight, is_preflight, shared_headers
from services.common.ending import until_ended
from services.common.limits import Limits
from services.common.problems import crowded, problem
from services.common.quota import ConnectionSlots, Quota
from services.contract.openapi import HEALTH

_HIDDEN = re.compile(rb"//|%2f|%5c|%00|\\", re.IGNORECASE)
"""Text that one server reads as part of a name and the next as a separator, past a proxy's rules by path."""

HEADERS = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-cache"))
"""Added where an answer does not set them itself: rows change at any moment, and JSON is never a page."""

CLOSING = (b"connection", b"close")

SLOT = "duban.slot"
"""Where a request's scope has its ConnectionSlot; none on a trusted proxy's connection, which many clients share."""


class Service(Litestar):
    """An application that authenticates and bounds its clients, answers HEAD like GET, and has one spelling of a path.

    `state` has the endpoints of its ledgers by name, who may read (`access`), the identities that are `remembered`, and
    the `watch` of its open streams.
    """

    def __init__(self, *args: Any, limits: Limits, **options: Any) -> None:
        super().__init__(*args, **options)
        self._methods = {route.path_format: route.methods for route in self.routes if isinstance(route, HTTPRoute)}
        self.limits = limits
        self.slots = ConnectionSlots(limits.connections, limits.connections_of_sessions)
        self.streams = Quota(limits.streams, limits.streams_of_sessions)
        state = self.state
        self.authentication = Authentication(
            limits.trusted_proxies,
            state.endpoints,
            state.remembered,
            state.access.has_source,
            secure=state.access.secure,
        )

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != ScopeType.HTTP:
            await super().__call__(scope, receive, send)
        elif scope["path"].startswith(HEALTH):  # always answered, but a connection beyond its quota is then closed
            slot = scope.get(SLOT)
            added = (CLOSING,) if slot is not None and slot.holder is None else ()
            await self._answer(super().__call__, scope, receive, _with_headers(send, added))
        else:
            caller = await self.authentication.caller(scope)
            scope[CALLER] = caller
            scope["client"] = (caller.address, scope["client"][1] if scope.get("client") else 0)
            scope["scheme"] = caller.scheme or scope["scheme"]
            await self._admit(caller, scope, receive, send)

    async def _admit(self, caller: Caller, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request unless its client has too many connections; through a proxy, each request counts as one."""
        slot = scope.get(SLOT)
        shared = shared_headers(scope, self.state.access)
        if not (slot.move(caller.holder) if slot is not None else self.slots.quota.reserve(caller.holder)):
            if slot is not None:
                slot.wait()
            full = crowded(_most(caller, self.slots.quota, "connections"))
            app: Any = full.to_asgi_response(None, Request(scope))
            await self._answer(app, scope, receive, _with_headers(send, (*shared, CLOSING)))
            return
        try:
            await self._answer(super().__call__, scope, receive, _with_headers(send, shared))
        finally:
            if slot is None:
                self.slots.quota.release(caller.holder)

    async def _answer(self, app: Any, scope: Any, receive: Any, send: Any) -> None:
        if _HIDDEN.search(scope.get("raw_path") or scope["path"].encode()):
            wrong = problem(404, "the path has an empty or an encoded step; no path here has")
            app = wrong.to_asgi_response(None, Request(scope))
        elif is_preflight(scope, self.state.access):
            app = answer_preflight
        if scope["method"] == "OPTIONS":
            send = self._with_methods(scope, send)
        if scope["method"] == "HEAD":
            await _head(app, scope, receive, send)
        else:
            await app(scope, receive, send)

    def _with_methods(self, scope: Any, send: Any) -> Any:
        """Name all methods of a path in `Allow`: Litestar names those of the first handler of it alone."""

        async def sending(message: Any) -> None:
            if message["type"] == "http.response.start":
                methods = ", ".join(sorted(self._methods.get(scope.get("path_template", ""), ()))).encode()
                headers = [(name, methods if name == b"allow" else value) for name, value in message["headers"]]
                message = {**message, "headers": headers}
            await send(message)

        return sending


def stream_bound(app: Any) -> Any:
    """Return a middleware that refuses a further stream to a client that already has the most, and ends streams.

    A stream ends with the token or session that it was opened with.
    """

    async def handle(scope: Any, receive: Any, send: Any) -> None:
        if not scope["route_handler"].opt.get(STREAM):
            await app(scope, receive, send)
            return
        streams, caller = scope["litestar_app"].streams, scope[CALLER]
        if not streams.reserve(caller.holder):
            full = crowded(f"{_most(caller, streams, 'streams')}; close one of them")
            await full.to_asgi_response(None, Request(scope))(scope, receive, send)
            return
        try:
            await _stream(app, caller, scope, receive, send)
        finally:
            streams.release(caller.holder)

    return handle


STREAM = "stream"
"""The `opt` of a handler whose answer lasts for as long as the client reads."""


async def _stream(app: Any, caller: Caller, scope: Any, receive: Any, send: Any) -> None:
    ledger = ledger_in(scope["path"])
    if ledger is None or caller.identity is None:
        await app(scope, receive, send)
        return
    with scope["litestar_app"].state.watch.watching(ledger, caller.identity) as ended:
        await until_ended(ended, app, scope, receive, send)


def _most(caller: Caller, quota: Quota, what: str) -> str:
    """Return what a client has too many of, or the sessions of its source together."""
    if caller.identity is not None and quota.sessions_have_the_most(caller.holder):
        whose, most = f"all sessions of source {caller.identity.token.source!r} together have", quota.most_of_sessions
    else:
        whose, most = f"{_named(caller)} has", quota.most
    return f"{whose} {most:,} {what}, which are the most at once"


def _named(caller: Caller) -> str:
    if caller.identity is None:
        return f"address {caller.holder[0]} without a valid token"
    of = "this session of source" if caller.identity.session is not None else "source"
    return f"{of} {caller.identity.token.source!r}"


def _with_headers(send: Any, added: Any = ()) -> Any:
    async def sending(message: Any) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", ()))
            given = {name.lower() for name, _ in headers}
            more = [one for one in HEADERS if one[0] not in given]
            message = {**message, "headers": [*headers, *more, *added]}
        await send(message)

    return sending


async def _head(app: Any, scope: Any, receive: Any, send: Any) -> None:
    """Answer like GET, without the body; an endless body is not begun."""
    answered = asyncio.Event()

    async def sending(message: Any) -> None:
        if message["type"] == "http.response.start" and not answered.is_set():
            await send(message)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            answered.set()

    running = asyncio.ensure_future(app({**scope, "method": "GET"}, receive, sending))
    waiting = asyncio.ensure_future(answered.wait())
    try:
        await asyncio.wait((running, waiting), return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
    finally:
        for task in (running, waiting):
            task.cancel()
        await asyncio.gather(running, waiting, return_exceptions=True)
