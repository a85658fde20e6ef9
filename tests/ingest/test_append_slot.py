"""The slot between decider and appender, and the epoch of a draft."""

import asyncio

from events.entries import PackedBatch
from services.ingest.append_slot import AppendSlot, Decided
from services.ingest.draft import Base, Draft
from services.ingest.lookup import Lookup
from tests.ingest.running_writer import LEDGER, NAME, START


def decided(epoch: int) -> Decided:
    """Return an empty draft of an epoch."""
    draft = Draft(NAME, LEDGER, Base({}, 0, START, {}))
    return Decided(
        [],
        Lookup(epoch, None, whole=True, seen={}, cited={}, trimmed=""),
        draft,
        [],
        PackedBatch(0, 0, [], b"", empty=True),
    )


async def test_a_draft_is_valid_in_its_epoch_only() -> None:
    """The slot rejects a draft of an epoch that has ended, and stays free for one of the present epoch."""
    slot = AppendSlot(NAME)
    slot.invalidate()
    assert not slot.put(decided(0))
    assert slot.appending is None
    assert slot.put(decided(1))


async def test_the_slot_is_occupied_until_it_is_released() -> None:
    """A draft counts as being appended from `put` to `release`, also if its epoch ends meanwhile."""
    slot = AppendSlot(NAME)
    one = decided(0)
    assert slot.put(one)
    assert await slot.take() is one
    slot.invalidate()
    assert slot.appending is one.draft
    freed = asyncio.create_task(slot.free())
    await asyncio.sleep(0)
    assert not freed.done()
    slot.release()
    await freed
    assert slot.appending is None
