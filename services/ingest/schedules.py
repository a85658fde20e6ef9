"""Documents of tasks over HTTP: a form is received, its document read and compared, and its tasks assigned."""

import asyncio
from datetime import date
from http import HTTPStatus
from typing import Annotated, Any

from litestar import Request, Response, post
from litestar.datastructures import FormMultiDict, UploadFile
from litestar.enums import RequestEncodingType
from litestar.exceptions import ClientException, HTTPException, ValidationException
from litestar.params import Body, QueryParameter
from msgspec import Struct
from redis.exceptions import RedisError

from events.envelope import CODES, InvalidEvent
from services.common.access import ADMITS
from services.common.callers import source_of
from services.common.endpoints import endpoint_of
from services.common.problems import unavailable
from services.common.sizes import MIB
from services.contract.ingest import SCHEDULE
from services.contract.openapi import answers, problems
from services.ingest.documents import BusyError, Imported
from services.ingest.encoding import EncodingError, check_encoding, decoded
from services.ingest.endpoint import ADMITTED, BODY_SECONDS, LATE, Admitted, Ingest, admits, keep_head, writing
from services.ingest.request import UnavailableError
from services.schedule.difference_words import Language
from services.schedule.limits import MOST_BYTES
from services.schedule.plan import Order, PlanName

MOST_DOCUMENT = MOST_BYTES + MIB
"""Bytes of a request with a document: the largest document that is read, and what the form adds."""

_REFUSING: dict[int, CODES] = {400: "malformed", 413: "too-large", 415: "malformed"}
"""Codes of what is wrong with a document's request itself."""

_AGAIN = "send it again"


class ScheduleForm(Struct):
    """A document of tasks, and what the document itself lacks."""

    file: UploadFile
    plan: PlanName
    issued: date


async def receive_form(request: Request[Any, Any, Any]) -> None:
    """Receive a form within the time limit, before the handler gets it; raises HTTPException where it is wrong."""
    form, _ = request.content_type
    if form != RequestEncodingType.MULTI_PART:
        raise HTTPException(status_code=415, detail=f"{form!r} is not multipart/form-data with file, plan and issued")
    try:
        async with asyncio.timeout(BODY_SECONDS):
            files = (await _form(request)).getall("file", [])
    except TimeoutError:
        raise HTTPException(status_code=408, detail=LATE) from None
    except (UnicodeError, LookupError):
        raise ValidationException("a text of the form is not UTF-8") from None
    except ClientException as error:
        if error.status_code != HTTPStatus.BAD_REQUEST:
            raise
        detail = "the form is broken, or has more than 1,000 parts, or the name of a file is too long"
        raise ValidationException(detail) from error
    if len(files) != 1 or not isinstance(files[0], UploadFile):
        wrong = f"the form has {len(files)}" if len(files) != 1 else "what the form has is sent without a filename"
        raise ValidationException(f"one file is needed, as file; {wrong}")


async def _form(request: Request[Any, Any, Any]) -> FormMultiDict:
    """Return the form in a request's body; the handler gets the same, as it stays with the request's scope."""
    encoding = request.headers.get("content-encoding", "").strip().lower()
    if encoding in {"", "identity"}:
        return await request.form()
    try:
        check_encoding(encoding)  # before the body is read
        body = b"".join([piece async for piece in request.stream()])
        plain = decoded(body, encoding, MOST_DOCUMENT)
    except EncodingError as error:
        raise HTTPException(status_code=error.status, detail=str(error)) from error

    async def receive() -> Any:
        return {"type": "http.request", "body": plain, "more_body": False}

    return await Request[Any, Any, Any](request.scope, receive).form()


async def _receive(request: Request[Any, Any, Any]) -> None:
    """Receive a form; of one that is refused the head is kept, as its body is read only in part."""
    try:
        await receive_form(request)
    except HTTPException as error:
        if error.status_code in _REFUSING:
            endpoint = endpoint_of(request, request.path_params["ledger"])
            detail = error.detail or HTTPStatus(error.status_code).phrase
            wrong = InvalidEvent(_REFUSING[error.status_code], detail)
            with writing(_AGAIN):
                await keep_head(endpoint, request, source_of(request) or "", wrong)
        raise


@post(
    "/v1/{ledger:str}/schedules",
    operation_id="importSchedule",
    summary="Read a document of tasks and assign them; with dry_run only show how it is read",
    description="Nothing is assigned if a row cannot be read, unless `partial`. For assigners.",
    status_code=200,
    opt={"body": SCHEDULE, ADMITS: True},
    guards=[admits({"assigner"}, "a schedule is for an assigner to hand out", _AGAIN)],
    before_request=_receive,
    dependencies=ADMITTED,
    request_max_body_size=MOST_DOCUMENT,
    responses={
        200: answers(Imported, "How each row was read, and, without dry_run, what became of its events"),
        422: answers(Imported, "A row cannot be read, and nothing was assigned"),
        **problems(400, 401, 403, 404, 408, 413, 415),
    },
)
async def schedule(
    endpoint: Ingest,
    source: Admitted,
    data: Annotated[ScheduleForm, Body(media_type=RequestEncodingType.MULTI_PART)],
    *,
    dry_run: Annotated[bool, QueryParameter(description="Only show how each row is read")] = False,
    partial: Annotated[bool, QueryParameter(description="Assign the rows that can be read")] = False,
    strict: Annotated[bool, QueryParameter(description="Refuse the rows with `marks`")] = False,
    corrections: Annotated[bool, QueryParameter(description="Submit what settles differences, too")] = False,
    lang: Annotated[Language, QueryParameter(description="The language of `differences`")] = "en",
) -> Response[Any]:
    """Nothing is assigned if a row cannot be read, unless `partial`; `corrections` submits the proposals, too."""
    documents = endpoint.documents
    order = Order(data.plan, data.issued, source)
    try:
        with documents.turn():
            document = data.file.file.read()  # takes some ms; each thread of a pool would keep memory of its own
            read = await documents.preview(document, data.file.filename, order, strict=strict, language=lang)
        if dry_run or (read.refusals and not partial):
            return Response(read, status_code=200 if dry_run else 422)
        return Response(await documents.accept(read, source, corrections=corrections))
    except (BusyError, UnavailableError, RedisError, OSError) as error:
        return unavailable(f"this cannot be done now; send it all again: {error}")
