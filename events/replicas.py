"""Replicas: what is acknowledged is on their disks too, where that is asked for.

WAITAOF (Redis 7.2, Valkey 8) tells how many replicas have on disk what was written on the connection that asks, so
both go out together on one connection. WAIT comes in between: a replica that is asked flushes only after it has
answered, and would next tell of it a second later; asked again it tells at once.
"""

from collections.abc import Sequence
from typing import Any

from redis.exceptions import NoScriptError

CONFIRM_MILLISECONDS = 2_500
"""How long replicas may take to have it, and again to have it on disk: together half of what the client waits for an
answer, and far more than a flush needs."""


class UnconfirmedError(Exception):
    """Too few replicas have what was written; whether it outlives a failover is unknown."""

    def __init__(self, confirmed: int, wanted: int) -> None:
        super().__init__(
            f"{confirmed} of {wanted} replicas have it on disk within {2 * CONFIRM_MILLISECONDS / 1_000:g} seconds"
        )


class Confirmed:
    """A script whose writes count only when so many replicas have them."""

    def __init__(self, redis: Any, script: Any, replicas: int) -> None:
        self._redis = redis
        self._script = script
        self._replicas = replicas

    async def __call__(self, keys: Sequence[str], args: Sequence[Any]) -> tuple[Any, int]:
        """Run it; return its reply and the replicas that have what it wrote. Raises UnconfirmedError."""
        call = ("EVALSHA", self._script.sha, len(keys), *keys, *args)
        try:
            return await confirmed(self._redis, call, self._replicas)
        except NoScriptError:  # the server was started anew
            await self._redis.script_load(self._script.script)
            return await confirmed(self._redis, call, self._replicas)


async def confirmed(redis: Any, command: Sequence[Any], replicas: int) -> tuple[Any, int]:
    """Run a command that writes; return its reply and the replicas that have it. Raises UnconfirmedError.

    A command that only reads would confirm nothing: the server looks at what the connection itself has written last.
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
