"""Signing in and out over HTTP: a token or a one-time code starts a session, which a cookie then carries."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from math import ceil
from typing import Any, Literal, TypeAlias

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.params import FromPath, SkipValidation
from msgspec import UNSET, UnsetType

from events.ledger import Ledger
from events.schema import LinkMade, SessionEnded, SessionStarted
from services.common import sessions, tokens
from services.common.access import CHALLENGE, FORGED, OPEN, Access, from_own_page
from services.common.bodies import read_body
from services.common.callers import caller_of
from services.common.clock import monotonic, real_time, sleep
from services.common.endpoints import ENDPOINT, Endpoint
from services.common.identity import cookie_name
from services.common.networks import site
from services.common.operations import record
from services.common.problems import problem
from services.common.sessions import CODE_SECONDS, MOST_DAYS, BrowserSession, SignInCode
from services.contract.openapi import BEARER, JSON, OPTIONAL, answers, empty, problems
from services.status.signing_in import MOST_BODY, SIGN_IN, CodeOrder, IssuedCode, SignedIn, SignIn

PRIVATE = {"Cache-Control": "no-store"}
"""Of answers with a code or a cookie."""

AnyEndpoint: TypeAlias = NamedDependency[SkipValidation[Endpoint]]


@post(
    "/v1/{ledger:str}/session",
    operation_id="signIn",
    summary="Sign in with a token or a one-time code: a cookie then stands for it",
    description=f"The session ends after 30 minutes without use and 8 hours in all; a dashboard's may last {MOST_DAYS}"
    " days. It ends with its token.",
    status_code=200,
    opt={"body": {JSON: {"schema": SIGN_IN}}, OPEN: True},
    dependencies=ENDPOINT,
    request_max_body_size=MOST_BODY,
    responses={
        200: answers(SignedIn, "Signed in", headers={"Set-Cookie": ("The session", {"type": "string"})}),
        **problems(400, 401, 404, 413, 415),
    },
)
async def sign_in(request: Request[Any, Any, Any], endpoint: AnyEndpoint, ledger: FromPath[str]) -> Response[bytes]:
    access: Access = request.app.state.access
    if {"sec-fetch-site", "origin"} & set(request.headers) and not from_own_page(request.scope, access.public_url):
        raise PermissionDeniedException(FORGED)
    wanted = await read_body(request, SignIn)
    signed = await _good(endpoint, ledger, wanted)
    if signed is None or not access.has_source(ledger, signed.source):
        return await _refuse(request, ledger)
    signed = msgspec.structs.replace(
        signed, days=_days(access.ledgers[ledger], signed.source, wanted.days, signed.days)
    )
    await _end(request, endpoint, ledger)
    secret, session = await sessions.start(endpoint.redis, ledger, signed, real_time())
    means: Literal["token", "link"] = "token" if wanted.code is UNSET else "link"
    started = SessionStarted(session.source, session.id, session.token, means, session.days or None)
    await record(endpoint.redis, "status", ledger, started)  # before the browser gets the secret
    installation = await sessions.installation(endpoint.redis)
    cookie = _cookie(cookie_name(installation, ledger, secure=access.secure), secret, session, secure=access.secure)
    body = _signed_in(access.ledgers[ledger], signed.source, session.ends)
    return Response(msgspec.json.encode(body), media_type=JSON, headers={**PRIVATE, "Set-Cookie": cookie})


@get(
    "/v1/{ledger:str}/session",
    operation_id="session",
    summary="Who is signed in",
    dependencies=ENDPOINT,
    responses={200: answers(SignedIn, "Who reads"), **problems(400, 404)},
)
async def current(request: Request[Any, Any, Any], ledger: FromPath[str]) -> Response[bytes]:
    caller = caller_of(request)
    until: float | None = None
    if caller.identity is not None:
        session, expires = caller.identity.session, caller.identity.token.terms.expires
        until = session.ends if session is not None else expires.timestamp() if expires is not None else None
    body = _signed_in(request.app.state.access.ledgers[ledger], caller.source, until)
    return Response(msgspec.json.encode(body), media_type=JSON, headers=PRIVATE)


@delete(
    "/v1/{ledger:str}/session",
    operation_id="signOut",
    summary="Sign out: the session and its open streams end",
    status_code=204,
    opt={OPEN: True},
    dependencies=ENDPOINT,
    responses={204: empty("Signed out, also where nobody was signed in"), **problems(400, 404)},
)
async def sign_out(request: Request[Any, Any, Any], endpoint: AnyEndpoint, ledger: FromPath[str]) -> Response[None]:
    await _end(request, endpoint, ledger)
    secure = request.app.state.access.secure
    name = cookie_name(await sessions.installation(endpoint.redis), ledger, secure=secure)
    return Response(None, status_code=204, headers={**PRIVATE, "Set-Cookie": _cookie(name, "", None, secure=secure)})


@post(
    "/v1/{ledger:str}/session/codes",
    operation_id="issueSignInCode",
    summary="Make a one-time code that signs a browser in as the token's source",
    description=f"For a link, in its fragment. It is good once, for {CODE_SECONDS // 60} minutes.",
    status_code=201,
    security=BEARER,
    opt={"body": {JSON: {"schema": CodeOrder}}, OPTIONAL: True},
    dependencies=ENDPOINT,
    request_max_body_size=MOST_BODY,
    responses={201: answers(IssuedCode, "The code"), **problems(400, 404, 413, 415)},
)
async def issue_code(request: Request[Any, Any, Any], endpoint: AnyEndpoint, ledger: FromPath[str]) -> Response[bytes]:
    access: Access = request.app.state.access
    wanted = await read_body(request, CodeOrder) if await request.body() else CodeOrder()
    identity = caller_of(request).identity
    if identity is None or identity.session is not None:
        raise PermissionDeniedException("a code is made with a token, not with a session: that would outlast itself")
    token = identity.token
    days = _days(access.ledgers[ledger], token.source, wanted.days, 0)
    now = real_time()
    try:
        code = await sessions.issue_code(endpoint.redis, ledger, SignInCode(token.source, token.hash, days), now)
    except sessions.TooManyCodesError as error:
        return problem(HTTPStatus.TOO_MANY_REQUESTS, str(error), {"Retry-After": str(error.seconds)})
    await record(endpoint.redis, "status", ledger, LinkMade(token.source, token.id, days or None))
    expires = datetime.fromtimestamp(now, access.ledgers[ledger].zone) + timedelta(seconds=CODE_SECONDS)
    return Response(msgspec.json.encode(IssuedCode(code, expires)), status_code=201, media_type=JSON, headers=PRIVATE)


SESSION_ROUTES = (sign_in, current, sign_out, issue_code)


async def _good(endpoint: Endpoint, ledger: str, wanted: SignIn) -> SignInCode | None:
    """Return the session that a valid token or code starts, None where it is not valid."""
    signed: SignInCode | None
    if isinstance(wanted.code, str):
        signed = await sessions.redeem(endpoint.redis, ledger, wanted.code)
    else:
        signed = SignInCode("", tokens.hash_of(str(wanted.token).strip()))
    if signed is None:
        return None
    (token,) = await tokens.find(endpoint.redis, ledger, [signed.token_hash])
    if token is None or token.fault(endpoint.clock.now()) is not None:
        return None
    return msgspec.structs.replace(signed, source=token.source)


async def _refuse(request: Request[Any, Any, Any], ledger: str) -> Response[bytes]:
    """Answer a failed sign-in, later or not at all where the address has had many."""
    network = site(caller_of(request).address)
    request.app.state.failed_minutes[ledger].add(network)
    delay = request.app.state.failed_sign_ins.add(network, monotonic())
    if delay < 0:
        return problem(
            HTTPStatus.TOO_MANY_REQUESTS,
            "too many sign-ins failed from this address; only a valid token or code is answered now",
            {"Retry-After": str(ceil(-delay))},
        )
    await sleep(delay)
    raise NotAuthorizedException("the token or code is unknown, used, revoked or too old", headers=CHALLENGE)


async def _end(request: Request[Any, Any, Any], endpoint: Endpoint, ledger: str) -> None:
    """End the session that a request carries, if it has one that is still open."""
    identity = caller_of(request).identity
    if identity is not None and (session := identity.session) is not None:
        with suppress(sessions.UnknownSessionError):  # ended by another request meanwhile
            await sessions.end(endpoint.redis, ledger, session.id)
            ended = SessionEnded(session.source, session.id, session.source)
            await record(endpoint.redis, "status", ledger, ended)
        request.app.state.remembered.forget(ledger, {identity.name})


def _days(ledger: Ledger, source: str, wanted: float | UnsetType, otherwise: int) -> int:
    """Return the days of a session; raises PermissionDeniedException where its source may not ask for any."""
    role = ledger.sources[source].role
    if wanted is not UNSET and role != "dashboard":
        raise PermissionDeniedException(f"{source!r} is {role}; only a dashboard may stay signed in for days")
    return int(wanted) if wanted is not UNSET else otherwise


def _cookie(name: str, secret: str, session: BrowserSession | None, *, secure: bool) -> str:
    """Return the header that sets a session's cookie, or removes it."""
    whole = int(session.ends - session.made) if session is not None else 0
    return f"{name}={secret}; Path=/; Max-Age={whole}; HttpOnly; SameSite=Strict{'; Secure' if secure else ''}"


def _signed_in(ledger: Ledger, source: str | None, until: float | None) -> SignedIn:
    known = ledger.sources.get(source) if source is not None else None
    ends = datetime.fromtimestamp(until, UTC).astimezone(ledger.zone) if until is not None else None
    if known is None or known.role == "operations":  # which no file gives
        return SignedIn(None, None, (), ends)
    return SignedIn(source, known.role, known.units, ends)
