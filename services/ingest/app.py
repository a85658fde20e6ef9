"""Ingest's wiring: the two doors, stream inboxes and HTTP, and the clock, all in front of one writer per ledger."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import date
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, NamedTuple

import msgspec
from litestar import Litestar, Request, Response, get, post
from litestar.connection import ASGIConnection
from litestar.datastructures import FormMultiDict, UploadFile
from litestar.enums import RequestEncodingType
from litestar.exceptions import (
    ClientException,
    HTTPException,
    NotAuthorizedException,
    NotFoundException,
    PermissionDeniedException,
    ValidationException,
)
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.handlers import BaseRouteHandler
from litestar.params import Body, FromPath, PathParameter, QueryParameter
from msgspec import Raw, Struct
from redis.exceptions import RedisError

from events.contract import schema_of
from events.envelope import CODES, InvalidEvent
from events.keys import key
from events.log import Log
from events.schema import TYPES
from services.common import runtime, steady, tokens
from services.common.acl import SUBMITTING
from services.common.callers import CALLER, Caller, Callers
from services.common.clock import Clock, kind_of
from services.common.connection import WATCH_SECONDS, Watch, connect, until_reachable, writable
from services.common.edge import Service
from services.common.ledger_clock import ahead_of_wall, ledger_clock
from services.common.problems import RETRY_AFTER, problem, unavailable
from services.common.settings import Settings, load_ledgers
from services.common.web import KEEPS, NeedsOperator, application, query_fault
from services.contract.ingest import (
    ACCEPTED,
    EVENTS,
    LINES,
    MANY,
    MAX_EVENTS,
    ONE,
    ONE_OR_MANY,
    REFUSED,
    SCHEDULE,
    SCHEMA,
)
from services.contract.openapi import BEARER, answers, problems
from services.ingest.acknowledged import SAVE_SECONDS as NOTE_SECONDS
from services.ingest.acknowledged import Acknowledged
from services.ingest.budget import MOST_REQUEST, OverBudgetError, RequestBudget
from services.ingest.documents import BusyError, Documents, Imported
from services.ingest.draft import BYTE_ORDER_MARK, Submission, submission
from services.ingest.encoding import BrokenEncodingError, TooLargeError, UnknownEncodingError, check_encoding, decoded
from services.ingest.inbox import Inbox
from services.ingest.request import UnavailableError
from services.ingest.state import load, own
from services.ingest.unauthenticated import keep_unauthenticated
from services.ingest.writer import Writer
from services.schedule.limits import MIB, MOST_BYTES
from services.schedule.plan import Order, PlanName

MOST_DOCUMENT = MOST_BYTES + MIB
"""Bytes of a request with a document: the largest that is read, and what the form adds."""

MAX_COMMAS = 100 * MAX_EVENTS
"""Commas in an array of that many events, at most: what has more is not even taken apart."""

BODY_SECONDS = 60.0
"""What a client may take to send a request."""

ANSWER_SECONDS = 15.0
"""What a client waits for an answer at most, once its body is there: longer than the server may be silent, so that what
it does in the end is told, and shorter than most clients' patience."""

BYTES_A_SECOND = 2 * MIB
"""What is decided at least, beside others: so much longer a large request is waited for."""

LOOK_SECONDS = 1.0
"""Between two looks at how far each inbox is decided."""

TICK_SECONDS = 0.05
"""Real time between two looks at the ledger's clock; a look costs nothing unless something is due."""

SAVE_SECONDS = 2.0
"""Real time between two saves of the write model while events come slowly."""


class Door(NamedTuple):
    """One ledger as the doors see it."""

    writer: Writer
    documents: Documents
    redis: Any
    clock: Clock


class ScheduleForm(Struct):
    """A document of tasks, and what it does not say of itself."""

    file: UploadFile
    plan: PlanName
    issued: date


def build(settings: Settings) -> Service:
    """Make the service; it connects when it starts."""
    ledgers = load_ledgers(settings.ledgers)
    if settings.state is not None:
        own(settings.state)
        for name in ledgers:
            load(settings.state, name)  # what cannot be read is refused before anything runs
    doors: dict[str, Door] = {}
    callers = Callers()
    budget = RequestBudget()

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        redis = connect(settings.redis_url)
        broker = runtime.make_broker(settings.redis_url)
        await until_reachable(redis)
        tasks = []
        inboxes: list[Inbox] = []
        for name, ledger in ledgers.items():
            clock = await ledger_clock(redis, name, settings.clock, records=True)
            noted = Acknowledged(settings.state, Log(redis, name)) if settings.state is not None else None
            writer = Writer(
                redis,
                name,
                ledger,
                clock.now,
                settings.replicas,
                kind_of(settings.clock),
                settings.refused_bytes,
                partial(steady.is_held, clock),
                noted,
            )
            doors[name] = Door(writer, Documents(writer), redis, clock)
            callers.open(name, redis, clock.now)
            tasks += [
                asyncio.create_task(writer.run()),
                asyncio.create_task(runtime.repeat(steady.LOOK_SECONDS, partial(steady.keep, redis, name, clock))),
                asyncio.create_task(runtime.repeat(TICK_SECONDS, writer.tick)),
                asyncio.create_task(runtime.repeat(SAVE_SECONDS, writer.save)),
                asyncio.create_task(runtime.repeat(steady.LOOK_SECONDS, writer.look_for_acceptance)),
            ]
            if noted is not None:
                tasks.append(asyncio.create_task(runtime.repeat(NOTE_SECONDS, noted.save)))
            for source in ledger.sources:
                reached = await writer.log.cursor(key(name, "inbox", source))
                inbox = Inbox(redis, writer, source, reached, partial(runtime.follow, broker))
                inboxes.append(inbox)
                tasks.append(asyncio.create_task(runtime.repeat(LOOK_SECONDS, inbox.look)))
        await broker.start()
        watch = Watch(settings.redis_url, redis, await broker.connect())
        tasks.append(asyncio.create_task(runtime.repeat(WATCH_SECONDS, watch.look)))
        try:
            yield
        finally:
            await broker.stop()
            for inbox in inboxes:
                await inbox.stop()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            saves = [door.writer.save() for door in doors.values()]
            notes = [door.writer.noted.save() for door in doors.values() if door.writer.noted is not None]
            await asyncio.gather(*saves, *notes, return_exceptions=True)  # without one, the next start folds further
            await redis.aclose()

    @post(
        "/v1/{ledger:str}/events",
        operation_id="submitEvents",
        summary="Submit one event, an array of them, or NDJSON",
        description="The token says who submits. Send the same bytes again as often as you like: what was accepted is"
        " a duplicate then. What is refused is kept, with the reason.",
        status_code=200,
        security=BEARER,
        opt={"body": EVENTS, KEEPS: True},
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
    async def submit(request: Request[Any, Any, Any], ledger: FromPath[str]) -> Response[bytes]:
        door = doors.get(ledger)
        if door is None:
            return problem(404, f"there is no ledger {ledger!r} here")
        try:
            return await _submit(door, budget, request)
        except OverBudgetError as over:
            return unavailable(f"there is no room for this now, nothing of it was read; send it again: {over}")
        except (UnavailableError, RedisError, OSError) as error:
            return unavailable(f"the log cannot be written now; {_AGAIN}: {error}")

    async def assigners_only(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        """Let nobody else send a document: this is asked before its body is read."""
        door = doors.get(connection.path_params["ledger"])
        if door is None:
            raise NotFoundException(f"there is no ledger {connection.path_params['ledger']!r} here")
        authid = await _source_of(door, connection)
        source = door.writer.ledger.sources.get(authid) if authid is not None else None
        if source is None:
            address = connection.client.host if connection.client else ""
            await keep_unauthenticated(door.redis, door.writer.name, address, _head(connection))
            raise NotAuthorizedException(_UNKNOWN, headers={"WWW-Authenticate": "Bearer"})
        if source.role != "assigner":
            wrong = f"{authid!r} is {source.role}; a schedule is for an assigner to hand out"
            await _keep_document(door, connection, authid or "", InvalidEvent("not-permitted", wrong))
            raise PermissionDeniedException(wrong)
        connection.state.authid = authid

    async def receive(request: Request[Any, Any, Any]) -> None:
        """Receive a form; of one that is refused the head is kept, as its body is read only in part."""
        try:
            await receive_form(request)
        except HTTPException as error:
            if error.status_code in _REFUSING:
                door = doors[request.path_params["ledger"]]
                detail = error.detail or HTTPStatus(error.status_code).phrase
                wrong = InvalidEvent(_REFUSING[error.status_code], detail)
                await _keep_document(door, request, request.state.authid, wrong)
            raise

    @post(
        "/v1/{ledger:str}/schedules",
        operation_id="importSchedule",
        summary="Read a document of tasks and assign them; with dry_run only show how it is read",
        description="Nothing is assigned if a row cannot be read, unless `partial`. For assigners.",
        status_code=200,
        security=BEARER,
        opt={"body": SCHEDULE},
        guards=[assigners_only],
        before_request=receive,
        request_max_body_size=MOST_DOCUMENT,
        responses={
            200: answers(Imported, "How each row was read, and, without dry_run, what became of its events"),
            422: answers(Imported, "A row cannot be read, and nothing was assigned"),
            **problems(400, 401, 403, 404, 408, 413, 415),
        },
    )
    async def schedule(
        request: Request[Any, Any, Any],
        ledger: FromPath[str],
        data: Annotated[ScheduleForm, Body(media_type=RequestEncodingType.MULTI_PART)],
        *,
        dry_run: Annotated[bool, QueryParameter(description="Only show how each row is read")] = False,
        partial: Annotated[bool, QueryParameter(description="Assign the rows that can be read")] = False,
        corrections: Annotated[bool, QueryParameter(description="Submit what settles differences, too")] = False,
    ) -> Response[Any]:
        """Nothing is assigned if a row cannot be read, unless `partial`; `corrections` submits the proposals, too."""
        documents, authid = doors[ledger].documents, request.state.authid
        order = Order(data.plan, data.issued, authid)
        try:
            with documents.turn():
                document = data.file.file.read()  # of some ms; each thread of a pool would keep memory of its own
                read = await documents.preview(document, data.file.filename, order)
            if dry_run or (read.refusals and not partial):
                return Response(read, status_code=200 if dry_run else 422)
            return Response(await documents.accept(read, authid, corrections=corrections))
        except (BusyError, UnavailableError, RedisError, OSError) as error:
            return unavailable(f"this cannot be done now; send it all again: {error}")

    async def unready() -> str | None:
        losses = [door.writer.loss for door in doors.values()]
        if (loss := next(filter(None, losses), None)) is not None:
            return NeedsOperator(loss)
        connected = [door.writer.ready and await writable(door.redis) for door in doors.values()]
        if not connected or not all(connected):
            return "not connected to the log, or to one that takes no writes"
        faults = [door.writer.noted.fault for door in doors.values() if door.writer.noted is not None]
        if (fault := next(filter(None, faults), None)) is not None:
            return fault
        holds = [steady.hold_of(door.clock) for door in doors.values()]
        if (hold := next(filter(None, holds), None)) is not None:
            return NeedsOperator(hold)
        wrong = [await ahead_of_wall(door.redis, name) for name, door in doors.items() if settings.clock is None]
        return next((NeedsOperator(one) for one in wrong if one is not None), None)

    @get(
        "/v1/schemas/{name:str}",
        operation_id="eventSchema",
        summary="The JSON Schema of an event type",
        media_type=SCHEMA,
        responses={200: answers({"type": "object"}, "The schema (draft 2020-12)", SCHEMA), **problems(400, 404)},
    )
    async def event_type(
        name: Annotated[str, PathParameter(description="The type", schema_extra={"enum": list(TYPES)})],
    ) -> Response[bytes]:
        if name not in TYPES:
            raise NotFoundException(f"there is no type {name!r}; the types are: {', '.join(TYPES)}")
        return Response(msgspec.json.encode(schema_of(name)), media_type=SCHEMA)

    return application(
        "ingest",
        [submit, schedule, event_type],
        lifespan,
        unready,
        MOST_REQUEST,
        limits=settings.limits,
        callers=callers,
    )


async def _submit(door: Door, budget: RequestBudget, request: "Request[Any, Any, Any]") -> Response[bytes]:
    ledger = door.writer.name
    authid = await _source_of(door, request)
    if authid is None or authid not in door.writer.ledger.sources:
        address = request.client.host if request.client else ""
        await keep_unauthenticated(door.redis, ledger, address, _head(request))  # no body: a stranger may never send it
        return problem(401, _UNKNOWN, {"WWW-Authenticate": "Bearer"})
    role = door.writer.ledger.sources[authid].role
    if role not in SUBMITTING:
        wrong = InvalidEvent("not-permitted", f"{authid!r} is {role}; it may read, not submit")
        await _keep_head(door, request, authid, wrong)
        return problem(403, wrong.detail)
    encoding = request.headers.get("content-encoding", "")
    length = request.headers.get("content-length") if not encoding else None  # of what it is once decoded: unknown
    with budget.reserve(ledger, authid, length):
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await request.body()
        except TimeoutError:
            return problem(408, _LATE)
        except RequestEntityTooLarge:
            wrong = InvalidEvent("too-large", f"the body is too large; at most {MOST_REQUEST:,} bytes")
            await _keep_head(door, request, authid, wrong)
            return problem(413, wrong.detail)
        patience = ANSWER_SECONDS + len(body) / BYTES_A_SECOND
        try:
            async with asyncio.timeout(patience):
                return await _decided(door, authid, request, body)
        except TimeoutError:
            return unavailable(f"no answer within {patience:.0f} seconds: what was recorded is unknown; {_AGAIN}")


async def _keep_head(
    door: Door, connection: "ASGIConnection[Any, Any, Any, Any]", authid: str, wrong: InvalidEvent
) -> None:
    """Keep a request among the refused whose body is not read; raises UnavailableError."""
    await door.writer.submit([Submission(_head(connection), authid, wrong, is_head=True)])


async def _keep_document(
    door: Door, connection: "ASGIConnection[Any, Any, Any, Any]", authid: str, wrong: InvalidEvent
) -> None:
    """Keep the head of a request with a document; raises HTTPException 503 where that cannot be done now."""
    try:
        await _keep_head(door, connection, authid, wrong)
    except (UnavailableError, OSError) as error:
        detail = f"the log cannot be written now; send it again: {error}"
        raise HTTPException(status_code=503, detail=detail, headers={"Retry-After": RETRY_AFTER}) from error


def _head(connection: "ASGIConnection[Any, Any, Any, Any]") -> bytes:
    """Return what is kept of a request that is refused before its body is read."""
    names = ("content-type", "content-encoding", "content-length", "user-agent")
    headers = {name: connection.headers[name][:200] for name in names if name in connection.headers}
    path = connection.scope["path"][:200]
    return msgspec.json.encode({"method": dict(connection.scope)["method"], "path": path, "headers": headers})


async def _decided(door: Door, authid: str, request: "Request[Any, Any, Any]", body: bytes) -> Response[bytes]:
    misspelt = query_fault(request, {}) if request.scope["query_string"] else None
    if misspelt is not None:
        await door.writer.submit([Submission(body, authid, InvalidEvent("malformed", misspelt))])
        return problem(400, misspelt)
    try:
        plain = decoded(body, request.headers.get("content-encoding", ""))
    except (UnknownEncodingError, BrokenEncodingError, TooLargeError) as error:
        await door.writer.submit([Submission(body, authid, InvalidEvent("malformed", str(error)))])
        return problem(_ENCODING_FAULTS[type(error)], str(error))
    form = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if form not in _FORMS:
        wrong = InvalidEvent("malformed", f"the content type {form!r} is none of: {', '.join(_FORMS)}")
        await door.writer.submit([Submission(body, authid, wrong)])
        return problem(415, f"{form!r} is none of: {', '.join(_FORMS)}")
    return await _FORMS[form](door.writer, authid, plain.removeprefix(BYTE_ORDER_MARK))


async def _one(writer: Writer, authid: str, body: bytes) -> Response[bytes]:
    (outcome,) = await writer.submit([submission(body, authid)])
    if outcome.code == "too-large":
        members = {name: value for name, value in msgspec.to_builtins(outcome).items() if name != "detail"}
        return problem(413, outcome.detail or "", **members)
    status = {"accepted": 201, "duplicate": 200, "refused": 422}[outcome.outcome]
    return Response(msgspec.json.encode(outcome), status_code=status, media_type="application/json")


async def _array(writer: Writer, authid: str, body: bytes) -> Response[bytes]:
    if body.count(b",") > MAX_COMMAS:
        return await _too_many(writer, authid, body, f"far more than {MAX_EVENTS:,} events")
    try:
        parts = msgspec.json.decode(body, type=list[Raw])
    except (msgspec.MsgspecError, RecursionError) as error:
        wrong = InvalidEvent("malformed", f"not a JSON array of events: {error}")
        (outcome,) = await writer.submit([Submission(body, authid, wrong)])
        return Response(msgspec.json.encode(outcome), status_code=422, media_type="application/json")
    if len(parts) > MAX_EVENTS:
        return await _too_many(writer, authid, body, f"{len(parts):,} events")
    outcomes = await writer.enqueue(
        authid, [bytes(part) for part in parts], len(body), partial(submission, authid=authid)
    )
    return Response(msgspec.json.encode(outcomes), media_type="application/json")


async def _lines(writer: Writer, authid: str, body: bytes) -> Response[bytes]:
    if (ends := body.count(b"\n")) > MAX_EVENTS:
        return await _too_many(writer, authid, body, f"{ends:,} events")
    lines = [line for line in body.split(b"\n") if line.strip()]
    outcomes = await writer.enqueue(authid, lines, len(body), partial(submission, authid=authid))
    return Response(msgspec.json.Encoder().encode_lines(outcomes), media_type=LINES)


_FORMS: dict[str, Callable[[Writer, str, bytes], Awaitable[Response[bytes]]]] = {
    ONE: _one,
    MANY: _array,
    LINES: _lines,
}


async def receive_form(request: "Request[Any, Any, Any]") -> None:
    """Receive a form in the time there is, before the handler is called with it; what is wrong with it is told."""
    form, _ = request.content_type
    if form != RequestEncodingType.MULTI_PART:
        raise HTTPException(status_code=415, detail=f"{form!r} is not multipart/form-data with file, plan and issued")
    try:
        async with asyncio.timeout(BODY_SECONDS):
            files = (await _form(request)).getall("file", [])
    except TimeoutError:
        raise HTTPException(status_code=408, detail=_LATE) from None
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


async def _form(request: "Request[Any, Any, Any]") -> FormMultiDict:
    """Return the form in a request's body; the handler gets the same, as it stays with the request's scope."""
    encoding = request.headers.get("content-encoding", "").strip().lower()
    if encoding in {"", "identity"}:
        return await request.form()
    try:
        check_encoding(encoding)  # before the body is read
        body = b"".join([piece async for piece in request.stream()])
        plain = decoded(body, encoding, MOST_DOCUMENT)
    except (UnknownEncodingError, BrokenEncodingError, TooLargeError) as error:
        raise HTTPException(status_code=_ENCODING_FAULTS[type(error)], detail=str(error)) from error

    async def receive() -> Any:
        return {"type": "http.request", "body": plain, "more_body": False}

    return await Request[Any, Any, Any](request.scope, receive).form()


_REFUSING: dict[int, CODES] = {400: "malformed", 413: "too-large", 415: "malformed"}
"""Codes of what is wrong with a document's request itself."""

_ENCODING_FAULTS: dict[type[Exception], int] = {UnknownEncodingError: 415, BrokenEncodingError: 400, TooLargeError: 413}
_AGAIN = "send it all again, what was recorded is then answered as a duplicate"
_LATE = f"the body did not arrive within {BODY_SECONDS:g} seconds"
_UNKNOWN = "a valid token is needed: Authorization: Bearer <token>"


async def _too_many(writer: Writer, authid: str, body: bytes, found: str) -> Response[bytes]:
    wrong = InvalidEvent("too-large", f"the request has {found}; at most {MAX_EVENTS:,} are accepted at once")
    await writer.submit([Submission(body, authid, wrong)])
    return problem(413, wrong.detail)


async def _source_of(door: Door, connection: "ASGIConnection[Any, Any, Any, Any]") -> str | None:
    caller = dict(connection.scope).get(CALLER)
    if isinstance(caller, Caller) and caller.known:
        return caller.source
    authorization = connection.headers.get("authorization")
    return await tokens.source_of(door.redis, door.writer.name, authorization, door.writer.now())
