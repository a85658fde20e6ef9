"""What a client can make long or slow, and what HTTP/1.0 and HEAD get."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import pytest_asyncio
from litestar import Litestar, Request, Response, get, post
from litestar.response import Stream

from services.common import protocol
from services.common.clock import sleep
from services.common.web import application
from services.contract.openapi import PROBLEM
from tests.patience import PATIENCE
from tests.webserver import serving


@asynccontextmanager
async def nothing(_: Litestar) -> AsyncIterator[None]:
    yield


async def ready() -> None:
    """A service that can always be used."""


@get("/sized")
async def sized() -> Response[str]:
    return Response("whole", headers={"Duban-Position": "7"})


@get("/endless")
async def endless() -> Stream:
    async def pieces() -> AsyncIterator[bytes]:
        while True:
            yield b"data: x\n\n"
            await asyncio.sleep(0.01)

    return Stream(pieces(), headers={"Duban-Position": "8", "Cache-Control": "no-store"})


@get("/unsized")
async def unsized() -> Stream:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"two "
        yield b"pieces"

    return Stream(pieces())


@post("/read")
async def read(request: Request[Any, Any, Any]) -> str:
    return str(len(await request.body()))


@post("/refused", status_code=401)
async def refused() -> str:
    return "no"


@pytest_asyncio.fixture
async def base() -> AsyncIterator[str]:
    """Return the address of an application with an answer of each kind."""
    app = application("status", [sized, endless, unsized, read, refused], nothing, ready)
    async with serving(app) as address:
        yield address


async def exchanged(base: str, *pieces: bytes, until: bytes = b"") -> bytes:
    """Send pieces on one connection; return what comes until it is closed, or until something has come."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(base.rpartition(":")[2]))
    answer = b""
    try:
        async with asyncio.timeout(PATIENCE):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            while piece := await reader.read(65_536):
                answer += piece
                if until and until in answer:
                    break
    except ConnectionError:
        pass
    finally:
        writer.close()
    return answer


@pytest.mark.parametrize(
    "endless",
    [b"GET /sized HTTP/1.1\r\nHost: x\r\nX-Long: ", b"GET /sized?", b"GET /sized HTTP/1.1\r\n"],
    ids=["a value", "a path", "many headers"],
)
async def test_a_head_without_end_is_closed(base: str, endless: bytes) -> None:
    """Beyond 64 KB the answer is 431, and the connection is closed; whole services go on."""
    more = b"X-More: x\r\n" * 400 if endless.endswith(b"1.1\r\n") else b"x" * 4_000
    answer = await exchanged(base, endless, *[more] * 60, until=b"bytes")
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert PROBLEM.encode() in answer
    async with httpx.AsyncClient(base_url=base) as http:
        assert (await http.get("/sized")).text == "whole"


@pytest.mark.parametrize("begun", [b"", b"GET /sized HTTP/1.1\r\nHost:"])
async def test_a_head_that_does_not_come_is_closed(base: str, begun: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """After some seconds, whether anything of it came or not."""
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.3)
    assert (await exchanged(base, begun)).startswith(b"HTTP/1.1 408 ")


async def test_a_body_that_nobody_needs_is_read_for_a_while(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the connection is closed, however slowly it comes."""
    monkeypatch.setattr(protocol, "LINGER_SECONDS", 0.3)
    head = b"POST /refused HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
    started = asyncio.get_running_loop().time()
    assert (await exchanged(base, head, b"x")).startswith(b"HTTP/1.1 401 ")
    assert asyncio.get_running_loop().time() - started < 5


BODY = b"POST /read HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 12\r\n\r\n"


async def drip(base: str, pieces: int, seconds: float) -> bytes:
    """Send the head of a request and some bytes of its body, so far apart; return what comes until the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(base.rpartition(":")[2]))
    answer = asyncio.ensure_future(reader.read())
    try:
        async with asyncio.timeout(PATIENCE):
            writer.write(BODY)
            for _ in range(pieces):
                writer.write(b"x")
                await asyncio.wait([answer], timeout=seconds)
            return await answer
    finally:
        answer.cancel()
        writer.close()


@pytest.mark.parametrize(("pieces", "seconds"), [(0, 0), (1, 0), (11, 0.1)], ids=["none", "one", "drops"])
async def test_a_body_that_does_not_come_is_not_waited_for(
    base: str, monkeypatch: pytest.MonkeyPatch, pieces: int, seconds: float
) -> None:
    """Whether nothing more of it comes, or too little: 408, and its place among the requests is free."""
    monkeypatch.setattr(protocol, "SILENT_SECONDS", 0.2)
    monkeypatch.setattr(protocol, "BODY_LOOKS", 3)
    answer = await drip(base, pieces, seconds)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert answer.count(b"HTTP/1.1") == 1
    assert b"body did not arrive in time" in answer


async def test_a_body_that_comes_slowly_is_read(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """While something of it comes between two looks, until the last one."""
    monkeypatch.setattr(protocol, "SILENT_SECONDS", 1)  # five times a pause: a busy machine prolongs some
    assert (await drip(base, 12, 0.2)).endswith(b"12")


async def test_the_wait_for_an_answer_is_not_that_for_a_body(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a stream that goes on nor a request whose body is there is cut off."""
    monkeypatch.setattr(protocol, "SILENT_SECONDS", 0.05)
    monkeypatch.setattr(protocol, "BODY_LOOKS", 1)
    for length in (0, 12):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(base.rpartition(":")[2]))
        writer.write(b"GET /endless HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % length)
        async with asyncio.timeout(PATIENCE):
            for _ in range(30):  # some 0.01 s apart
                assert b"408" not in await reader.readuntil(b"data: x\n\n")
        writer.close()


async def test_who_sends_no_bodies_keeps_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The places among all requests are free again."""
    monkeypatch.setattr(protocol, "SILENT_SECONDS", 1)
    app = application("status", [sized, read], nothing, ready, most_requests=2)
    async with serving(app) as base, httpx.AsyncClient(base_url=base) as http:
        held = [asyncio.create_task(drip(base, 1, 0)) for _ in range(2)]
        async with asyncio.timeout(PATIENCE):
            while (await http.get("/sized")).status_code != 503:
                await sleep(0.01)
        await asyncio.gather(*held)
        assert (await http.get("/sized")).status_code == 200


async def test_http_1_0_gets_no_chunks(base: str) -> None:
    """An answer of unknown length ends with the connection."""
    whole = await exchanged(base, b"GET /unsized HTTP/1.0\r\n\r\n")
    assert b"transfer-encoding" not in whole.lower()
    assert whole.endswith(b"\r\n\r\ntwo pieces")
    live = await exchanged(base, b"GET /endless HTTP/1.0\r\n\r\n", until=b"x\n\ndata")
    assert b"transfer-encoding" not in live.lower()
    assert b"\r\n\r\ndata: x\n\ndata" in live
    assert (await exchanged(base, b"GET /sized HTTP/1.0\r\n\r\n")).endswith(b"whole")


@pytest.mark.parametrize("path", ["/sized", "/endless", "/health/ready", "/health/live", "/v1/openapi.json"])
async def test_head_answers_as_get_without_a_body(base: str, path: str) -> None:
    """The same status and headers, also of a stream, which is not begun; the connection stays usable."""
    async with httpx.AsyncClient(base_url=base) as http:
        head = await http.head(path)
        assert (head.status_code, head.content) == (200, b"")
        if path != "/endless":
            got = await http.get(path)
            assert {**got.headers, "date": ""} == {**head.headers, "date": ""}
        else:
            assert head.headers["duban-position"] == "8"
        assert (await http.get("/sized")).headers["duban-position"] == "7"
        assert (await http.head("/nowhere")).status_code == 404
        assert (await http.head("/refused")).status_code == 405


async def test_every_answer_has_the_headers_of_browsers(base: str) -> None:
    """No sniffing; no use of a stored answer unasked, unless an answer says otherwise itself."""
    async with httpx.AsyncClient(base_url=base) as http:
        for path in ("/sized", "/nowhere", "/health/ready"):
            answer = await http.get(path)
            assert (answer.headers["x-content-type-options"], answer.headers["cache-control"]) == (
                "nosniff",
                "no-cache",
            )
        assert (await http.head("/endless")).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["//sized", "/%2fsized", "/a%2Fb", "/sized%5c", "/%00sized", "/v1//sized"])
async def test_a_path_has_one_spelling(base: str, path: str) -> None:
    """What a proxy's rules by path could not see is 404."""
    answer = await exchanged(base, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert PROBLEM.encode() in answer
