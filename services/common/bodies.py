"""Bodies of requests that are one JSON object."""

from typing import Any, TypeVar

import msgspec
from litestar import Request
from litestar.exceptions import HTTPException, ValidationException

from services.contract.openapi import JSON

T = TypeVar("T")


async def read_body(request: Request[Any, Any, Any], kind: type[T]) -> T:
    """Return the body of a request; raises HTTPException. A form of another site cannot send JSON as such."""
    form = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if form != JSON:
        raise HTTPException(status_code=415, detail=f"{form!r} is not {JSON}")
    try:
        return msgspec.json.decode(await request.body(), type=kind)
    except msgspec.MsgspecError as error:
        raise ValidationException(str(error)) from error
