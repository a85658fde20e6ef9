"""Many clients of a feed in one process of their own, over raw connections; some of them read slowly."""

import asyncio
import contextlib
import multiprocessing
import resource
import socket
import time
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing.connection import Connection
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from services.common.clock import sleep

SLOW_SHARE = 4
"""One client in so many reads slowly."""

SLOW_SECONDS = 3.0
"""Between two reads of a slow client."""

SLOW_BYTES = 4_096
"""Size of a slow client's buffer in its kernel: it reads about 1 KB/s, less than one row."""

CONNECTING = 50
"""Connections that are opened at once."""

END_SECONDS = 60.0
"""Limit for the last changes to arrive."""

_context = multiprocessing.get_context("spawn")


class Outcome(Struct, frozen=True):
    """What the clients got: `arrivals` are positions and monotonic seconds, of those that are not slow.

    `unordered` and `wrong` count clients that got a change out of order, or have other rows at the end, slow ones
    included; `late` counts slow ones that lacked changes when all others had them, `resets` those that were reset.
    """

    arrivals: list[tuple[int, float]]
    unordered: int
    wrong: int
    late: int
    resets: int
    slow_resets: int


class Client(asyncio.Protocol):
    """One client: reads the answer, its chunks and their events, and keeps the latest row of each task."""

    def __init__(self, request: bytes, timed: range, frames: dict[bytes, str], *, slow: bool) -> None:
        self.arrivals: list[tuple[int, float]] = []
        self.rows: dict[str, bytes] = {}
        self.begun = False
        self.last = 0
        self.ordered = True
        self.resets = 0
        self.slow = slow
        self._request = request
        self._timed = timed
        self._frames = frames
        self._rest = b""
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._transport.write(self._request)

    def connection_lost(self, _: Exception | None) -> None:
        self._transport = None

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        *blocks, self._rest = (self._rest + data).split(b"\n\n")
        for block in blocks:
            self._take(block, now)
        if self.slow:
            self._transport.pause_reading()
            asyncio.get_running_loop().call_later(SLOW_SECONDS, self._resume)

    def hurry(self) -> None:
        """Read as fast as it goes from now on."""
        self.slow = False
        self._resume()

    def leave(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _resume(self) -> None:
        if self._transport is not None and not self._transport.is_reading():
            self._transport.resume_reading()

    def _take(self, block: bytes, now: float) -> None:
        """Take one event; the sizes of chunks stand before an event's lines, as a chunk has whole events."""
        fields = {name: value for name, _, value in (line.partition(b": ") for line in block.split(b"\n"))}
        if not self.begun:
            assert block.startswith(b"HTTP/1.1 200 "), block
            self.begun = True
        if b"data" not in fields:
            return
        if fields[b"event"] == b"reset":
            self.resets += 1
            return
        position, data = int(fields[b"id"]), fields[b"data"]
        self.ordered &= position > self.last
        self.last = position
        if position in self._timed:
            self.arrivals.append((position, now))
        task = self._frames.get(data)
        if task is None:
            task = self._frames[data] = msgspec.json.decode(data)["task"]
        self.rows[task] = data


class Crowd:
    """The process of the clients, as its parent sees it."""

    def __init__(self, url: str, token: str, clients: int, timed: range) -> None:
        self._here, there = _context.Pipe()
        self._process = _context.Process(target=_crowd, args=(there, url, token, clients, timed), daemon=True)
        self._process.start()
        there.close()

    async def connected(self) -> None:
        """Wait until every client has its stream."""
        assert await asyncio.to_thread(self._here.recv) == "connected"

    async def outcome(self, before: dict[str, Any], after: dict[str, Any], last: int) -> Outcome:
        """Return what the clients got, once they are at the position `last`.

        `before` and `after` are the rows of the snapshot that they began with, and of that at the end.
        """
        self._here.send((before, after, last))
        found: Outcome = await asyncio.to_thread(self._here.recv)
        return found

    def end(self) -> None:
        self._process.terminate()
        self._process.join()


@contextlib.contextmanager
def crowd(url: str, token: str, clients: int, timed: range) -> Iterator[Crowd]:
    """Run so many clients of a feed until the block ends; they note when the changes of the `timed` positions come."""
    running = Crowd(url, token, clients, timed)
    try:
        yield running
    finally:
        running.end()


def _crowd(parent: Connection, url: str, token: str, clients: int, timed: range) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    asyncio.run(_follow(parent, url, token, clients, timed))


async def _follow(parent: Connection, url: str, token: str, count: int, timed: range) -> None:
    frames: dict[bytes, str] = {}
    clients = await _connected(url, token, count, partial(Client, timed=timed, frames=frames))
    parent.send("connected")
    before, after, last = await asyncio.to_thread(parent.recv)
    quick = [client for client in clients if not client.slow]
    await _until(quick, last)
    late = sum(client.last < last for client in clients)
    arrivals = [arrival for client in quick for arrival in client.arrivals]
    for client in clients:
        client.hurry()
    await _until(clients, last)
    known = {task: msgspec.json.encode(row) for task, row in before.items()}
    rows = {data: msgspec.json.decode(data) for data in (*frames, *known.values())}
    wrong = sum(
        {task: rows[data] for task, data in (known | client.rows).items()} != after
        for client in clients
        if not client.resets
    )
    resets = sum(client.resets > 0 for client in quick)
    slow_resets = sum(client.resets > 0 for client in clients) - resets
    unordered = sum(not client.ordered for client in clients)
    parent.send(Outcome(arrivals, unordered, wrong, late, resets, slow_resets))
    for client in clients:
        client.leave()


async def _connected(url: str, token: str, count: int, make: Callable[..., Client]) -> list[Client]:
    parts, loop = urlsplit(url), asyncio.get_running_loop()
    request = (
        f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {token}\r\n\r\n"
    ).encode()
    gate = asyncio.Semaphore(CONNECTING)

    async def connect(number: int) -> Client:
        slow = number % SLOW_SHARE == SLOW_SHARE - 1
        own = socket.socket()
        if slow:
            own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SLOW_BYTES)
        own.settimeout(0)
        async with gate:
            await loop.sock_connect(own, (parts.hostname, parts.port))
            _, client = await loop.create_connection(lambda: make(request, slow=slow), sock=own)
            await _until([client], -1)
        return client

    return list(await asyncio.gather(*(connect(number) for number in range(count))))


async def _until(clients: list[Client], last: int) -> None:
    """Wait until all clients are at a position, or were reset; at a negative one, until their stream has begun."""
    async with asyncio.timeout(END_SECONDS):
        for client in clients:
            while not (client.begun if last < 0 else client.resets or client.last >= last):
                await sleep(0.02)
