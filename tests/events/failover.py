"""A failover as the data show it: what was written after some moment is gone, and others may write there."""

from typing import Any


async def replica_of(redis: Any) -> dict[bytes, bytes]:
    """Return all that the server has now, as a replica has it that gets nothing any more."""
    return {name: await redis.dump(name) for name in await redis.keys()}


async def promote(redis: Any, replica: dict[bytes, bytes]) -> None:
    """Put the replica in the server's place."""
    await redis.flushall()
    for name, data in replica.items():
        await redis.restore(name, 0, data)
