"""Clients that do not read, or read slowly: what they take of a service's memory, and for how long."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from litestar import Litestar, Response, get
from litestar.response import Stream

from services.common.clock import sleep
from services.common.limits import Limits
from services.common.protocol import Protocol
from services.common.web import application
from services.status.feed import Feed
from tests.patience import PATIENCE
from tests.webserver import serving

CHANGES = 4_000
ROW = b'{"task":"%06d","units":[],"title":"' + b"x" * 4_000 + b'"}'
"""Of some 4 KB, each of a task of its own: the whole feed has 16 MB."""

PIECE = 32 * 1024

CLIENTS = 12
STALL_SECONDS = 0.6
REQUEST = b"GET /%b HTTP/1.1\r\nHost: x\r\n\r\n"


class Watched(Protocol):
    """A connection that a test can look into."""

    open: "set[Watched]" = set()  # noqa: RUF012 - one set for all, which the fixture empties

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the class it extends
        super().connection_made(transport)
        self.open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.open.discard(self)
        super().connection_lost(exc)


@asynccontextmanager
async def nothing(_: Litestar) -> AsyncIterator[None]:
    yield


async def ready() -> None:
    """A service that can always be used."""


def big_feed() -> Feed:
    feed = Feed(CHANGES)
    feed.load(((b"%d-0" % number, {b"e": ROW % number}) for number in range(1, CHANGES + 1)), {}, trimmed=False)
    return feed


@asynccontextmanager
async def service(stall_seconds: float) -> AsyncIterator[int]:
    """Serve a feed of 16 MB, and as much in one answer; yields the port."""
    feed = big_feed()

    @get("/changes")
    async def changes() -> Stream:
        return Stream(feed.follow(0, CHANGES))

    @get("/page")
    async def page() -> Response[bytes]:
        return Response(ROW * CHANGES)

    Watched.open.clear()
    app = application("status", [changes, page], nothing, ready, limits=Limits(stall_seconds=stall_seconds))
    async with serving(app, Watched) as base:
        yield int(base.rpartition(":")[2])


async def deaf(port: int, path: bytes) -> asyncio.StreamWriter:
    """Ask for something and read nothing of it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
    writer.write(REQUEST % path)
    await writer.drain()
    transport: Any = writer.transport
    transport.pause_reading()
    assert reader is not None
    return writer


async def test_clients_that_never_read_hold_one_piece_each() -> None:
    """Twelve of them at a feed of 16 MB: what waits for them in memory is one piece of 32 KB each, not the feed."""
    async with service(stall_seconds=60) as port:
        writers = [await deaf(port, b"changes") for _ in range(CLIENTS)]
        await sleep(1)
        waiting = [connection.transport.get_write_buffer_size() for connection in Watched.open]
        assert len(waiting) == CLIENTS
        assert all(0 < size <= PIECE + len(ROW) for size in waiting), waiting
        for writer in writers:
            writer.transport.abort()


@pytest.mark.parametrize("path", [b"changes", b"page"])
async def test_a_client_that_reads_nothing_is_dropped(path: bytes) -> None:
    """Whatever it asked for, a stream or one large answer: after the time there is, its connection and memory go."""
    async with service(STALL_SECONDS) as port:
        writer = await deaf(port, path)
        await sleep(STALL_SECONDS / 3)
        assert len(Watched.open) == 1
        async with asyncio.timeout(PATIENCE):
            while Watched.open:
                await sleep(0.02)
        writer.transport.abort()


@pytest.mark.parametrize("path", [b"changes", b"page"])
async def test_a_client_that_reads_slowly_is_not_dropped(path: bytes) -> None:
    """Who takes something in each such time gets everything, though all of it lasts several times as long."""
    async with service(STALL_SECONDS) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(REQUEST % path)
        started, got = asyncio.get_running_loop().time(), 0
        while got < CHANGES * len(ROW):
            part = await reader.read(200_000)
            assert part, got
            got += len(part)
            await sleep(0.02)
        assert asyncio.get_running_loop().time() - started > 2 * STALL_SECONDS
        writer.transport.abort()


def test_a_piece_is_small_and_whole() -> None:
    """The changes of a large feed come in pieces, none of them larger than 32 KB, and miss and repeat nothing."""

    async def pieces() -> list[bytes]:
        following = big_feed().follow(0, CHANGES)
        found: list[bytes] = []
        while not found or b"id: %d\n" % CHANGES not in found[-1]:
            found.append(await anext(following))
        return found

    found = asyncio.run(pieces())
    assert max(map(len, found)) <= PIECE
    assert b"".join(found).count(b"event: task") == CHANGES
