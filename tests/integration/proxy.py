"""An address that can be moved from one server to another, as a virtual IP is in a failover."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Proxy:
    """Passes bytes on, between whoever connects and the server that the address leads to."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.target = target
        self.port = 0
        self._open: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Proxy"]:
        """Listen until the block ends."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.cut()
            await server.wait_closed()

    def move(self, target: tuple[str, int], *, cut: bool = True) -> None:
        """Lead new connections to another server; what is open breaks, or, without `cut`, stays where it is."""
        self.target = target
        if cut:
            self.cut()

    def cut(self) -> int:
        """Break all connections, and return how many ends that were."""
        open_ = list(self._open)
        for writer in open_:
            writer.transport.abort()
        return len(open_)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            there, here = await asyncio.open_connection(*self.target)
            self._open |= {writer, here}
            try:
                await asyncio.gather(_pass(reader, here), _pass(there, writer))
            finally:
                self._open -= {writer, here}
                here.transport.abort()
        writer.transport.abort()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    writer.transport.abort()
