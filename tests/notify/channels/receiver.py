"""An HTTP receiver on loopback that answers with bytes as a test writes them, and notes every request."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple, TypeAlias

from events.alerting import AlertRules
from services.notify.channels.network import Network, Times
from tests.fixed_clock import FixedClock
from tests.notify.channels.dates import NOW, REAL


class Request(NamedTuple):
    """A request as it came: its first line, its headers with names in lower case, its body."""

    line: str
    headers: dict[str, str]
    body: bytes


Play: TypeAlias = Callable[[asyncio.StreamWriter], Awaitable[None]]


class Receiver:
    """Plays the answers in turn, the last one again and again."""

    def __init__(self, plays: Sequence[Play]) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self.port = 0
        self.secure = False
        self._plays: Iterator[Play] = iter(plays)
        self._play = plays[0]
        self.server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"{'https' if self.secure else 'http'}://127.0.0.1:{self.port}"

    def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer a connection in a task of its own."""
        self.connections += 1
        self._open.add(asyncio.create_task(self._answer(reader, writer)))

    async def close(self) -> None:
        """Listen no more."""
        assert self.server is not None
        self.server.close()
        await self.server.wait_closed()

    async def end(self) -> None:
        """End the answers that are under way."""
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while not writer.is_closing():
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                line, *rest = head.rstrip().split("\r\n")
                headers = {name.lower(): value for name, _, value in (one.partition(": ") for one in rest)}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                self.requests.append(Request(line, headers, body))
                self._play = next(self._plays, self._play)
                await self._play(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        except asyncio.CancelledError:
            writer.transport.abort()
            raise
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


@asynccontextmanager
async def receiving(*plays: Play, tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """Listen until the block ends."""
    receiver = Receiver(plays)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, ssl=tls)
    receiver.server = server
    receiver.port = server.sockets[0].getsockname()[1]
    receiver.secure = tls is not None
    try:
        yield receiver
    finally:
        server.close()
        await receiver.end()


def answers(status: int, body: bytes = b"", *headers: str) -> Play:
    """Answer with a status, a body and more headers."""

    async def play(writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status} Status", f"Content-Length: {len(body)}", *headers, "", ""]
        writer.write("\r\n".join(lines).encode() + body)
        await writer.drain()

    return play


def writes(*chunks: bytes, pause: float = 0.0, close: bool = True) -> Play:
    """Write chunks, some seconds apart; then close the connection, or leave it open."""

    async def play(writer: asyncio.StreamWriter) -> None:
        for chunk in chunks:
            writer.write(chunk)
            await writer.drain()
            await asyncio.sleep(pause)
        if close:
            writer.close()

    return play


async def hangs(_writer: asyncio.StreamWriter) -> None:
    """Answer nothing."""
    await asyncio.sleep(3_600)


async def resets(writer: asyncio.StreamWriter) -> None:
    """Reset the connection."""
    writer.transport.abort()


async def drips(writer: asyncio.StreamWriter) -> None:
    """Begin an answer, and write a byte of it now and then for ever."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.02)


def network_to(*receivers: Receiver, attempt: float = 5.0, at: float = REAL) -> Network:
    """Return a network that may reach the receivers, with a short time limit, at a real instant."""
    rules = AlertRules(allow=tuple(f"127.0.0.1:{receiver.port}" for receiver in receivers))
    return Network(rules, FixedClock(NOW), Times(attempt, 2.0, 4.0, 4.0), lambda: at)
