"""The decider: takes batches from the queue and decides each on top of the draft that is being appended."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from msgspec.structs import replace

from services.common.clock import sleep
from services.common.outcome import Outcome
from services.ingest.append_slot import AppendSlot, Decided
from services.ingest.draft import Base, Draft
from services.ingest.lookup import Lookup, Lookups
from services.ingest.loss_check import LossCheck
from services.ingest.queue import Queue
from services.ingest.request import Chunk, UnavailableError, fail_all, in_slices
from services.ingest.write_model import WriteModel


class Taken(NamedTuple):
    """A batch, the epoch in which it was taken from the queue, and its look-up, if already sent.

    It is decided in that epoch only: an epoch may end because the batch before it was put back.
    """

    batch: list[Chunk]
    epoch: int
    lookup: "asyncio.Task[Lookup] | None" = None


class Decider:
    """The first of the writer's two coroutines; `refused_bytes` is the limit of refused bytes kept per source."""

    def __init__(
        self,
        queue: Queue,
        slot: AppendSlot,
        model: WriteModel,
        lookups: Lookups,
        loss_check: LossCheck,
        refused_bytes: int,
    ) -> None:
        self._queue = queue
        self._slot = slot
        self._model = model
        self._lookups = lookups
        self._loss_check = loss_check
        self._refused_bytes = refused_bytes

    async def run(self) -> None:
        """Decide batch after batch until cancelled; a draft whose epoch has ended is dropped and its batch put back."""
        taken: Taken | None = None
        try:
            while True:
                decided = await self._decide(taken or await self._take())
                taken = None
                if decided is None:
                    continue
                await self._slot.free()
                if self._lookups.checking_all:
                    taken = await self._look_ahead(decided)
                if self._slot.put(decided):
                    await sleep(0)  # the append is sent before the next batch is decided
                else:
                    self._queue.put_back(decided.batch)
                    self._put_back(taken)
                    taken = None
        finally:
            self._put_back(taken)

    async def _take(self) -> Taken:
        """Take the next batch; if none waits, wait for the current append to end and take what has arrived by then."""
        batch = self._queue.take()
        if not batch:
            await self._slot.free()
            await self._queue.ready()
            batch = self._queue.take()
        return Taken(batch, self._slot.epoch)

    async def _look_ahead(self, decided: Decided) -> Taken | None:
        """Take the next batch and send its look-up now: sent after the append, it would have to wait for it."""
        epoch = decided.found.epoch
        if epoch != self._slot.epoch:
            return None
        batch = await _read(self._queue.take())
        if not batch:
            return None
        lookup = asyncio.create_task(self._lookups.ask(batch, epoch, decided.draft))
        await sleep(0)
        return Taken(batch, epoch, lookup)

    def _put_back(self, taken: Taken | None) -> None:
        if taken is not None:
            self._queue.put_back(taken.batch)
            if taken.lookup is not None:
                taken.lookup.cancel()

    async def _decide(self, taken: Taken) -> Decided | None:
        """Decide a batch; None if it was put back, no request waits for it, or its requests have failed."""
        batch, epoch, lookup = taken
        try:
            if lookup is None:
                batch = await _read(batch)
            if not batch:
                return None
            if not await self._ensure_loaded(epoch):
                self._queue.put_back(batch)
                return None
            found = await (lookup or self._lookups.ask(batch, epoch, self._slot.appending))
            return await self._decide_on(batch, found)
        except UnavailableError as error:
            fail_all(batch, error)
        except Exception as error:  # noqa: BLE001 - logged; its requests get 503, and the writer continues
            self._slot.abandon(batch, error)
        return None

    async def _ensure_loaded(self, epoch: int) -> bool:
        """Load the write model if it is not valid in an epoch; return False if that epoch has ended.

        Raises UnavailableError if the log lacks acknowledged events.
        """
        if self._loss_check.loss is None and not self._model.valid_in(epoch):
            await self._slot.free()  # the log must not grow while it is loaded
            if epoch == self._slot.epoch and await self._loss_check.compare(self._model.recorded) is None:
                await self._model.load(epoch)
        if self._loss_check.loss is not None:
            raise UnavailableError(str(self._loss_check.loss))
        return epoch == self._slot.epoch

    async def _decide_on(self, batch: list[Chunk], found: Lookup) -> Decided:
        """Decide the due clock events, then the batch, and pack the draft; `found` is the batch's look-up."""
        now = self._model.now(found.ahead)
        due = self._model.due(now)
        draft, outcomes = await self._draft(batch, found, now, due)
        if draft.maybe_duplicate and not found.whole:
            self._lookups.check_all_next()
            found = await self._lookups.ask(batch, found.epoch, found.ahead)
            draft, outcomes = await self._draft(batch, found, now, due)
        advances = [
            replace(chunk.advance, gap=draft.gap(chunk.advance.inbox, chunk.request.source))
            for chunk in batch
            if chunk.advance is not None
        ]
        packed = self._model.log.pack(
            draft.base.tail,
            draft.entries,
            draft.side_entries,
            advances,
            draft.base.event_hash,
            only_new=True,
            refusals=draft.refusals,
            rules=self._model.rules,
            trimmed=found.trimmed,
        )
        return Decided(batch, found, draft, outcomes, packed)

    async def _draft(
        self, batch: Sequence[Chunk], found: Lookup, now: datetime, due: Sequence[str]
    ) -> tuple[Draft, list[Outcome]]:
        """Return the draft of a batch, and the outcome of each submission."""
        state, ahead = self._model.state, found.ahead
        tail = state.position if ahead is None else ahead.tail
        event_hash = state.event_hash if ahead is None else ahead.event_hash
        base = Base(state.rows, tail, now, found.seen, found.cited, event_hash)
        draft = Draft(self._model.log.ledger, self._model.ledger, base, ahead, self._refused_bytes)
        for subject in due:
            instant = draft.add_clock_events(subject)
            if instant is not None:
                self._model.timers.schedule(subject, instant)
        submissions = [one for chunk in batch for one in chunk.submissions]
        return draft, await in_slices(draft.decide, submissions)


async def _read(batch: list[Chunk]) -> list[Chunk]:
    """Read the chunks, and return those whose requests still wait; a fault in reading fails its own request."""
    for chunk in batch:
        try:
            await chunk.read()
        except Exception as error:  # noqa: BLE001 - raised again in its own request; the others are decided
            chunk.fail(error)
    return [chunk for chunk in batch if not chunk.request.done.done()]
