"""Work that goes on while other work is done: one piece at a time, whose error its caller gets."""

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self


class Background:
    """At most one running piece of work, as an async context: none is left when it ends, however it ends."""

    def __init__(self) -> None:
        self._running: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            await self.done()
        elif self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    async def follow(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin a piece of work once the one before it is done; raises what that one raised."""
        try:
            await self.done()
        except BaseException:
            work.close()
            raise
        self._running = asyncio.create_task(work)

    async def done(self) -> None:
        """Wait until nothing runs; raises what it raised."""
        running, self._running = self._running, None
        if running is not None:
            await running
