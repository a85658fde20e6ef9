"""The comparison of a log with its published archive: what is sealed was in the log, so it must be there for ever."""

import asyncio
from typing import Any

from events.log import Log
from events.seal.checkpoint import LogCheckpoint, parse_checkpoint
from events.seal.eras import SealedEras, last_era
from events.seal.notes import parse_note
from events.seal.storage import CHECKPOINT
from events.seal.tiles import Read, entry_at
from services.common.accepted import accepted_losses
from services.common.loss import Loss, recorded_of


async def sealed_loss(redis: Any, log: Log, eras: SealedEras) -> Loss | None:
    """Return the sealed events that a log lacks, unless an operator has accepted that; None if it has the last one.

    A log that was replaced is the same up to a position and another one after it, so that position is searched for by
    halves. The sealer compares all entries later. Raises FormatError, OSError.
    """
    era = await asyncio.to_thread(last_era, eras)
    archive = eras(era)
    data = await asyncio.to_thread(archive, CHECKPOINT)
    if data is None:
        return None
    checkpoint, tail = parse_checkpoint(parse_note(data).text), await log.tail()
    if checkpoint.size == 0 or (tail >= checkpoint.size and await _is_same(log, archive, checkpoint, checkpoint.size)):
        return None
    first = await _first_other(log, archive, checkpoint, tail)
    if any(loss.has(first) for loss in await accepted_losses(redis, log.ledger, era)):
        return None
    since = [recorded_of(one.raw) for one in await log.read_at([first - 1])]
    until = recorded_of(await asyncio.to_thread(entry_at, archive, checkpoint.size, checkpoint.size))
    return Loss(tail, checkpoint.size, first, checkpoint.size, next(iter(since), None), until, checkpoint.root.hex())


async def _first_other(log: Log, archive: Read, checkpoint: LogCheckpoint, tail: int) -> int:
    """Return the first position at which the log does not have what is sealed."""
    await log.trimmed.look()
    low, high = log.trimmed.last + 1, min(tail, checkpoint.size) + 1
    while low < high:
        middle = (low + high) // 2
        if await _is_same(log, archive, checkpoint, middle):
            low = middle + 1
        else:
            high = middle
    return low


async def _is_same(log: Log, archive: Read, checkpoint: LogCheckpoint, position: int) -> bool:
    found = await log.read_at([position])
    return bool(found) and found[0].raw == await asyncio.to_thread(entry_at, archive, checkpoint.size, position)
