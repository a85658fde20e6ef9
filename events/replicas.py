"""Replicas: acknowledged events are on their disks too, if that is configured.

WAITAOF (Redis 7.2, Valkey 8) counts the replicas that have on disk what its own connection has written, so both are
sent together on one connection. WAIT is sent in between: a replica that is asked flushes only after it has replied, and
would report that a second later; asked again it reports at once.
"""

from collections.abc import Sequence
from typing import Any

from redis.exceptions import NoScriptError

CONFIRM_MILLISECONDS = 2_500
"""Time for replicas to receive a write, and again to have it on disk: together half of the client's timeout, and far
more than a flush needs."""


class UnconfirmedError(Exception):
    """Too few replicas have what was written; whether it survives a failover is unknown."""

    def __init__(self, confirmed: int, wanted: int) -> None:
        super().__init__(
            f"{confirmed} of {wanted} replicas have it on disk within {2 * CONFIRM_MILLISECONDS / 1_000:g} seconds"
        )


class Confirmed:
    """A script whose writes are confirmed only once so many replicas have them."""

    def __init__(self, redis: Any, script: Any, replicas: int) -> None:
        self._redis = redis
        self._script = script
        self._replicas = replicas

    async def __call__(self, keys: Sequence[str], args: Sequence[Any]) -> tuple[Any, int]:
        """Run the script; return its reply and the number of replicas that have its writes. Raises UnconfirmedError."""
        call = ("EVALSHA", self._script.sha, len(keys), *keys, *args)
        try:
            return await confirmed(self._redis, call, self._replicas)
        except NoScriptError:  # the server has restarted
            await self._redis.script_load(self._script.script)
            return await confirmed(self._redis, call, self._replicas)


async def confirmed(redis: Any, command: Sequence[Any], replicas: int) -> tuple[Any, int]:
    """Run a command that writes; return its reply and the number of replicas that have it. Raises UnconfirmedError.

    A command that only reads would confirm nothing: the server considers the last write of the connection itself.
    """
    async with redis.pipeline(transaction=False) as pipe:
        pipe.execute_command(*command)
        pipe.execute_command("WAIT", replicas, CONFIRM_MILLISECONDS)
        pipe.execute_command("WAITAOF", 1, replicas, CONFIRM_MILLISECONDS)
        reply, received, counts = await pipe.execute(raise_on_error=False)
    for one in (reply, received, counts):
        if isinstance(one, Exception):
            raise one
    found = counts[1]
    if found < replicas:
        raise UnconfirmedError(found, replicas)
    return reply, found
