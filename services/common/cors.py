"""Cross-origin reads (CORS, Fetch standard): other sites' pages that a ledger's file names may read with a token."""

from typing import Any

from services.common.access import Access
from services.common.callers import SAFE, ledger_in
from services.common.headers import header

PREFLIGHT_SECONDS = b"600"
"""For which a browser keeps the answer to a preflight: an origin that was removed is refused after ten minutes."""

EXPOSED = (b"access-control-expose-headers", b"Duban-Position, ETag")

ALLOWED = (
    (b"access-control-allow-methods", b"GET, HEAD"),
    (b"access-control-allow-headers", b"Authorization, Last-Event-ID, If-None-Match"),
    (b"access-control-max-age", PREFLIGHT_SECONDS),
)
"""No credentials: a page of another site reads with a token, never with the session of a person."""


def shared_headers(scope: Any, access: Access) -> tuple[tuple[bytes, bytes], ...]:
    """Return the headers that let the page of an allowed origin read an answer; caches keep answers by origin."""
    origins = _origins(scope, access)
    if not origins or not (scope["method"] in SAFE or is_preflight(scope, access)):
        return ()
    origin = header(scope["headers"], b"origin")
    vary = (b"vary", b"Origin")
    return (vary, (b"access-control-allow-origin", origin), EXPOSED) if origin.decode("latin-1") in origins else (vary,)


def is_preflight(scope: Any, access: Access) -> bool:
    """Return whether a browser asks on behalf of an allowed origin what its page may send."""
    return (
        scope["method"] == "OPTIONS"
        and bool(header(scope["headers"], b"access-control-request-method"))
        and header(scope["headers"], b"origin").decode("latin-1") in _origins(scope, access)
    )


async def answer_preflight(_scope: Any, _receive: Any, send: Any) -> None:
    """Answer a preflight of an allowed origin."""
    await send({"type": "http.response.start", "status": 204, "headers": list(ALLOWED)})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _origins(scope: Any, access: Access) -> tuple[str, ...]:
    ledger = access.ledgers.get(ledger_in(scope["path"]) or "")
    return ledger.reading.origins if ledger is not None else ()
