"""Events over HTTP: one, an array, or NDJSON, decided by the ledger's writer and answered with their outcomes."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import msgspec
from litestar import Request, Response, post
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from msgspec import Raw

from events.envelope import InvalidEvent
from services.common.access import ADMITS
from services.common.acl import SUBMITTING
from services.common.problems import problem, unavailable
from services.common.sizes import MIB
from services.common.web import KEEPS, query_fault
from services.contract.ingest import ACCEPTED, EVENTS, LINES, MANY, MAX_EVENTS, ONE, ONE_OR_MANY, REFUSED
from services.contract.openapi import answers, problems
from services.ingest.budget import MOST_REQUEST, OverBudgetError
from services.ingest.draft import BYTE_ORDER_MARK, Submission, submission
from services.ingest.encoding import EncodingError, decoded
from services.ingest.endpoint import (
    ADMITTED,
    BODY_SECONDS,
    LATE,
    Admitted,
    Ingest,
    IngestEndpoint,
    admits,
    keep_head,
    writing,
)
from services.ingest.writer import Writer

MAX_COMMAS = 100 * MAX_EVENTS
"""Commas in an array of that many events, at most: an array with more is not parsed."""

ANSWER_SECONDS = 15.0
"""The time limit for an answer, once the body is there: longer than Redis may be silent, so that the answer has the
outcome, and shorter than most clients' patience."""

BYTES_A_SECOND = 2 * MIB
"""Minimum throughput assumed; a request's time limit grows by its size divided by this."""

_AGAIN = "send it all again, what was recorded is then answered as a duplicate"


@post(
    "/v1/{ledger:str}/events",
    operation_id="submitEvents",
    summary="Submit one event, an array of them, or NDJSON",
    description="The token says who submits. Send the same bytes again as often as you like: what was accepted is"
    " a duplicate then. What is refused is kept, with the reason.",
    status_code=200,
    guards=[admits(SUBMITTING, "it may read, not submit", _AGAIN)],
    dependencies=ADMITTED,
    opt={"body": EVENTS, KEEPS: True, ADMITS: True},
    responses={
        200: answers(
            ONE_OR_MANY,
            "Of one event, a duplicate; of many, an outcome each, in their order and in the form they came in",
            more={LINES: {"type": "string", "description": "An Outcome a line."}},
        ),
        201: answers(ACCEPTED, "Accepted: the event is on disk"),
        422: answers(REFUSED, "Refused, with the reason; kept all the same"),
        **problems(400, 401, 403, 404, 408, 413, 415),
    },
)
async def submit(request: Request[Any, Any, Any], endpoint: Ingest, source: Admitted) -> Response[bytes]:
    encoding = request.headers.get("content-encoding", "")
    length = request.headers.get("content-length") if not encoding else None  # the decoded length is unknown
    try:
        with writing(_AGAIN), endpoint.budget.reserve(endpoint.writer.name, source, length):
            return await _submit(endpoint, source, request)
    except OverBudgetError as over:
        return unavailable(f"there is no room for this now, nothing of it was read; send it again: {over}")


async def _submit(endpoint: IngestEndpoint, source: str, request: Request[Any, Any, Any]) -> Response[bytes]:
    try:
        async with asyncio.timeout(BODY_SECONDS):
            body = await request.body()
    except TimeoutError:
        return problem(408, LATE)
    except RequestEntityTooLarge:
        wrong = InvalidEvent("too-large", f"the body is too large; at most {MOST_REQUEST:,} bytes")
        await keep_head(endpoint, request, source, wrong)
        return problem(413, wrong.detail)
    patience = ANSWER_SECONDS + len(body) / BYTES_A_SECOND
    try:
        async with asyncio.timeout(patience):
            return await _decide(endpoint, source, request, body)
    except TimeoutError:
        return unavailable(f"no answer within {patience:.0f} seconds: what was recorded is unknown; {_AGAIN}")


async def _decide(
    endpoint: IngestEndpoint, source: str, request: Request[Any, Any, Any], body: bytes
) -> Response[bytes]:
    misspelt = query_fault(request, {}) if request.scope["query_string"] else None
    if misspelt is not None:
        await endpoint.writer.submit([Submission(body, source, InvalidEvent("malformed", misspelt))])
        return problem(400, misspelt)
    try:
        plain = decoded(body, request.headers.get("content-encoding", ""))
    except EncodingError as error:
        await endpoint.writer.submit([Submission(body, source, InvalidEvent("malformed", str(error)))])
        return problem(error.status, str(error))
    form = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if form not in _FORMS:
        wrong = InvalidEvent("malformed", f"the content type {form!r} is none of: {', '.join(_FORMS)}")
        await endpoint.writer.submit([Submission(body, source, wrong)])
        return problem(415, f"{form!r} is none of: {', '.join(_FORMS)}")
    return await _FORMS[form](endpoint.writer, source, plain.removeprefix(BYTE_ORDER_MARK))


async def _one(writer: Writer, source: str, body: bytes) -> Response[bytes]:
    (outcome,) = await writer.submit([submission(body, source)])
    if outcome.code == "too-large":
        members = {name: value for name, value in msgspec.to_builtins(outcome).items() if name != "detail"}
        return problem(413, outcome.detail or "", **members)
    status = {"accepted": 201, "duplicate": 200, "refused": 422}[outcome.outcome]
    return Response(msgspec.json.encode(outcome), status_code=status, media_type="application/json")


async def _array(writer: Writer, source: str, body: bytes) -> Response[bytes]:
    if body.count(b",") > MAX_COMMAS:
        return await _too_many(writer, source, body, f"far more than {MAX_EVENTS:,} events")
    try:
        parts = msgspec.json.decode(body, type=list[Raw])
    except (msgspec.MsgspecError, RecursionError) as error:
        wrong = InvalidEvent("malformed", f"not a JSON array of events: {error}")
        (outcome,) = await writer.submit([Submission(body, source, wrong)])
        return Response(msgspec.json.encode(outcome), status_code=422, media_type="application/json")
    if len(parts) > MAX_EVENTS:
        return await _too_many(writer, source, body, f"{len(parts):,} events")
    outcomes = await writer.enqueue(
        source, [bytes(part) for part in parts], len(body), partial(submission, authid=source)
    )
    return Response(msgspec.json.encode(outcomes), media_type="application/json")


async def _lines(writer: Writer, source: str, body: bytes) -> Response[bytes]:
    if (ends := body.count(b"\n")) > MAX_EVENTS:
        return await _too_many(writer, source, body, f"{ends:,} events")
    lines = [line for line in body.split(b"\n") if line.strip()]
    outcomes = await writer.enqueue(source, lines, len(body), partial(submission, authid=source))
    return Response(msgspec.json.Encoder().encode_lines(outcomes), media_type=LINES)


_FORMS: dict[str, Callable[[Writer, str, bytes], Awaitable[Response[bytes]]]] = {
    ONE: _one,
    MANY: _array,
    LINES: _lines,
}


async def _too_many(writer: Writer, source: str, body: bytes, found: str) -> Response[bytes]:
    wrong = InvalidEvent("too-large", f"the request has {found}; at most {MAX_EVENTS:,} are accepted at once")
    await writer.submit([Submission(body, source, wrong)])
    return problem(413, wrong.detail)
