"""Signing in: by a token and by a one-time code, for how long, and what ends it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio
from msgspec.structs import replace

from events.keys import key
from services.common import sessions, tokens
from services.common.clock import monotonic, real_time, sleep
from services.common.failures import FREE, MOST
from services.common.limits import STREAMS
from services.common.tokens import Terms
from tests.patience import PATIENCE, stalls
from tests.served import ELSEWHERE, LEDGER, SAME, Served, browser, served

SOON = 1.0
"""Seconds within which a stream ends after its token or session."""


@pytest_asyncio.fixture
async def running(redis: Any, server_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    async with served(redis, server_url, tmp_path, "status") as running:
        yield running


@pytest_asyncio.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with browser() as http:
        yield http


def attributes(answer: httpx.Response) -> tuple[str, set[str]]:
    """Return the name of the cookie that an answer sets, and its attributes."""
    cookie, *more = answer.headers["set-cookie"].split("; ")
    return cookie.partition("=")[0], set(more)


async def code_of(running: Served, http: httpx.AsyncClient, source: str = "board", **order: Any) -> httpx.Response:
    url = running.url("status", "session/codes")
    return await http.post(url, json=order, headers=running.bearer(source) | SAME)


async def test_a_session_carries_the_source_with_its_role_and_units(running: Served, http: httpx.AsyncClient) -> None:
    """The page asks who is signed in; the cookie is out of reach of scripts and of other sites."""
    answer = await running.signed_in(http, "units")
    name, found = attributes(answer)
    assert name == f"duban-{await sessions.installation(running.redis)}-{LEDGER}"
    assert found == {"Path=/", "HttpOnly", "SameSite=Strict", "Max-Age=28800"}
    assert answer.headers["cache-control"] == "no-store"
    who = (await http.get(running.url("status", "session"))).json()
    assert who == answer.json()
    assert (who["source"], who["role"], who["units"]) == ("units", "reporter", ["*"])
    ends = datetime.fromisoformat(who["until"]).timestamp() - real_time()
    assert sessions.WHOLE_SECONDS - 60 < ends <= sessions.WHOLE_SECONDS
    assert who["until"].endswith("+08:00")
    assert running.tokens["units"] not in answer.text + str(answer.headers)


async def test_over_tls_a_cookie_is_of_this_host_alone(redis: Any, server_url: str, tmp_path: Path) -> None:
    """With __Host- and Secure; the same cookie without the prefix is none."""
    public = "https://board.example.cn"
    async with served(redis, server_url, tmp_path, "status", public_url=public) as running, browser() as http:
        url, tasks = running.url("status", "session"), running.url("status", "tasks")
        answer = await http.post(url, json={"token": running.tokens["board"]}, headers={"Origin": public})
        assert answer.status_code == 200
        name, found = attributes(answer)
        assert name == f"__Host-duban-{await sessions.installation(redis)}-{LEDGER}"
        assert found == {"Path=/", "HttpOnly", "SameSite=Strict", "Secure", "Max-Age=28800"}
        cookie = answer.headers["set-cookie"].partition(";")[0]
        for sent, status in ((cookie, 200), (cookie.removeprefix("__Host-"), 401)):
            assert (await http.get(tasks, headers={"Cookie": sent})).status_code == status


async def test_who_has_a_token_is_known_as_well(running: Served, http: httpx.AsyncClient) -> None:
    """Until its token expires, if it does."""
    until = datetime(2030, 1, 1, tzinfo=UTC)
    limited = await tokens.issue(running.redis, LEDGER, "board", Terms(expires=until))
    for token, ends in ((running.tokens["board"], None), (limited, "2030-01-01T08:00:00+08:00")):
        headers = {"Authorization": f"Bearer {token}"}
        who = (await http.get(running.url("status", "session"), headers=headers)).json()
        assert who == {"source": "board", "role": "dashboard", "units": [], "until": ends}


async def test_a_code_signs_in_once(running: Served, http: httpx.AsyncClient) -> None:
    """As the source whose token made it, in the browser that has it first."""
    made = await code_of(running, http)
    assert made.status_code == 201
    lasts = datetime.fromisoformat(made.json()["expires"]) - datetime.now(UTC)
    assert timedelta(minutes=4) < lasts <= timedelta(minutes=5)
    url = running.url("status", "session")
    first = await http.post(url, json={"code": made.json()["code"]}, headers=SAME)
    assert (first.status_code, first.json()["source"]) == (200, "board")
    assert (await http.get(running.url("status", "tasks"))).status_code == 200
    async with browser() as second:
        answer = await second.post(url, json={"code": made.json()["code"]}, headers=SAME)
        assert answer.status_code == 401
        assert not second.cookies


async def test_a_source_has_a_hundred_codes_at_once(running: Served, http: httpx.AsyncClient) -> None:
    """429 beyond, with the seconds after which one is too old; other sources have theirs."""
    for _ in range(sessions.MOST_CODES):
        assert (await code_of(running, http)).status_code == 201
    refused = await code_of(running, http)
    assert (refused.status_code, "100 sign-in codes" in refused.json()["detail"]) == (429, True)
    assert 1 <= int(refused.headers["retry-after"]) <= sessions.CODE_SECONDS
    assert (await code_of(running, http, "office")).status_code == 201


async def test_a_code_ends_with_its_token(running: Served, http: httpx.AsyncClient) -> None:
    """It is good for no more than the token is."""
    code = (await code_of(running, http)).json()["code"]
    await revoke(running, running.tokens["board"])
    answer = await http.post(running.url("status", "session"), json={"code": code}, headers=SAME)
    assert answer.status_code == 401


async def test_a_session_makes_no_code(running: Served, http: httpx.AsyncClient) -> None:
    """It would outlast itself by a chain of them; and nobody without a token makes any."""
    await running.signed_in(http)
    answer = await http.post(running.url("status", "session/codes"), headers=SAME)
    assert (answer.status_code, "with a token" in answer.json()["detail"]) == (403, True)
    async with browser() as nobody:
        assert (await nobody.post(running.url("status", "session/codes"))).status_code == 401


async def test_a_dashboard_may_stay_signed_in_for_days(running: Served, http: httpx.AsyncClient) -> None:
    """Up to 90, by a token or by a code, without being used; nobody else may."""
    answer = await running.signed_in(http, "board", days=90)
    assert f"Max-Age={90 * 86_400}" in attributes(answer)[1]
    (session,) = await sessions.every(running.redis, LEDGER)
    idle = real_time() - 89 * 86_400
    await keep(running.redis, replace(session, made=idle, used=idle))
    assert (await http.get(running.url("status", "tasks"))).status_code == 200
    await keep(running.redis, replace(session, made=idle - 86_400, used=idle))
    assert (await http.get(running.url("status", "tasks"))).status_code == 401
    code = (await code_of(running, http, days=30)).json()["code"]
    signed = await http.post(running.url("status", "session"), json={"code": code}, headers=SAME)
    assert f"Max-Age={30 * 86_400}" in attributes(signed)[1]
    office = {"token": running.tokens["office"], "days": 1}
    for refused in (
        await http.post(running.url("status", "session"), json=office, headers=SAME),
        await code_of(running, http, "office", days=1),
    ):
        assert (refused.status_code, "only a dashboard" in refused.json()["detail"]) == (403, True)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{}", "either a token or a code"),
        (b'{"token":"x","code":"y"}', "either a token or a code"),
        (b'{"code":"y","days":3}', "days go with a token"),
        (b'{"token":"x","days":91}', "<= 90"),
        (b'{"token":"x","days":0}', ">= 1"),
        (b'{"token":1}', "$.token"),
        (b'{"tokens":"x"}', "unknown field `tokens`"),
        (b"token=x", "malformed"),
        (b"", "truncated"),
    ],
)
async def test_what_is_no_sign_in_is_told(running: Served, http: httpx.AsyncClient, body: bytes, said: str) -> None:
    """400 with what is wrong."""
    headers = {"Content-Type": "application/json"}
    answer = await http.post(running.url("status", "session"), content=body, headers=headers)
    assert (answer.status_code, said in answer.json()["detail"]) == (400, True), answer.text


async def test_a_sign_in_is_small(running: Served, http: httpx.AsyncClient) -> None:
    """A body that is no sign-in is not read whole."""
    answer = await http.post(running.url("status", "session"), json={"token": "x" * 5_000}, headers=SAME)
    assert answer.status_code == 413


async def test_signing_out_ends_the_session_everywhere(running: Served, http: httpx.AsyncClient) -> None:
    """The cookie is removed, and is worth nothing to who kept it; signing out again changes nothing."""
    await running.signed_in(http)
    name, secret = await running.cookie(http)
    for _ in range(2):
        answer = await http.delete(running.url("status", "session"), headers=SAME)
        assert answer.status_code == 204
        assert attributes(answer) == (name, {"Path=/", "HttpOnly", "SameSite=Strict", "Max-Age=0"})
    assert await sessions.every(running.redis, LEDGER) == []
    assert not http.cookies
    kept = {"Cookie": f"{name}={secret}"}
    assert (await http.get(running.url("status", "tasks"), headers=kept)).status_code == 401


async def test_signing_in_anew_ends_the_former_session(running: Served, http: httpx.AsyncClient) -> None:
    """A browser has one session of a ledger."""
    await running.signed_in(http, "units")
    await running.signed_in(http, "office")
    assert [one.source for one in await sessions.every(running.redis, LEDGER)] == ["office"]


async def test_sessions_of_two_ledgers_do_not_meet(running: Served, http: httpx.AsyncClient) -> None:
    """A browser may have one of each; signing out of one leaves the other."""
    token = await tokens.issue(running.redis, ELSEWHERE, "office")
    await running.signed_in(http)
    other = running.url("status", "session", ELSEWHERE)
    assert (await http.post(other, json={"token": token}, headers=SAME)).json()["source"] == "office"
    assert (await http.get(running.url("status", "session"))).json()["source"] == "board"
    await http.delete(other, headers=SAME)
    assert (await http.get(other)).status_code == 401
    assert (await http.get(running.url("status", "session"))).json()["source"] == "board"


async def test_failed_sign_ins_are_slowed_and_a_valid_token_always_works(
    running: Served, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the fourth on an answer comes later; beyond ten it is 429, and says when to come again."""
    url = running.url("status", "session")
    delays: list[float] = []
    over = asyncio.Event()

    async def delayed(seconds: float) -> None:
        delays.append(seconds)
        if seconds:
            await over.wait()

    async def fail() -> int:
        answer = await http.post(url, json={"token": "duban_wrong"}, headers=SAME)
        assert answer.headers["content-type"] == "application/problem+json"
        if answer.status_code == 429:
            assert 1 <= int(answer.headers["retry-after"]) <= 60
        return answer.status_code

    monkeypatch.setattr("services.status.sessions.sleep", delayed)
    assert [await fail() for _ in range(FREE)] == [401] * FREE
    slow = [asyncio.create_task(fail()) for _ in range(FREE, MOST)]
    async with asyncio.timeout(PATIENCE):
        while len(delays) < MOST:
            await sleep(0.01)
    assert [await fail() for _ in range(3)] == [429] * 3
    await running.signed_in(http)
    made = (await code_of(running, http)).json()["code"]
    assert (await http.post(url, json={"code": made}, headers=SAME)).status_code == 200
    assert not any(one.done() for one in slow)
    over.set()
    assert await asyncio.gather(*slow) == [401] * (MOST - FREE)
    assert delays == [0, 0, 0, 1, 2, 4, 8, 8, 8, 8]


@asynccontextmanager
async def streams(running: Served, *clients: tuple[httpx.AsyncClient, dict[str, str]]) -> AsyncIterator[list[Any]]:
    """Open a stream of changes for each client, with headers; yields a task for each, which ends as the stream does."""
    async with asyncio.timeout(PATIENCE):
        begun = [asyncio.Event() for _ in clients]
        opened = [
            asyncio.create_task(read_whole(running, *client, event))
            for client, event in zip(clients, begun, strict=True)
        ]
        for event in begun:
            await event.wait()
        try:
            yield opened
        finally:
            for one in opened:
                one.cancel()
            await asyncio.gather(*opened, return_exceptions=True)


async def read_whole(running: Served, http: httpx.AsyncClient, headers: dict[str, str], begun: asyncio.Event) -> float:
    """Read a stream, which `begun` is told of, to its end, which must be complete, and return the instant of that."""
    async with http.stream("GET", running.url("status", "changes"), headers=headers) as answer:
        assert answer.status_code == 200
        begun.set()
        async for _ in answer.aiter_raw():
            pass
    return monotonic()


async def test_a_revoked_token_ends_its_sessions_and_streams(running: Served, http: httpx.AsyncClient) -> None:
    """Within a second, those of the token and of its sessions; other streams of the same source go on."""
    second = await tokens.issue(running.redis, LEDGER, "board")
    await running.signed_in(http)
    own, other = running.bearer("board"), {"Authorization": f"Bearer {second}"}
    async with (
        stalls() as late,
        browser() as program,
        streams(running, (http, {}), (program, own), (program, other)) as opened,
    ):
        assert not any(one.done() for one in opened)
        revoked = monotonic()
        await revoke(running, running.tokens["board"])
        ended = await asyncio.gather(*opened[:2])
        assert max(ended) - revoked - late.seconds < SOON
        assert (await http.get(running.url("status", "tasks"))).status_code == 401
        await sleep(SOON)
        assert not opened[2].done()


async def test_a_token_that_expires_ends_its_streams(running: Served, http: httpx.AsyncClient) -> None:
    """By the ledger's clock, at the instant."""
    ledger_now = (await http.get(running.url("status", "overview"), headers=running.bearer("board"))).json()["at"]
    until = datetime.fromisoformat(ledger_now) + timedelta(seconds=2)
    token = await tokens.issue(running.redis, LEDGER, "board", Terms(expires=until))
    begun = monotonic()
    async with stalls() as late, streams(running, (http, {"Authorization": f"Bearer {token}"})) as (stream,):
        assert not stream.done()
        assert await stream - begun > 1.5
        assert await stream - begun - late.seconds < 2 + SOON


async def test_a_session_that_is_ended_or_over_ends_its_streams(running: Served, http: httpx.AsyncClient) -> None:
    """By signing out, by whoever ends it from the list, and by time."""
    (one, two, three) = clients = [http, browser(), browser()]
    for client in clients:
        await running.signed_in(client)
    async with stalls() as late, streams(running, *((client, {}) for client in clients)) as opened:
        first, second, third = await sessions.every(running.redis, LEDGER)
        begun = monotonic()
        await one.delete(running.url("status", "session"), headers=SAME)
        await sessions.end(running.redis, LEDGER, second.id)
        await keep(running.redis, replace(third, made=real_time() - sessions.WHOLE_SECONDS))
        assert max(await asyncio.gather(*opened)) - begun - late.seconds < SOON
        assert first.id not in [one.id for one in await sessions.every(running.redis, LEDGER)]
    for client in (two, three):
        await client.aclose()


async def test_an_open_stream_counts_as_use(running: Served, http: httpx.AsyncClient) -> None:
    """Who only watches is not signed out after half an hour."""
    await running.signed_in(http)
    async with streams(running, (http, {})) as (stream,):
        (session,) = await sessions.every(running.redis, LEDGER)
        watched = real_time() - sessions.IDLE_SECONDS + 60
        await keep(running.redis, replace(session, used=watched))
        await sleep(SOON)
        (session,) = await sessions.every(running.redis, LEDGER)
        assert session.used > watched + 1_000
        assert not stream.done()


async def revoke(running: Served, token: str) -> None:
    """Revoke a token as `duban token revoke` does."""
    now = datetime(2018, 3, 31, 2, tzinfo=UTC)
    await tokens.revoke(running.redis, LEDGER, tokens.hash_of(token)[:16], "李四", now)


async def keep(redis: Any, session: sessions.BrowserSession) -> None:
    """Put another record in the place of a session's, with its use."""
    await redis.hset(key(LEDGER, "sessions"), session.id, msgspec.json.encode(session))
    await redis.hset(key(LEDGER, "sessions", "used"), session.id, repr(session.used))


async def test_each_session_is_a_client_of_its_own(running: Served) -> None:
    """Many people sign in as one source: each has its own most of streams, and the source's programs have theirs."""
    async with AsyncExitStack() as stack:
        browsers = [await stack.enter_async_context(browser()) for _ in range(2)]
        for one in browsers:
            await running.signed_in(one)
        opened = await stack.enter_async_context(streams(running, *((browsers[0], {}) for _ in range(STREAMS))))
        refused = await browsers[0].get(running.url("status", "changes"))
        assert (refused.status_code, "this session of source 'board'" in refused.text) == (429, True)
        for client, headers in ((browsers[1], {}), (httpx.AsyncClient(), running.bearer("board"))):
            async with client.stream("GET", running.url("status", "changes"), headers=headers) as answer:
                assert answer.status_code == 200
        assert not any(one.done() for one in opened)


async def test_no_secret_is_in_a_log_or_an_answer(
    running: Served, http: httpx.AsyncClient, capfd: pytest.CaptureFixture[str]
) -> None:
    """Of tokens, codes and cookies, good and wrong, sent as they should be and as they should not."""
    token, wrong = running.tokens["board"], "duban_wrong-but-secret"
    code = (await code_of(running, http)).json()["code"]
    url = running.url("status", "session")
    answers = [
        await http.get(f"{running.url('status', 'tasks')}?token={wrong}", headers=running.bearer("board")),
        await http.get(running.url("status", "tasks"), headers={"Authorization": f"Bearer {wrong}"}),
        await http.post(url, json={"token": wrong}, headers=SAME),
        await http.post(url, json={"code": wrong}, headers=SAME),
        await http.post(url, json={"token": [wrong]}, headers=SAME),
        await http.post(url, json={wrong: 1, "token": token}, headers=SAME | {"Content-Type": "text/plain"}),
        await http.post(url, json={"code": code}, headers=SAME),
        await http.get(url),
    ]
    _, secret = await running.cookie(http)
    await http.delete(url, headers=SAME)
    shown = capfd.readouterr()
    texts = [shown.out, shown.err, *(answer.text for answer in answers)]
    assert [answer.status_code for answer in answers] == [400, 401, 401, 401, 400, 415, 200, 200]
    assert not [text for text in texts for hidden in (token, wrong, code, secret) if hidden in text]
