"""Traces of submissions without a valid token.

duban:{L}:strangers       stream  address, head: method, path, some headers    written by keep_unauthenticated
"""

from typing import Any

from events.keys import key

TRACES_KEPT = 10_000
"""Traces of a ledger: unauthenticated clients must not be able to fill the memory."""


async def keep_unauthenticated(redis: Any, ledger: str, address: str, head: bytes) -> None:
    """Keep a trace of a submission without a valid token, whose body is not read."""
    trace = {"address": address, "head": head}
    await redis.xadd(key(ledger, "strangers"), trace, maxlen=TRACES_KEPT, approximate=True)
