"""Who may read: no path of a ledger on any service answers without a token or a session, but for those listed here."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio
from litestar.routes import HTTPRoute
from msgspec.structs import replace

from events.keys import key
from events.schema import TYPES
from services.applications import BUILDERS
from services.common import identity, sessions, tokens
from services.common.clock import real_time, sleep
from services.common.ending import CHECK_SECONDS
from services.common.identity import Presented, Remembered, cookie_name
from services.common.sessions import BrowserSession, SignInCode
from services.common.settings import Settings, shipped
from services.common.tokens import Terms
from tests.patience import PATIENCE
from tests.served import ELSEWHERE, LEDGER, SAME, Served, browser, served

OPEN = {
    ("*", "GET", "/health/live"),
    ("*", "GET", "/health/ready"),
    ("*", "GET", "/v1/openapi.json"),
    ("*", "GET", "/asyncapi"),
    ("ingest", "GET", "/v1/schemas/{name}"),
    ("status", "POST", "/v1/{ledger}/session"),
    ("status", "DELETE", "/v1/{ledger}/session"),
    ("notify", "GET", "/v1/{ledger}/alerts/{alert}/ack/form"),
    ("notify", "POST", "/v1/{ledger}/alerts/{alert}/ack/form"),
    ("status", "GET", "/v1/{ledger}/alerts/{alert}/ack/form"),
    ("status", "POST", "/v1/{ledger}/alerts/{alert}/ack/form"),
    ("notify", "GET", "/v1/{ledger}/units/{unit}/deadlines.ics"),
    ("status", "GET", "/v1/{ledger}/units/{unit}/deadlines.ics"),
}
"""What everybody may ask, by service: health, the contract's documents, signing in and out, and by a secret address."""


def routes(service: str) -> list[tuple[str, str]]:
    """Return every method and path of a service, as its router has them, with the parameters' names."""
    app = BUILDERS[service](Settings(ledgers=shipped(f"{LEDGER}.toml").parent))
    return sorted(
        (method, route.path_format)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method in route.route_handler_map
        if method != "OPTIONS"  # says which methods there are, and no more
    )


def filled(path: str, ledger: str = LEDGER) -> str:
    """Return a path with its parameters' values."""
    return path.format(
        ledger=ledger, task="t-1", name=next(iter(TYPES)), rest="a-1", alert="a-1", unit="市残联", path="a", era=2
    )


def is_open(service: str, method: str, path: str) -> bool:
    return bool({("*", method, path), (service, method, path)} & OPEN) or not path.startswith("/v1/")


ROUTES = [(service, *route) for service in BUILDERS for route in routes(service)]

CLOSED = [route for route in ROUTES if not is_open(*route)]


@pytest_asyncio.fixture
async def running(redis: Any, server_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    async with served(redis, server_url, tmp_path) as running:
        yield running


@pytest_asyncio.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with browser() as http:
        yield http


async def statuses(running: Served, http: httpx.AsyncClient, headers: dict[str, str]) -> set[int]:
    """Return the statuses of every closed path, with these headers."""
    found = set()
    for service, method, path in CLOSED:
        async with http.stream(method, running.bases[service] + filled(path), headers=headers) as answer:
            found.add(answer.status_code)
    return found


def test_the_walk_has_every_read() -> None:
    """It would prove nothing of what it does not know."""
    paths = {(service, path) for service, _, path in CLOSED}
    assert {("status", f"/v1/{{ledger}}/{path}") for path in ("tasks", "tasks/{task}", "overview", "changes")} <= paths
    assert ("notify", "/v1/{ledger}/alerts") in paths
    assert {service for service, _, _ in CLOSED} == set(BUILDERS)
    listed = {(method, path) for _, method, path in OPEN}
    assert listed <= {(method, path) for _, method, path in ROUTES}


async def test_nothing_of_a_ledger_is_answered_to_who_does_not_say_who_it_is(
    running: Served, http: httpx.AsyncClient
) -> None:
    """401 as a problem that says how to authenticate, on every path of every service; HEAD like GET."""
    for service, method, path in CLOSED:
        for asked in (method, "HEAD") if method == "GET" else (method,):
            async with http.stream(asked, running.bases[service] + filled(path)) as answer:
                assert (service, asked, path, answer.status_code) == (service, asked, path, 401)
                assert answer.headers["www-authenticate"] == "Bearer"
                assert answer.headers["content-type"] == "application/problem+json"
                assert asked == "HEAD" or b"token" in await answer.aread()


async def test_what_is_open_is_open(running: Served, http: httpx.AsyncClient) -> None:
    """Without a token and without a session; signing in is asked for JSON, a calendar for the key of its address."""
    for service, method, path in ROUTES:
        if is_open(service, method, path) and path.startswith(("/v1/", "/health/", "/asyncapi")):
            answer = await http.request(method, running.bases[service] + filled(path))
            wrong = {"form": 404, "ics": 400}.get(re.split(r"[/.]", path)[-1], 200)
            expected = {"POST": 415, "DELETE": 204}.get(method, wrong)
            assert (service, method, path, answer.status_code) == (service, method, path, expected)


async def test_a_token_that_is_not_good_opens_nothing(running: Served, http: httpx.AsyncClient) -> None:
    """Unknown, revoked, expired, of another ledger, or of a source that is no longer in the ledger's file."""
    now = datetime(2018, 3, 31, tzinfo=UTC)
    revoked = await tokens.issue(running.redis, LEDGER, "board")
    await tokens.revoke(running.redis, LEDGER, tokens.hash_of(revoked)[:16], "李四", now)
    expired = await tokens.issue(running.redis, LEDGER, "board", Terms("张三", now, now + timedelta(seconds=1)))
    other = await tokens.issue(running.redis, ELSEWHERE, "office")
    for token in ("duban_x", revoked, expired, other, running.tokens["gone"]):
        assert await statuses(running, http, {"Authorization": f"Bearer {token}"}) == {401}
    assert await statuses(running, http, {"Authorization": f"Basic {running.tokens['board']}"}) == {401}


@pytest.mark.parametrize("source", ["office", "units", "audit", "board"])
async def test_every_source_reads_whatever_its_role(running: Served, http: httpx.AsyncClient, source: str) -> None:
    """By its token, and by a session that was started with it, on every service."""
    async with browser() as signed:
        await running.signed_in(signed, source)
        for client, headers in ((http, running.bearer(source)), (signed, {})):
            for service, what in (("status", "tasks"), ("status", "overview"), ("notify", "alerts")):
                assert (await client.get(running.url(service, what), headers=headers)).status_code == 200
            async with client.stream("GET", running.url("status", "changes"), headers=headers) as answer:
                assert answer.status_code == 200


async def test_a_session_that_is_not_good_opens_nothing(running: Served, http: httpx.AsyncClient) -> None:
    """Unknown, of another ledger or deployment, over, or of a token that was revoked."""
    real = real_time()
    hash = tokens.hash_of(running.tokens["board"])
    own = await sessions.installation(running.redis)

    async def secret(
        ledger: str = LEDGER, token: str = hash, source: str = "board", ago: float = 0, days: int = 0
    ) -> str:
        return (await sessions.start(running.redis, ledger, SignInCode(source, token, days), real - ago))[0]

    def cookie(value: str, installation: str = own, ledger: str = LEDGER) -> dict[str, str]:
        return {"Cookie": f"{cookie_name(installation, ledger, secure=False)}={value}"} | SAME

    good = await secret()
    elsewhere = tokens.hash_of(await tokens.issue(running.redis, ELSEWHERE, "office"))
    refused = {
        "unknown": cookie("x" * 43),
        "of another deployment": cookie(good, "0123456789abcdef"),
        "under another ledger's name": cookie(good, ledger=ELSEWHERE),
        "of another ledger": cookie(await secret(ELSEWHERE, elsewhere, "office")),
        "for a deployment over TLS": {"Cookie": f"{cookie_name(own, LEDGER, secure=True)}={good}"} | SAME,
        "of no token": cookie(await secret(token=tokens.hash_of("nothing"))),
        "idle": cookie(await secret(ago=sessions.IDLE_SECONDS + 1)),
        "too old": cookie(await secret(ago=sessions.WHOLE_SECONDS + 1)),
        "for the days of a dashboard, of another role": cookie(
            await secret(token=tokens.hash_of(running.tokens["office"]), source="office", days=90)
        ),
    }
    for name, headers in refused.items():
        assert (name, await statuses(running, http, headers)) == (name, {401})
    assert (await http.get(running.url("status", "tasks"), headers=cookie(good))).status_code == 200
    both = f"{cookie('x', '0123456789abcdef')['Cookie']}; other=1; {cookie(good)['Cookie']}"
    assert (await http.get(running.url("status", "tasks"), headers={"Cookie": both})).status_code == 200
    await tokens.revoke(running.redis, LEDGER, hash[:16], "李四", datetime(2018, 3, 31, tzinfo=UTC))
    assert await statuses(running, http, cookie(good)) == {401}


async def test_the_first_good_session_counts_among_all_cookies(running: Served, http: httpx.AsyncClient) -> None:
    """Browsers send those of all ports of a host, and of all paths, so that there may be several of one name."""
    name = cookie_name(await sessions.installation(running.redis), LEDGER, secure=False)

    async def cookie(source: str) -> str:
        signed = SignInCode(source, tokens.hash_of(running.tokens[source]))
        return f"{name}={(await sessions.start(running.redis, LEDGER, signed, real_time()))[0]}"

    others = [f"{cookie_name(f'{number:016x}', LEDGER, secure=False)}=x" for number in range(40)]
    board, office = await cookie("board"), await cookie("office")
    over = await cookie("units")
    revoked = tokens.hash_of(running.tokens["units"])[:16]
    await tokens.revoke(running.redis, LEDGER, revoked, "李四", datetime(2018, 3, 31, tzinfo=UTC))
    for cookies, source in (
        ([*others, board], "board"),
        ([f"{name}=x", board], "board"),
        ([board, f"{name}=x"], "board"),
        ([board, office], "board"),
        ([over, office, board], "office"),
    ):
        answer = await http.get(running.url("status", "session"), headers={"Cookie": "; ".join(cookies)})
        assert (answer.status_code, answer.json()["source"]) == (200, source)


async def test_use_keeps_a_session_open_on_every_service(running: Served, http: httpx.AsyncClient) -> None:
    """Any request of the last half hour, at whichever service; 8 hours after the sign-in it is over all the same."""
    await running.signed_in(http)
    (session,) = await sessions.every(running.redis, LEDGER)
    for service, what in (("status", "tasks"), ("notify", "alerts")):
        used = real_time() - sessions.USE_SECONDS - 1
        await keep(running.redis, session, used=used)
        assert (await http.get(running.url(service, what))).status_code == 200
        (session,) = await sessions.every(running.redis, LEDGER)
        assert session.used > used + sessions.USE_SECONDS
    await keep(running.redis, session, made=real_time() - sessions.WHOLE_SECONDS)
    assert (await http.get(running.url("status", "tasks"))).status_code == 401


async def keep(redis: Any, session: BrowserSession, **instants: float) -> None:
    """Put other instants into a session's record."""
    changed = replace(session, **instants)
    await redis.hset(key(LEDGER, "sessions"), session.id, msgspec.json.encode(changed))
    await redis.hset(key(LEDGER, "sessions", "used"), session.id, repr(changed.used))


async def test_a_ledger_may_be_opened_to_everybody(redis: Any, server_url: str, tmp_path: Path) -> None:
    """Its reads, on each service; nobody submits for that, and other ledgers stay closed."""
    async with served(redis, server_url, tmp_path, reading="public = true") as running, browser() as http:
        for service, what in (("status", "tasks"), ("status", "overview"), ("notify", "alerts"), ("status", "session")):
            assert (await http.get(running.url(service, what, ELSEWHERE))).status_code == 200
            assert (await http.get(running.url(service, what))).status_code == 401
        async with http.stream("GET", running.url("status", "changes", ELSEWHERE)) as answer:
            assert answer.status_code == 200
        for service, method, path in CLOSED:
            if method != "GET":
                answer = await http.request(method, running.bases[service] + filled(path, ELSEWHERE))
                assert answer.status_code == 401
        who = (await http.get(running.url("status", "session", ELSEWHERE))).json()
        assert who == {"source": None, "role": None, "units": [], "until": None}


async def test_an_unknown_ledger_is_none(running: Served, http: httpx.AsyncClient) -> None:
    """404, with or without a token."""
    for headers in ({}, running.bearer("board")):
        answer = await http.get(running.url("status", "tasks", "nowhere"), headers=headers)
        assert (answer.status_code, answer.json()["detail"]) == (404, "there is no ledger 'nowhere' here")


async def test_reading_goes_on_while_the_server_is_away(
    redis: Any, server_url: str, tmp_path: Path, server: Any
) -> None:
    """Who read before still may, if that was good when the server was last there; others get 503, as submissions do."""
    async with served(redis, server_url, tmp_path, "status", "ingest") as running, browser() as http:
        await running.signed_in(http)
        tasks, events = running.url("status", "tasks"), running.url("ingest", "events")
        board, other = running.bearer("board"), running.bearer("audit")
        assert (await httpx_get(tasks, board)).status_code == (await http.get(tasks)).status_code == 200
        server.kill()
        try:
            assert (await httpx_get(tasks, board)).status_code == (await http.get(tasks)).status_code == 200
            assert (await httpx_get(tasks, other)).status_code == 503
            assert (await httpx_get(tasks, {})).status_code == 401
            answer = await http.post(events, content=b"", headers=running.bearer("office") | SAME)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        finally:
            server.start()


async def test_what_was_revoked_or_ended_reads_no_more_when_the_server_is_away(
    redis: Any, server_url: str, tmp_path: Path, server: Any
) -> None:
    """Also where it was not used any more: services look again at what they remember, and forget a sign-out at once."""
    async with served(redis, server_url, tmp_path, "status") as running, browser() as one, browser() as two:
        tasks, now = running.url("status", "tasks"), datetime(2018, 3, 31, tzinfo=UTC)
        board, office = running.bearer("board"), running.bearer("office")
        await running.signed_in(one, "units")
        (ended,) = await sessions.every(redis, LEDGER)
        await running.signed_in(two, "audit")
        name, secret = await running.cookie(two)
        assert {(await httpx_get(tasks, headers)).status_code for headers in (board, office)} == {200}
        assert {(await http.get(tasks)).status_code for http in (one, two)} == {200}
        await tokens.revoke(redis, LEDGER, tokens.hash_of(running.tokens["office"])[:16], "李四", now)
        await sessions.end(redis, LEDGER, ended.id)
        await sleep(2.5 * CHECK_SECONDS)
        assert (await two.delete(running.url("status", "session"), headers=SAME)).status_code == 204
        server.kill()
        try:
            kept = {"Cookie": f"{name}={secret}"}
            assert (await httpx_get(tasks, board)).status_code == 200
            assert [(await httpx_get(tasks, headers)).status_code for headers in (office, kept)] == [503, 503]
            assert (await one.get(tasks)).status_code == 503
        finally:
            server.start()


def test_who_was_not_found_good_lately_is_not_recalled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the server's last answer; how long it is away since then changes nothing."""
    instant = 0.0
    monkeypatch.setattr(identity, "monotonic", lambda: instant)
    remembered = Remembered({})
    good, other = Presented("a"), Presented("b")
    token = identity.Identity(tokens.Token("board", "a"))
    remembered.note(LEDGER, good, token)
    instant = 10_000.0
    assert remembered.recall(LEDGER, good) == token
    assert remembered.recall(ELSEWHERE, good) is None
    remembered.note(LEDGER, other, None)
    assert remembered.recall(LEDGER, good) is None


async def httpx_get(url: str, headers: dict[str, str]) -> httpx.Response:
    """Return the answer to a program without cookies."""
    async with httpx.AsyncClient(timeout=PATIENCE) as http:
        return await http.get(url, headers=headers)
