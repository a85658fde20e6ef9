"""Conditional reads (RFC 9110, 13.1.2): an answer has an entity tag, and a client that has the answer gets 304."""

import hashlib
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from litestar import Request, Response

from services.common.endpoints import answer_at

_TAG = re.compile(r'(?:W/)?("[^"]*")')


def answer_if_new(
    request: Request[Any, Any, Any], position: int, edition: str, body: Callable[[], object]
) -> Response[bytes]:
    """Return a JSON answer with its entity tag, 304 without a body if `If-None-Match` names the tag.

    The tag follows from the position, the `edition` of the rows at that position and the request's path and query, so
    `body` is called only for a client that does not have the answer.
    """
    tag = entity_tag(request, position, edition)
    headers = {"Duban-Position": str(position), "ETag": f"W/{tag}", "Cache-Control": "private, no-cache"}
    if has(request, tag):
        return Response(b"", status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    answer = answer_at(position, body())
    answer.headers.update(headers)
    return answer


def entity_tag(request: Request[Any, Any, Any], position: int, edition: str) -> str:
    """Return the opaque part of the entity tag of the answer to a request.

    The tag is weak: the same answer may be compressed or not.
    """
    asked = (edition, str(position), request.scope["path"], request.scope["query_string"].decode("latin-1"))
    return f'"{hashlib.blake2b(chr(0).join(asked).encode(), digest_size=12).hexdigest()}"'


def has(request: Request[Any, Any, Any], tag: str) -> bool:
    """Return whether a client has the answer with a tag."""
    known = request.headers.get("if-none-match", "")
    return known.strip() == "*" or tag in _TAG.findall(known)
