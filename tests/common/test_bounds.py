"""What one client can take of a service's connections and streams, and that nobody else notices."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple

import httpx
import msgspec
import pytest
from litestar import Litestar, Request, get
from litestar.params import FromPath
from litestar.response import Stream

from events.ledger import Ledger
from events.reading import ReadingRules
from services.common import sessions, tokens
from services.common.access import Access
from services.common.clock import Clock, real_time, sleep
from services.common.edge import STREAM
from services.common.identity import cookie_name
from services.common.limits import Limits
from services.common.networks import Networks
from services.common.sample import Sample
from services.common.sessions import SignInCode
from services.common.web import application
from tests.fixed_clock import FixedClock
from tests.patience import PATIENCE
from tests.webserver import serving

LEDGER = "zhanjiang"
MOST = 4
STREAMS = 2
ATTACKER, OTHER = "127.0.0.2", "127.0.0.3"
PUBLIC = Access({LEDGER: Ledger("a", reading=ReadingRules(public=True))})
"""Everybody may read: who may is another question than how much one client may take."""

PATH = f"/v1/{LEDGER}/quick"
FOLLOWED = f"/v1/{LEDGER}/endless"


@asynccontextmanager
async def nothing(_: Litestar) -> AsyncIterator[None]:
    yield


async def ready() -> None:
    """A service that can always be used."""


@get("/v1/{ledger:str}/quick")
async def quick(request: Request[Any, Any, Any], ledger: FromPath[str]) -> dict[str, str]:
    assert request.client is not None
    return {"address": request.client.host, "scheme": request.scope["scheme"], "ledger": ledger}


@get("/v1/{ledger:str}/endless", opt={STREAM: True})
async def endless(ledger: FromPath[str]) -> Stream:
    async def pieces() -> AsyncIterator[bytes]:
        yield ledger.encode() + b"\n\n"
        while True:
            await asyncio.sleep(0.05)
            yield b": still here\n\n"

    return Stream(pieces())


class OneLedger(NamedTuple):
    """An endpoint that has only what authentication needs."""

    redis: Any
    clock: Clock

    def samples(self) -> Iterator[Sample]:
        yield Sample("duban_position", "Position", 7)
        yield Sample("duban_outcomes", "Outcomes", 3, {"source": "units"}, counts=True)


@asynccontextmanager
async def service(redis: Any, trusted: str = "", together: tuple[int, int] = (100, 100)) -> AsyncIterator[str]:
    """Serve with 4 connections and 2 streams of one client, and so many of a source's sessions together."""
    endpoints = {LEDGER: OneLedger(redis, FixedClock(datetime(2018, 4, 1, tzinfo=UTC)))}
    connections, streams = together
    limits = Limits(MOST, STREAMS, Networks(trusted), connections_of_sessions=connections, streams_of_sessions=streams)
    app = application("status", [quick, endless], nothing, ready, limits=limits, endpoints=endpoints, access=PUBLIC)
    async with serving(app) as base:
        yield base


class Connection:
    """A connection from an address, on which a test sends what it likes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def ask(self, path: str = PATH, token: str | None = None, **headers: str) -> httpx.Response:
        """Return the answer to a request, as far as it has come where it has no end."""
        lines = [f"GET {path} HTTP/1.1", "Host: x", *(f"{n.replace('_', '-')}: {v}" for n, v in headers.items())]
        if token is not None:
            lines.append(f"Authorization: Bearer {token}")
        self._writer.write("\r\n".join([*lines, "", ""]).encode())
        return await self.answer()

    async def answer(self) -> httpx.Response:
        async with asyncio.timeout(PATIENCE):
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode()
            status, *lines = head.strip().split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in lines)
            body = await self._reader.readexactly(int(headers.get("content-length", "0")))
        return httpx.Response(int(status.split()[1]), headers=headers, content=body)

    async def closed(self) -> bool:
        """Return whether the service closes it, or has."""
        with contextlib.suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(2):
                return await self._reader.read() == b""
        return False

    def close(self) -> None:
        self._writer.transport.abort()


@asynccontextmanager
async def connections(base: str, count: int, address: str) -> AsyncIterator[list[Connection]]:
    """Open connections from an address; they are closed with the block."""
    port = int(base.rpartition(":")[2])
    opened = [
        Connection(*await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))) for _ in range(count)
    ]
    await sleep(0.05)
    try:
        yield opened
    finally:
        for connection in opened:
            connection.close()


async def asked(base: str, address: str, path: str = PATH, token: str | None = None, **headers: str) -> httpx.Response:
    """Return the answer to one request on a connection of its own."""
    async with connections(base, 1, address) as (connection,):
        return await connection.ask(path, token, **headers)


def told(answer: httpx.Response) -> str:
    """Return what a problem says; fails where it is none that says when to come again."""
    assert (answer.status_code, answer.headers["content-type"]) == (429, "application/problem+json")
    assert int(answer.headers["retry-after"]) >= 1
    detail = str(msgspec.json.decode(answer.content)["detail"])
    assert "streams" in detail or answer.headers["connection"] == "close"
    return detail


async def test_an_address_has_its_connections_and_no_more(redis: Any) -> None:
    """The fifth of four is told so, and when to come again; other addresses are not touched; then there is room."""
    async with service(redis) as base:
        async with connections(base, MOST, ATTACKER) as held:
            assert [(await one.ask()).status_code for one in held] == [200] * MOST
            refused = told(await asked(base, ATTACKER))
            assert f"address {ATTACKER}" in refused
            assert f"{MOST} connections" in refused
            assert (await asked(base, ATTACKER, token="wrong")).status_code == 429
            assert (await asked(base, ATTACKER, "/nowhere")).status_code == 429
            assert (await asked(base, OTHER)).status_code == 200
            assert (await asked(base, ATTACKER, "/health/ready")).status_code == 200
        await sleep(0.1)
        assert (await asked(base, ATTACKER)).status_code == 200


@pytest.mark.parametrize("count", [MOST + 2, 10 * MOST])
async def test_connections_that_say_nothing_keep_no_source_out(redis: Any, count: int) -> None:
    """Beyond an address's most they wait, as many again; then the oldest is closed, and a source there gets through."""
    token = await tokens.issue(redis, LEDGER, "units")
    async with service(redis) as base, connections(base, count, ATTACKER) as held:
        assert (await asked(base, ATTACKER, token=token)).status_code == 200
        told(await asked(base, ATTACKER))
        assert (await asked(base, OTHER)).status_code == 200
        if count > 2 * MOST:
            told(await held[MOST].answer())
            assert await held[MOST].closed()


async def test_a_source_has_connections_of_its_own(redis: Any) -> None:
    """Wherever it comes from; beyond its most it is refused, and neither its address nor another source is."""
    units, office = [await tokens.issue(redis, LEDGER, source) for source in ("units", "office")]
    async with (
        service(redis) as base,
        connections(base, MOST - 1, ATTACKER) as held,
        connections(base, 1, OTHER) as (last,),
    ):
        assert [(await one.ask(token=units)).status_code for one in (*held, last)] == [200] * MOST
        assert "source 'units'" in told(await asked(base, ATTACKER, token=units))
        assert (await asked(base, ATTACKER, token=office)).status_code == 200
        assert (await asked(base, ATTACKER)).status_code == 200
        assert (await last.ask()).status_code == 200  # it counts for its address from now on
        assert (await asked(base, ATTACKER, token=units)).status_code == 200


@pytest.mark.parametrize("known", [False, True], ids=["an address", "a source"])
async def test_streams_of_one_client_are_bounded(redis: Any, known: bool) -> None:  # noqa: FBT001
    """The third of two is refused; everyone else, and every other request of the client, is served."""
    token = await tokens.issue(redis, LEDGER, "units") if known else None
    other = None if known else await tokens.issue(redis, LEDGER, "units")
    async with service(redis) as base:
        async with connections(base, STREAMS, ATTACKER) as held:
            assert [(await one.ask(FOLLOWED, token)).status_code for one in held] == [200] * STREAMS
            refused = told(await asked(base, ATTACKER, FOLLOWED, token))
            assert f"{STREAMS} streams" in refused
            assert (await asked(base, ATTACKER, FOLLOWED, other)).status_code == 200
            assert (await asked(base, ATTACKER, token=token)).status_code == 200
            assert known or (await asked(base, OTHER, FOLLOWED)).status_code == 200
        await sleep(0.2)
        assert (await asked(base, ATTACKER, FOLLOWED, token)).status_code == 200


@pytest.mark.parametrize(("together", "path"), [((100, 3), FOLLOWED), ((3, 100), PATH)])
async def test_all_sessions_of_a_source_are_bounded_together(redis: Any, together: tuple[int, int], path: str) -> None:
    """However many a token starts: the fourth of three is refused; the token itself and other sources are served."""
    units, office = [await tokens.issue(redis, LEDGER, source) for source in ("units", "office")]
    own = cookie_name(await sessions.installation(redis), LEDGER, secure=False)

    async def cookie(token: str, source: str) -> str:
        signed = SignInCode(source, tokens.hash_of(token))
        return f"{own}={(await sessions.start(redis, LEDGER, signed, real_time()))[0]}"

    async with service(redis, together=together) as base:
        async with connections(base, 3, ATTACKER) as held:
            for one in held:
                assert (await one.ask(path, Cookie=await cookie(units, "units"))).status_code == 200
            further = await cookie(units, "units")
            refused = told(await asked(base, OTHER, path, Cookie=further))
            assert refused.startswith("all sessions of source 'units' together have 3 ")
            assert (await asked(base, OTHER, path, units)).status_code == 200
            assert (await asked(base, OTHER, path, Cookie=await cookie(office, "office"))).status_code == 200
        await sleep(0.2)
        assert (await asked(base, OTHER, path, Cookie=further)).status_code == 200


async def test_head_of_a_stream_takes_none(redis: Any) -> None:
    """It is answered without beginning the stream, and leaves no count behind."""
    async with service(redis) as base, httpx.AsyncClient(base_url=base) as http:
        assert [(await http.head(FOLLOWED)).status_code for _ in range(3 * STREAMS)] == [200] * 3 * STREAMS


FORWARDED = {"X_Forwarded_For": "203.0.113.9", "X_Forwarded_Proto": "https"}


async def test_what_others_than_trusted_proxies_forward_is_ignored(redis: Any) -> None:
    """Also from 127.0.0.1: by default nobody is believed."""
    async with service(redis) as base:
        for address in (ATTACKER, "127.0.0.1"):
            found = (await asked(base, address, **FORWARDED)).json()
            assert found == {"address": address, "scheme": "http", "ledger": LEDGER}
        async with connections(base, MOST, ATTACKER) as held:
            assert [(await one.ask()).status_code for one in held] == [200] * MOST
            told(await asked(base, ATTACKER, **FORWARDED))


async def test_a_trusted_proxy_names_its_clients(redis: Any) -> None:
    """Each has bounds of its own, and the proxy none; what a client itself put into the header is not believed."""
    async with service(redis, trusted="127.0.0.2/31") as base:
        found = (await asked(base, ATTACKER, **FORWARDED)).json()
        assert found == {"address": "203.0.113.9", "scheme": "https", "ledger": LEDGER}
        async with connections(base, 3 * STREAMS, ATTACKER) as held:
            for number, one in enumerate(held):
                forwarded = f"198.51.100.{number}, 203.0.113.{number % 3}, {OTHER}"
                assert (await one.ask(FOLLOWED, X_Forwarded_For=forwarded)).status_code == 200
            spoofed = await asked(base, ATTACKER, FOLLOWED, X_Forwarded_For="192.0.2.1, 203.0.113.1")
            assert "203.0.113.1" in told(spoofed)
            assert (await asked(base, ATTACKER, FOLLOWED, X_Forwarded_For="203.0.113.7")).status_code == 200


async def test_requests_through_a_proxy_are_bounded_as_connections_are(redis: Any) -> None:
    """Those under way of one address; a proxy's own connections say nothing of its clients."""
    limits = Limits(2, 100, Networks("127.0.0.0/8"))
    endpoints = {LEDGER: OneLedger(redis, FixedClock(datetime(2018, 4, 1, tzinfo=UTC)))}
    app = application("status", [endless, quick], nothing, ready, limits=limits, endpoints=endpoints, access=PUBLIC)
    async with serving(app) as base, connections(base, 3, ATTACKER) as held:
        answers = [(await one.ask(FOLLOWED, X_Forwarded_For="203.0.113.1")).status_code for one in held]
        assert answers == [200, 200, 429]
        assert (await asked(base, ATTACKER, X_Forwarded_For="203.0.113.2")).status_code == 200
