"""How long a test waits for what has to come, and how far a busy machine keeps it waiting."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.common.clock import monotonic, sleep

PATIENCE = 120.0
"""Seconds to wait for what has to come: only a test that fails waits so long, however busy the machine is."""

TICK = 0.01


class Stalls:
    """The seconds by which this event loop, and so all that it serves, was late."""

    seconds = 0.0


@asynccontextmanager
async def stalls() -> AsyncIterator[Stalls]:
    """Measure how late the loop was until the block ends: a limit in real seconds does not count that."""
    found = Stalls()

    async def count() -> None:
        while True:
            begun = monotonic()
            await sleep(TICK)
            found.seconds += max(0.0, monotonic() - begun - TICK)

    counting = asyncio.create_task(count())
    try:
        yield found
    finally:
        counting.cancel()
        await asyncio.gather(counting, return_exceptions=True)
