"""The writer: turns submissions into outcomes in batches, over one ledger's log.

Keys besides the log's own (events/log.py), the receipts' (draft.py) and the projection's (events/saved_rows.py):

    duban:{L}:inbox:<source>  stream  e: an event                                  written by the source
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from events.entries import CursorAdvance
from events.ledger import CLOCK, Ledger
from events.log import Log
from events.seal.eras import SealedEras
from services.common.clock import monotonic
from services.common.limits import REFUSED_BYTES
from services.common.loss import Loss
from services.common.outcome import Outcome
from services.ingest.acknowledged import Acknowledged
from services.ingest.append_slot import AppendSlot
from services.ingest.appender import Appender
from services.ingest.decider import Decider
from services.ingest.draft import Submission
from services.ingest.lookup import Lookups
from services.ingest.loss_check import LossCheck
from services.ingest.queue import Queue
from services.ingest.request import UnavailableError, WriteRequest
from services.ingest.write_model import WriteModel

S = TypeVar("S")


class Writer:
    """The one writer of a ledger: submissions wait in a queue, are decided in turn, and appended in batches.

    `now` is the ledger's instant, and `held` whether its clock was held at the last `now`, which postpones its events.
    `noted` is the note of acknowledged events that is kept outside of the server, if there is one. `archive` reads the
    sealed log.
    """

    def __init__(
        self,
        redis: Any,
        name: str,
        ledger: Ledger,
        now: Callable[[], datetime],
        replicas: int = 0,
        clock: str = "wall",
        refused_bytes: int = REFUSED_BYTES,
        held: Callable[[], bool] = lambda: False,
        noted: Acknowledged | None = None,
        archive: SealedEras | None = None,
    ) -> None:
        self.ledger = ledger
        self.now = now
        self.log = Log(redis, name, replicas, clock, archive)
        self.model = WriteModel(redis, self.log, ledger, now, held)
        self._queue = Queue(monotonic)
        self._slot = AppendSlot(name)
        self._loss_check = LossCheck(redis, self.log, noted, archive)
        lookups = Lookups(self.log)
        parts = self._queue, self._slot, self.model, lookups, self._loss_check
        self._decider = Decider(*parts, refused_bytes)
        self._appender = Appender(*parts)
        self._waiting: set[asyncio.Future[list[Outcome]]] = set()

    @property
    def name(self) -> str:
        """The ledger's name."""
        return self.log.ledger

    @property
    def outcomes(self) -> Mapping[tuple[str, str], int]:
        """How many submissions were answered since the start, by source and outcome."""
        return self._appender.outcomes

    @property
    def noted(self) -> Acknowledged | None:
        """The note of acknowledged events, if one is kept."""
        return self._loss_check.noted

    @property
    def loss(self) -> Loss | None:
        """The acknowledged events that the log lacks; nothing is appended until that is accepted."""
        return self._loss_check.loss

    @property
    def ready(self) -> bool:
        """Whether the write model is at the log's tail, as far as is known."""
        return self.model.valid_in(self._slot.epoch)

    async def submit(self, submissions: Sequence[Submission], advance: CursorAdvance | None = None) -> list[Outcome]:
        """Return an outcome for each submission of one source, in order.

        `advance` is that of an inbox's cursor over these submissions. Raises UnavailableError if the log cannot be
        written, and InboxMovedError if another instance has decided these entries.
        """
        source = submissions[0].authid if submissions else CLOCK
        size = sum(len(one.raw) for one in submissions)
        return await self.enqueue(source, submissions, size, lambda submission: submission, advance)

    async def enqueue(
        self,
        source: str,
        sent: Sequence[S],
        size: int,
        read: Callable[[S], Submission],
        advance: CursorAdvance | None = None,
    ) -> list[Outcome]:
        """Submit as `submit` does, any number of submissions with `size` bytes in all; each is read when decided."""
        done: asyncio.Future[list[Outcome]] = asyncio.get_running_loop().create_future()
        self._waiting.add(done)
        self._queue.put(WriteRequest(source, sent, size, read, advance, done))
        try:
            return await done
        finally:
            self._waiting.discard(done)

    async def run(self) -> None:
        """Decide and append until cancelled; every request that waits then fails with UnavailableError."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._decider.run())
                group.create_task(self._appender.run())
        finally:
            for done in self._waiting:
                if not done.done():
                    done.set_exception(UnavailableError("ingest is stopping"))

    async def tick(self) -> None:
        """Record the clock events that are due; raise UnavailableError if the log cannot be written."""
        if self.loss is None and (not self.ready or self.model.is_due()):
            await self.submit(())

    async def save_if_full(self) -> None:
        """Save the write model if much of it is unsaved: one save of all would keep the server from appending."""
        if self.ready and self.model.state.full:
            await self.model.state.save()

    async def save(self) -> None:
        """Save the write model, which shortens the next start, and load it again if another instance has appended.

        The clock needs the due instants of those events even if nothing is submitted here.
        """
        if not self.ready:
            return
        state = self.model.state
        if state.position > state.saved:
            await state.save()
        server = await self.log.server()
        known = state.position
        tail = await self.log.tail()
        moved = tail > state.position or tail < known or self.model.overtaken or server != self._loss_check.server
        if moved and self._slot.appending is None:
            self._slot.invalidate()

    async def look_for_acceptance(self) -> None:
        """Publish what is lost, if anything; continue once that is accepted, or another server answers."""
        await self._loss_check.review()
