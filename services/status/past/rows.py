"""Full rows as of a past moment, folded from the events of their tasks alone."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime

from events.entries import Recorded
from events.envelope import read
from events.ledger import Ledger
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
    log: Log, ledger: Ledger, positions: Mapping[str, Sequence[int]], instant: datetime
) -> dict[str, TaskRow]:
    """Return the rows of tasks after the events at these positions, by task, with the lights of an instant.

    A task that is not assigned by then has no row. Raises OtherLogError.
    """
    stored = await _read(log, sorted(position for own in positions.values() for position in own))
    rows = {}
    folded = 0
    for name, own in positions.items():
        task: TrackedTask | None = None
        for position in own:
            event = read(stored[position])
            if event.subject != name:
                raise OtherLogError(f"position {position} has an event of {event.subject!r}, not of {name!r}")
            task = evolve(ledger, task, Recorded(position, event))
        if task is not None:
            rows[name] = lit(task, ledger.lights, instant).row
        folded += len(own)
        if folded >= TURN:
            folded = 0
            await asyncio.sleep(0)
    return rows


async def _read(log: Log, positions: Sequence[int]) -> Mapping[int, bytes]:
    """Return the stored events at positions; raises OtherLogError where one is missing."""
    found: dict[int, bytes] = {}
    for start in range(0, len(positions), READ_BATCH):
        found.update(await log.read_at(positions[start : start + READ_BATCH]))
    if len(found) < len(positions):
        missing = min(set(positions) - found.keys())
        raise OtherLogError(f"the log has no event at position {missing}, which the timeline has")
    return found
