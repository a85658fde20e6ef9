"""Full rows as of a past moment, folded from the events of their tasks alone."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from itertools import chain, islice

from events.entries import Recorded
from events.envelope import read
from events.ledger import Ledger, LightRules
from events.log import Log
from services.status.core import evolve
from services.status.lights import lit
from services.status.row import TaskRow, TrackedTask

READ_BATCH = 100
"""Events read in one round trip: about a millisecond of this process, in which feeds wait."""

TURN = 20
"""Events folded between two turns of other work of this process: about half a millisecond."""


class OtherLogError(RuntimeError):
    """The log has other events than the timeline: a failover has replaced it, and the rows are about to be reloaded."""


async def rows_at(
    log: Log, ledger: Ledger, lights: LightRules, positions: Mapping[str, Sequence[int]], instant: datetime
) -> dict[str, TaskRow]:
    """Return the rows of tasks after the events at these positions, by task, with the lights of an instant by rules.

    A task that is not assigned by then has no row. Raises OtherLogError.
    """
    rows = {}
    async with aclosing(_events(log, chain.from_iterable(positions.values()))) as events:
        for name, own in positions.items():
            task: TrackedTask | None = None
            for _ in own:
                entry = await anext(events)
                if entry.event.subject != name:
                    subject = entry.event.subject
                    raise OtherLogError(f"position {entry.position} has an event of {subject!r}, not of {name!r}")
                task = evolve(ledger, task, entry)
            if task is not None:
                rows[name] = lit(task, lights, instant).row
    return rows


async def _events(log: Log, positions: Iterable[int]) -> AsyncGenerator[Recorded, None]:
    """Yield the events at positions, in their order, with turns of other work; raises OtherLogError.

    No more of them are held than are read at once: an export asks for the whole log.
    """
    rest = iter(positions)
    while batch := list(islice(rest, READ_BATCH)):
        stored = dict(await log.read_at(batch))
        for number, position in enumerate(batch, 1):
            if position not in stored:
                raise OtherLogError(f"the log has no event at position {position}, which the timeline has")
            yield Recorded(position, read(stored[position]))
            if number % TURN == 0:
                await asyncio.sleep(0)
