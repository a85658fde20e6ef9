"""A webhook's receiver that costs little: it notes the ids and bodies that come, and answers 204."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"


class Receiver:
    """What came: `ids` counts each webhook-id, `bodies` has its first body; `other` names ids that came with another.

    `wait` returns the seconds before each answer.
    """

    def __init__(self, wait: Callable[[], float] = lambda: 0.0) -> None:
        self.ids: Counter[str] = Counter()
        self.bodies: dict[str, int] = {}
        self.other: set[str] = set()
        self.url = ""
        self._wait = wait

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Receiver"]:
        """Listen until the block ends."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
        async with server:
            yield self
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
                body = await reader.readexactly(int(headers["content-length"]))
                self._note(headers["webhook-id"], hash(body))
                if (seconds := self._wait()) > 0:
                    await asyncio.sleep(seconds)
                writer.write(ANSWER)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _note(self, id: str, body: int) -> None:
        self.ids[id] += 1
        if self.bodies.setdefault(id, body) != body:
            self.other.add(id)
