"""Events that were accepted on positions which the sealed log has for others: submitted again after its end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import groupby
from typing import Any, NamedTuple

from events.entries import Stored, stored
from events.envelope import read, submitted
from events.keys import key
from events.ledger import CLOCK
from events.log import READ_BATCH
from services.cli.restoring.log_restoring import APART
from services.cli.restoring.sealed import SealedStream
from services.common.outcome import Outcome
from services.ingest.draft import submission
from services.ingest.writer import Writer


class Resubmitted(NamedTuple):
    """An event that was submitted again: its position in the log that was set aside, and what became of it."""

    before: int
    outcome: Outcome


async def set_aside(redis: Any, ledger: str, sealed: SealedStream) -> list[Stored]:
    """Return the events of all logs of a ledger that were set aside which the sealed one does not have there."""
    found: list[Stored] = []
    names = [name async for name in redis.scan_iter(match=f"{key(ledger, 'log', APART)}:*", count=1_000)]
    for name in sorted(names):
        after = 0
        while batch := stored(await redis.xrange(name, f"{after + 1}-0", count=READ_BATCH)):
            first, after = batch[0].position - 1, batch[-1].position
            known = {one.position: one.raw for part in sealed.batches(first, after) for one in part}
            found += [one for one in batch if known.get(one.position) != one.raw]
    return found


async def resubmit(writer: Writer, events: list[Stored]) -> list[Resubmitted]:
    """Submit events in their order, each as the source that sent it; the clock's follow by themselves.

    What is submitted twice is a duplicate, so this may be repeated.
    """
    done: list[Resubmitted] = []
    sent = [(entry, source) for entry in events if (source := read(entry.raw).authid or "") != CLOCK]
    async with _running(writer):
        for source, group in groupby(sent, key=lambda pair: pair[1]):
            entries = [entry for entry, _ in group]
            outcomes = await writer.submit([submission(submitted(entry.raw), source) for entry in entries])
            done += [Resubmitted(entry.position, one) for entry, one in zip(entries, outcomes, strict=True)]
        await writer.save()
    return done


@asynccontextmanager
async def _running(writer: Writer) -> AsyncIterator[None]:
    running = asyncio.create_task(writer.run())
    try:
        yield
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
