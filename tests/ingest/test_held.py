"""A writer whose clock is held: submissions are recorded, clock events wait."""

import asyncio
import contextlib
from typing import Any

from services.ingest.writer import Writer
from tests.examples import assigned, reported
from tests.fixed_clock import FixedClock
from tests.ingest.running_writer import DAY, LEDGER, NAME, START, history, submission


async def test_the_clocks_events_wait_while_it_is_held(redis: Any) -> None:
    """Neither a submission nor a tick records one that is due; as soon as it is not held, all of them are."""
    clock, holds = FixedClock(START), {"held": True}
    writer = Writer(redis, NAME, LEDGER, clock.now, held=lambda: holds["held"])
    running = asyncio.create_task(writer.run())
    try:
        await writer.submit([submission(assigned())])
        clock.instant += 365 * DAY
        await writer.tick()
        await writer.submit([submission(reported())])
        assert [one.event.id for one in await history(redis)] == [assigned().id, reported().id]
        holds["held"] = False
        await writer.tick()
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
    said = [one.event.id.partition(":")[0] for one in (await history(redis))[2:]]
    assert said == ["neared", "neared", "neared", "passed"]
