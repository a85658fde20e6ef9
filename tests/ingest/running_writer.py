"""A running writer, and readers of what it stores on the server."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from events.entries import Recorded
from events.envelope import Event, encode
from events.keys import key
from events.ledger import Ledger
from events.log import Log
from events.seal.eras import SealedEras
from services.common.accepted import LossAccepted, accept, pending_loss
from services.common.outcome import Outcome
from services.common.settings import load_ledger, shipped
from services.ingest import draft
from services.ingest.acknowledged import Acknowledged
from services.ingest.draft import Submission
from services.ingest.refusals import read_refused
from services.ingest.writer import Writer
from tests.fixed_clock import FixedClock

NAME = "zhanjiang"

LEDGER: Ledger = load_ledger(shipped(f"{NAME}.toml"))

START = datetime(2018, 3, 31, 2, tzinfo=UTC)
"""The ledger's instant at which a writer starts: 10:00 in 湛江."""

DAY = timedelta(days=1)


class RunningWriter:
    """A writer and the clock that the test sets for it."""

    def __init__(
        self,
        redis: Any,
        clock: FixedClock,
        noted: Acknowledged | None = None,
        ledger: Ledger = LEDGER,
        archive: SealedEras | None = None,
    ) -> None:
        self.clock = clock
        self.writer = Writer(redis, NAME, ledger, clock.now, noted=noted, archive=archive)

    async def submit(self, *events: Event | bytes, authid: str | None = None) -> list[Outcome]:
        """Submit events as their sources, or bytes as `authid`."""
        return await self.writer.submit([submission(event, authid) for event in events])


@asynccontextmanager
async def working(
    redis: Any,
    clock: FixedClock | None = None,
    noted: Acknowledged | None = None,
    ledger: Ledger = LEDGER,
    archive: SealedEras | None = None,
) -> AsyncIterator[RunningWriter]:
    """Run a writer until the block ends; then cancel it as a crash would, with nothing saved."""
    running = RunningWriter(redis, clock or FixedClock(START), noted, ledger, archive)
    task = asyncio.create_task(running.writer.run())
    try:
        yield running
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def accept_loss(redis: Any, running: RunningWriter) -> None:
    """Accept a loss of events, as `duban doctor` does, and make the writer read the acceptance."""
    await running.writer.look_for_acceptance()
    loss = await pending_loss(redis, NAME)
    assert loss is not None
    await accept(redis, NAME, LossAccepted("li", START, loss))
    await running.writer.look_for_acceptance()
    assert await pending_loss(redis, NAME) is None


def submission(event: Event | bytes, authid: str | None = None, entry: str | None = None) -> Submission:
    """Return the submission of an HTTP request, or with an entry id, of an entry in the source's inbox."""
    raw = event if isinstance(event, bytes) else encode(event)
    found = draft.submission(raw, authid or "units")
    if authid is None:
        authid = (found.event.source or "units").partition("/")[0]
    return draft.submission(raw, authid, key(NAME, "inbox", authid) if entry is not None else None, entry)


def short(outcomes: Iterable[Outcome]) -> list[tuple[str, int | str | None]]:
    """Return each outcome with its position, or with the code of its refusal."""
    return [(one.outcome, one.code or one.position) for one in outcomes]


async def history(redis: Any) -> list[Recorded]:
    """Return the whole log; fail if its positions are not dense."""
    found = [entry async for batch in Log(redis, NAME).scan() for entry in batch]
    assert [entry.position for entry in found] == list(range(1, len(found) + 1))
    return found


async def ids(redis: Any) -> list[str]:
    """Return the ids in the log, in their order."""
    return [entry.event.id for entry in await history(redis)]


async def kept(redis: Any) -> list[dict[str, bytes]]:
    """Return the kept refusals, in their order."""
    found = await read_refused(redis, NAME, count=100_000)
    return [one.fields if one.raw is None else {**one.fields, "raw": one.raw} for one in found]


async def receipts(redis: Any, source: str, ledger: str = NAME) -> list[tuple[str, Outcome]]:
    """Return the inbox entry and the outcome of each receipt of a source, in their order."""
    entries = await redis.xrange(key(ledger, "receipts", source))
    return [(fields[b"inbox"].decode(), msgspec.json.decode(fields[b"e"], type=Outcome)) for _, fields in entries]
