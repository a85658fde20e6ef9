"""Runs coroutines against the server for what is synchronous: properties and state machines."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from services.common.connection import connect
from tests.patience import PATIENCE

T = TypeVar("T")


class Driver:
    """A client of the server, on an event loop of its own."""

    def __init__(self, url: str) -> None:
        self._loop = asyncio.new_event_loop()
        self.redis = connect(url)

    def __call__(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what `work` returns."""
        return self._loop.run_until_complete(asyncio.wait_for(work, PATIENCE))

    def empty(self) -> None:
        """Forget everything on the server."""
        self(self.redis.flushall())

    def close(self) -> None:
        self(self.redis.aclose())
        self._loop.close()


async def contents(redis: Any) -> dict[bytes, bytes]:
    """Return every key of the server with its value, serialised: equal exactly where nothing has changed."""
    return {key: await redis.dump(key) for key in sorted(await redis.keys())}
