"""A reader of a stream that can be sent back: what runtime.follow is to a service, without a broker."""

import asyncio
from typing import Any

from redis.exceptions import RedisError

from services.common import runtime
from services.common.clock import sleep

BLOCK_MILLISECONDS = 100
PAUSE_SECONDS = 0.01


class Reader:
    """Reads on after `last_id`, and again after a fault; it is the subscriber of a runtime.Follower."""

    def __init__(self, redis: Any, stream: str, after: str, count: int, handle: runtime.Handle) -> None:
        self.last_id = after
        self.follower = runtime.Follower(self, handle)
        self._redis = redis
        self._stream = stream
        self._count = count

    async def run(self) -> None:
        """Read until cancelled; what a handler raises costs it the message, as the broker has it."""
        while True:
            try:
                read = await self._redis.xread({self._stream: self.last_id}, self._count, BLOCK_MILLISECONDS)
                for _, entries in read or ():
                    self.last_id = entries[-1][0].decode()
                    await self.follower.handle(entries)
            except (RedisError, OSError):
                await sleep(PAUSE_SECONDS)


class Readers:
    """The readers of one component, which are run together."""

    def __init__(self, redis: Any) -> None:
        self._redis = redis
        self._readers: list[Reader] = []

    def follow(self, stream: str, after: str, count: int, handle: runtime.Handle) -> runtime.Follower:
        """Add a reader; it reads once they run."""
        reader = Reader(self._redis, stream, after, count, handle)
        self._readers.append(reader)
        return reader.follower

    async def run(self) -> None:
        """Read until cancelled."""
        await asyncio.gather(*(reader.run() for reader in self._readers))
