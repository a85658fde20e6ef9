"""What every answer of every service has in common, whatever the route: HEAD, paths, and the headers of browsers."""

import asyncio
import re
from typing import Any

from litestar import Litestar, Request
from litestar.enums import ScopeType

from services.limits import Limits
from services.problems import problem

_HIDDEN = re.compile(rb"//|%2f|%5c|%00|\\", re.IGNORECASE)
"""What one server takes for a part of a name and the next for a step: a proxy's rules by path would not see it."""

HEADERS = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-cache"))
"""Sent where an answer does not set them itself: rows change at any moment, and JSON is never a page."""


class Service(Litestar):
    """An application whose every GET answers HEAD, whose paths have one spelling, and whose media types are final."""

    def __init__(self, *args: Any, limits: Limits, **options: Any) -> None:
        super().__init__(*args, **options)
        self.limits = limits

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != ScopeType.HTTP:
            await super().__call__(scope, receive, send)
            return
        with_headers = _with_headers(send)
        if _HIDDEN.search(scope.get("raw_path") or scope["path"].encode()):
            wrong = problem(404, "the path has an empty or an encoded step; no path here has")
            app: Any = wrong.to_asgi_response(None, Request(scope))
        else:
            app = super().__call__
        if scope["method"] == "HEAD":
            await _head(app, scope, receive, with_headers)
        else:
            await app(scope, receive, with_headers)


def _with_headers(send: Any) -> Any:
    async def sending(message: Any) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", ()))
            given = {name.lower() for name, _ in headers}
            message = {**message, "headers": headers + [one for one in HEADERS if one[0] not in given]}
        await send(message)

    return sending


async def _head(app: Any, scope: Any, receive: Any, send: Any) -> None:
    """Answer as GET does, without the body; an endless one is not even begun."""
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
