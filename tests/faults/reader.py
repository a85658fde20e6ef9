"""A reader of a stream that can be sent back: what runtime.follow is to a service, without a broker."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from redis.exceptions import RedisError

from services.common import runtime
from services.common.clock import sleep

BLOCK_MILLISECONDS = 100
PAUSE_SECONDS = 0.01

Handle: TypeAlias = Callable[[list[Any]], Awaitable[None]]


class Reader:
    """Reads on after `last_id`, and again after a fault; it is the subscriber of a runtime.Follower."""

    def __init__(self, redis: Any, stream: str, after: str, count: int, handle: Handle) -> None:
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
