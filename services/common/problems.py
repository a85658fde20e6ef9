"""Errors of the services' HTTP sides, as problems by RFC 9457."""

from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from litestar import Response

from services.contract.openapi import PROBLEM

RETRY_AFTER = "1"
"""Seconds after which a client may retry what cannot be done now: about the time in which Redis restarts."""

CROWDED_SECONDS = "5"
"""Seconds after which a client beyond its quota may retry: an idle connection is closed by then."""


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None, **members: object) -> Response[bytes]:
    """Return an RFC 9457 problem; `members` are its extension members."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **members}
    return Response(
        msgspec.json.encode(body),
        status_code=status,
        media_type=PROBLEM,
        headers=dict(headers or {}),
    )


def unavailable(detail: str, **members: object) -> Response[bytes]:
    """Return the problem of what cannot be done now and may be retried; `members` are its extension members."""
    return problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, {"Retry-After": RETRY_AFTER}, **members)


def crowded(detail: str) -> Response[bytes]:
    """Return the problem of a client beyond its quota."""
    return problem(HTTPStatus.TOO_MANY_REQUESTS, f"{detail}; ask again later", {"Retry-After": CROWDED_SECONDS})
