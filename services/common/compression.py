"""JSON answers compressed by gzip, for clients that accept it: a page of rows shrinks to a tenth."""

import gzip
import re
from collections.abc import Iterable
from typing import Any

from litestar.enums import ScopeType

from services.common.headers import header

SMALLEST = 1_000
"""Bytes: below it, one packet holds the answer anyway."""

LARGEST = 256 * 1024
"""Bytes: 2 ms of the event loop at this level. A larger answer is a program's, and other clients wait for it."""

LEVEL = 1
"""Of gzip: a quarter of the time of level 6, and rows repeat so much that it makes little difference."""

TYPES = (b"application/json", b"application/problem+json")

Headers = list[tuple[bytes, bytes]]

_GZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))")


def accepts_gzip(accepted: str) -> bool:
    """Return whether a client accepts gzip by its Accept-Encoding."""
    return _GZIP.search(accepted) is not None


def compressed(app: Any) -> Any:
    """Return a middleware that compresses whole JSON answers; streams and compressed ones pass as they are.

    The entity tag of a compressed answer is weak, as its bytes are not those of the plain one.
    """

    async def handle(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != ScopeType.HTTP or scope["method"] != "GET":
            await app(scope, receive, send)
            return
        accepted = header(scope["headers"], b"accept-encoding").decode("latin-1")
        start: dict[str, Any] | None = None

        async def sending(message: Any) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            if start is not None:
                headers = list(start["headers"])
                if header(headers, b"content-type").partition(b";")[0] in TYPES:
                    headers, message = _packed(headers, message, accepted=accepts_gzip(accepted))
                await send({**start, "headers": headers})
                start = None
            await send(message)

        await app(scope, receive, sending)

    return handle


def _packed(headers: Headers, message: Any, *, accepted: bool) -> tuple[Headers, Any]:
    """Return the headers and the message of an answer, compressed where that is accepted and worth it."""
    body = message.get("body", b"")
    vary = b", ".join(filter(None, (header(headers, b"vary"), b"Accept-Encoding")))
    if (
        not accepted
        or message.get("more_body")
        or not SMALLEST <= len(body) <= LARGEST
        or header(headers, b"content-encoding")
    ):
        return [*_without(headers, (b"vary",)), (b"vary", vary)], message
    packed = gzip.compress(body, LEVEL, mtime=0)
    tag = header(headers, b"etag")
    changed = [
        (b"vary", vary),
        (b"content-encoding", b"gzip"),
        (b"content-length", b"%d" % len(packed)),
        *([(b"etag", tag if tag.startswith(b"W/") else b"W/" + tag)] if tag else []),
    ]
    return [*_without(headers, {name for name, _ in changed}), *changed], {**message, "body": packed}


def _without(headers: Headers, names: Iterable[bytes]) -> Headers:
    return [(name, value) for name, value in headers if name.lower() not in set(names)]
