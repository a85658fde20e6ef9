"""One origin: what status forwards to ingest and notify, how, and that it forwards nothing else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from litestar import Litestar

from events.envelope import encode
from events.ledger import Ledger, Source
from events.log import Log
from events.reading import ReadingRules
from services.common import protocol, tokens
from services.common.access import Access
from services.common.limits import Limits
from services.common.networks import Networks
from services.common.settings import shipped
from services.common.web import application
from services.ingest.budget import MOST_REQUEST
from services.status.forwarding import FORWARDED, Forwarder
from tests.common.test_bounds import OneLedger
from tests.examples import assigned, reported
from tests.fixed_clock import FixedClock
from tests.ingest.ingest_client import ONE
from tests.patience import PATIENCE
from tests.served import ELSEWHERE, LEDGER, SAME, Served, browser, served
from tests.webserver import serving


@pytest_asyncio.fixture
async def running(redis: Any, server_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    async with served(redis, server_url, tmp_path) as running:
        yield running


@pytest_asyncio.fixture
async def http(running: Served) -> AsyncIterator[httpx.AsyncClient]:
    """Return the browser of somebody who is signed in as the office."""
    async with browser() as http:
        await running.signed_in(http, "office")
        yield http


async def test_the_page_reads_alerts_from_its_own_origin(running: Served, http: httpx.AsyncClient) -> None:
    """With the query, the headers and the problems of notify; by the session, and by a token."""
    bearer = running.bearer("audit")
    for headers in ({}, bearer):
        for what in ("alerts", "alerts?limit=1&on=passed", "alerts?limit=0", "alerts?colour=red"):
            ours = await http.get(running.url("status", what), headers=headers)
            theirs = await http.get(running.url("notify", what), headers=headers)
            assert (ours.status_code, ours.content) == (theirs.status_code, theirs.content)
            for name in ("duban-position", "content-type", "content-length", "cache-control"):
                assert ours.headers.get_list(name) == theirs.headers.get_list(name)
            head = await http.head(running.url("status", what), headers=headers)
            assert (head.status_code, head.content) == (theirs.status_code, b"")
            assert len(ours.headers.get_list("date")) == 1


async def test_the_page_submits_through_its_own_origin(running: Served, http: httpx.AsyncClient) -> None:
    """As the session's source, with ingest's outcomes and problems, and recorded as if sent there."""
    url = running.url("status", "events")
    event = encode(assigned("t-1"))
    for status, outcome in ((201, "accepted"), (200, "duplicate")):
        answer = await http.post(url, content=event, headers=SAME | {"Content-Type": ONE})
        assert (answer.status_code, answer.json()["outcome"]) == (status, outcome)
    refused = await http.post(url, content=encode(reported("t-1", 1)), headers=SAME | {"Content-Type": ONE})
    assert (refused.status_code, refused.json()["code"]) == (422, "not-permitted")
    assert (await http.post(url, content=event, headers=SAME | {"Content-Type": "text/plain"})).status_code == 415
    headers = running.bearer("units") | SAME | {"Content-Type": ONE}
    assert (await http.post(url, content=encode(reported("t-1", 1)), headers=headers)).status_code == 201
    assert (await http.post(url, content=event, headers=running.bearer("audit") | SAME)).status_code == 403
    assert await Log(running.redis, LEDGER).tail() == 2


async def test_the_page_imports_a_document_through_its_own_origin(running: Served, http: httpx.AsyncClient) -> None:
    """A form with a file, and the query."""
    name = "zhanjiang-2017-key-tasks.txt"
    files = {"file": (name, shipped(name).read_bytes())}
    form = {"plan": "zj-2017", "issued": "2017-08-01"}
    url = running.url("status", "schedules?dry_run=true")
    answer = await http.post(url, data=form, files=files, headers=SAME)
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["rows"]) == 27


@pytest.mark.parametrize("told", [True, False])
async def test_what_ingest_refuses_to_read_is_told(running: Served, http: httpx.AsyncClient, told: bool) -> None:  # noqa: FBT001
    """A body that is too large, whether its length is announced or not; status itself has no bound for it."""
    piece = b" " * MOST_REQUEST

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield piece

    length = {"Content-Length": str(3 * len(piece))} if told else {}
    headers = SAME | {"Content-Type": ONE} | length
    answer = await http.post(running.url("status", "events"), content=pieces(), headers=headers)
    assert answer.status_code == 413
    assert f"{MOST_REQUEST:,} bytes" in answer.json()["detail"]


async def test_nothing_else_is_forwarded(running: Served, http: httpx.AsyncClient) -> None:
    """Neither other paths of those services, nor other methods, nor a path that another server would read otherwise."""
    for method, what, status in (
        ("GET", "events", 405),
        ("GET", "schedules", 405),
        ("PUT", "events", 405),
        ("POST", "alerts", 405),
        ("GET", "alerts/a-1", 404),
        ("POST", "events/x", 404),
        ("GET", "schemas", 404),
        ("GET", "alerts/%2e%2e/tasks", 404),
        ("GET", "alerts/./x", 404),
        ("GET", "alerts//x", 404),
        ("GET", "alertsx", 404),
    ):
        url = httpx.URL(running.bases["status"]).copy_with(raw_path=f"/v1/{LEDGER}/{what}".encode())
        answer = await http.request(method, url, headers=SAME)
        assert (method, what, answer.status_code) == (method, what, status)
    for path in ("/v1/schemas/duban.task.assigned.v1", "/v2/zhanjiang/alerts"):
        assert (await http.get(running.bases["status"] + path)).status_code == 404


async def test_a_service_that_is_away_is_named(redis: Any, server_url: str, tmp_path: Path) -> None:
    """502 as a problem that says when to ask again; the rest of the page goes on."""
    nowhere = "http://127.0.0.1:9"
    async with (
        served(redis, server_url, tmp_path, "status", ingest=nowhere, notify=nowhere) as running,
        browser() as http,
    ):
        await running.signed_in(http, "office")
        for method, what, target in (("GET", "alerts", "notify"), ("POST", "events", "ingest")):
            answer = await http.request(method, running.url("status", what), headers=SAME)
            assert (answer.status_code, answer.headers["retry-after"]) == (502, "1")
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["detail"].startswith(f"{target} cannot be reached now")
        assert (await http.get(running.url("status", "tasks"))).status_code == 200


class Upstream:
    """A service behind status: it keeps what it is sent, and answers in two pieces, the second when it is let."""

    def __init__(self) -> None:
        self.scopes: list[Any] = []
        self.pieces: asyncio.Queue[bytes] = asyncio.Queue()
        self.proceed = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scopes.append(scope)
        while True:
            message = await receive()
            if message.get("body"):
                self.pieces.put_nowait(message["body"])
            if not message.get("more_body"):
                break
        if scope["query_string"] == b"never":
            await self.proceed.wait()
        headers = [(b"connection", b"x-own"), (b"x-own", b"1"), (b"x-two", b"a"), (b"x-two", b"b"), (b"te", b"x")]
        await send({"type": "http.response.start", "status": 207, "headers": headers})
        await send({"type": "http.response.body", "body": b"first", "more_body": True})
        await self.proceed.wait()
        if scope["query_string"] == b"broken":
            return
        await send({"type": "http.response.body", "body": b"second", "more_body": False})

    def header(self, name: str) -> list[str]:
        """Return the values of a header of the last request."""
        return [value.decode() for one, value in self.scopes[-1]["headers"] if one == name.encode()]


@asynccontextmanager
async def nothing(_: Litestar) -> AsyncIterator[None]:
    yield


async def ready() -> None:
    """A service that can always be used."""


@asynccontextmanager
async def forwarding(redis: Any, trusted: str = "", seconds: float = 20.0) -> AsyncIterator[tuple[str, Upstream]]:
    """Serve only what is forwarded, to an upstream of the test's own; reads of its ledger are public."""
    upstream = Upstream()
    ledger = Ledger("a", sources={"office": Source("assigner")}, reading=ReadingRules(public=True))
    plain: Any = upstream
    async with serving(ASGI(plain)) as base:
        app = application(
            "status",
            FORWARDED,
            nothing,
            ready,
            limits=Limits(trusted_proxies=Networks(trusted)),
            endpoints={ELSEWHERE: OneLedger(redis, FixedClock(datetime(2018, 4, 1, tzinfo=UTC)))},
            access=Access({ELSEWHERE: ledger}),
        )
        forwarder = Forwarder({"ingest": base, "notify": base}, httpx.Timeout(seconds))
        app.state.forwarder = forwarder
        async with serving(app) as served_at:
            yield f"{served_at}/v1/{ELSEWHERE}", upstream
            upstream.proceed.set()
        await forwarder.close()


class ASGI:
    """An application that has a lifespan, which does nothing."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await self._app(scope, receive, send)
            return
        for kind in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{kind}.complete"})


async def test_an_answer_is_passed_on_as_it_comes(redis: Any) -> None:
    """Piece by piece, with its status and its headers but those of the connection."""
    async with forwarding(redis) as (base, upstream), browser() as http:
        async with http.stream("GET", f"{base}/alerts?x") as answer:
            pieces = answer.aiter_raw()
            assert (answer.status_code, await anext(pieces)) == (207, b"first")
            upstream.proceed.set()
            assert b"".join([piece async for piece in pieces]) == b"second"
        assert answer.headers.get_list("x-two") == ["a", "b"]
        assert not {"x-own", "te"} & set(answer.headers)
        assert answer.headers.get("connection") != "x-own"


async def test_a_request_is_passed_on_as_it_comes(redis: Any) -> None:
    """The first piece of a body is there before the second is sent."""
    token = await tokens.issue(redis, ELSEWHERE, "office")

    async with forwarding(redis) as (base, upstream), browser() as http:

        async def pieces() -> AsyncIterator[bytes]:
            yield b"one"
            assert await asyncio.wait_for(upstream.pieces.get(), 10) == b"one"
            yield b"two"
            upstream.proceed.set()

        headers = {"Authorization": f"Bearer {token}", "Expect": "100-continue", "TE": "trailers", "X-Hop": "1"}
        answer = await http.post(
            f"{base}/events?a=%2F%20b", content=pieces(), headers=headers | {"Connection": "x-hop"}
        )
        assert (answer.status_code, answer.content, await upstream.pieces.get()) == (207, b"firstsecond", b"two")
        scope = upstream.scopes[-1]
        assert (scope["method"], scope["path"], scope["query_string"]) == (
            "POST",
            f"/v1/{ELSEWHERE}/events",
            b"a=%2F%20b",
        )
        assert upstream.header("authorization") == [f"Bearer {token}"]
        assert upstream.header("host") == [httpx.URL(base).netloc.decode()]
        for name in ("expect", "te", "x-hop", "connection"):
            assert upstream.header(name) in ([], ["keep-alive"], ["close"])


@pytest.mark.parametrize(
    ("trusted", "sent", "address", "scheme"),
    [("", "203.0.113.9", "127.0.0.1", "http"), ("127.0.0.1/32", "203.0.113.9", "203.0.113.9", "https")],
)
async def test_the_address_of_the_client_goes_along(
    redis: Any, trusted: str, sent: str, address: str, scheme: str
) -> None:
    """As status knows it; what a client itself claims does not."""
    async with forwarding(redis, trusted) as (base, upstream), browser() as http:
        upstream.proceed.set()
        headers = {"X-Forwarded-For": sent, "X-Forwarded-Proto": "https", "Forwarded": "for=1.2.3.4"}
        assert (await http.get(f"{base}/alerts", headers=headers)).status_code == 207
        assert upstream.header("x-forwarded-for") == [address]
        assert upstream.header("x-forwarded-proto") == [scheme]
        assert upstream.header("forwarded") == []


async def test_a_service_that_does_not_answer_in_time_is_named(redis: Any) -> None:
    """504 as a problem."""
    async with forwarding(redis, seconds=0.3) as (base, _), browser() as http:
        answer = await http.get(f"{base}/alerts?never")
        assert (answer.status_code, answer.headers["retry-after"]) == (504, "1")
        assert answer.json()["detail"].startswith("notify did not answer in time")


async def test_an_answer_that_breaks_off_is_not_made_whole(redis: Any) -> None:
    """The client sees that it is not complete."""
    async with forwarding(redis) as (base, upstream), browser() as http:
        upstream.proceed.set()
        with pytest.raises(httpx.RemoteProtocolError):
            await http.get(f"{base}/alerts?broken")


async def test_a_body_that_does_not_come_is_not_waited_for(redis: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither here nor behind: 408 for the client, and the request to the other service is given up."""
    monkeypatch.setattr(protocol, "SILENT_SECONDS", 0.3)
    token = await tokens.issue(redis, ELSEWHERE, "office")
    async with forwarding(redis) as (base, upstream):
        at = httpx.URL(base)
        reader, writer = await asyncio.open_connection(at.host, at.port)
        head = (
            f"POST {at.path}/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Length: 100\r\n\r\n"
        )
        writer.write(head.encode() + b"x")
        async with asyncio.timeout(PATIENCE):
            answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert await upstream.pieces.get() == b"x"
        writer.close()
