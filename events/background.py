"""Work that goes on while other work is done: one piece at a time, whose result or error its caller gets."""

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

T = TypeVar("T")


class Background(Generic[T]):
    """At most one running piece of work, as an async context: none is left running when it ends."""

    def __init__(self) -> None:
        self._running: asyncio.Task[T] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    def begin(self, work: Coroutine[Any, Any, T]) -> None:
        """Begin a piece of work; the one before it is done."""
        self._running = asyncio.create_task(work)

    async def done(self) -> T | None:
        """Wait until nothing runs, and return the result of what ran, None if nothing did; raises its error."""
        running, self._running = self._running, None
        return await running if running is not None else None
