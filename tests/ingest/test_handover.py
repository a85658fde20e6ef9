"""The slot between decider and appender, and the epoch of a draft."""

import asyncio

from events.entries import PackedBatch
from services.ingest.draft import Base, Draft
from services.ingest.handover import AppendSlot, Decided
from services.ingest.lookup import Lookup
from tests.ingest.running_writer import LEDGER, NAME, START


def decided(epoch: int) -> Decided:
    """Return an empty draft of an epoch."""
    draft = Draft(NAME, LEDGER, Base({}, 0, START, {}))
    return Decided(
        [], Lookup(epoch, None, whole=True, seen={}, cited={}), draft, [], PackedBatch(0, 0, [], b"", empty=True)
    )


async def test_a_draft_is_valid_in_its_epoch_only() -> None:
    """The slot rejects a draft of an epoch that has ended, and stays free for one of the present epoch."""
    handover = AppendSlot(NAME)
    handover.invalidate()
    assert not handover.put(decided(0))
    assert handover.appending is None
    assert handover.put(decided(1))


async def test_the_slot_is_occupied_until_it_is_released() -> None:
    """A draft counts as being appended from `put` to `release`, also if its epoch ends meanwhile."""
    handover = AppendSlot(NAME)
    one = decided(0)
    assert handover.put(one)
    assert await handover.take() is one
    handover.invalidate()
    assert handover.appending is one.draft
    freed = asyncio.create_task(handover.free())
    await asyncio.sleep(0)
    assert not freed.done()
    handover.release()
    await freed
    assert handover.appending is None
