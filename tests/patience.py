"""How long a test waits for what has to come, and how far a busy machine keeps it waiting."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.common.clock import monotonic, sleep

PATIENCE = 120.0
"""Seconds to wait for what has to come: only a test that fails waits so long, however busy the machine is."""

TICK = 0.01


class Stalls:
    """The seconds in which this event loop, and all that it serves, could not go on."""

    seconds = 0.0


@asynccontextmanager
async def stalls() -> AsyncIterator[Stalls]:
    """Count the stalls until the block ends: whoever promises to be done within a second does not mean those."""
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
