"""The check that the log has everything that was acknowledged, before anything is appended to it."""

import asyncio
from contextlib import suppress
from datetime import datetime
from typing import Any

import structlog
from msgspec.structs import replace

from events.entries import event_hash
from events.envelope import read
from events.log import Log
from events.seal.eras import FIRST, SealedEras, last_era
from services.common.accepted import LogPutBack, LossAccepted, accepted, publish_loss
from services.common.loss import Loss
from services.ingest.acknowledged import Acknowledged
from services.ingest.draft import Draft
from services.ingest.sealed_check import sealed_loss

log = structlog.get_logger()


class LossCheck:
    """Compares the log with what was acknowledged, whenever the write model is loaded.

    `loss` is what the log lacks: nothing is appended until an operator accepts that. `noted` is the note of
    acknowledged events that is kept outside of the server, if there is one, and `archive` reads the sealed log.
    """

    def __init__(self, redis: Any, log: Log, noted: Acknowledged | None, archive: SealedEras | None = None) -> None:
        self.loss: Loss | None = None
        self.noted = noted
        self.server = ""
        self._redis = redis
        self._log = log
        self._archive = archive
        self._tail = 0
        self._tail_hash = ""
        self._era = FIRST

    def acknowledge(self, draft: Draft) -> None:
        """Remember the events of a draft, whose outcomes are answered now."""
        if draft.tail >= self._tail:
            self._tail, self._tail_hash = draft.tail, draft.event_hash
        if self.noted is not None:
            self.noted.add(draft.base.tail, [entry.raw for entry in draft.entries])

    async def compare(self, recorded: datetime | None) -> Loss | None:
        """Return the `loss`: of all acknowledged and sealed events after a change of server, else of the last one.

        `recorded` is the last recorded instant that is known here.
        """
        server = await self._log.server()
        if self.server != server:
            self.loss = await self._of_all()
        if self.loss is None and self._tail and await self._lacks_tail():
            self.loss = await self.noted.compare() if self.noted is not None else None
            self.loss = self.loss or await self._loss_of_tail(recorded)
        self.server = server
        if self.loss is not None:
            self.loss = replace(self.loss, era=await self._present_era())
            log.error("acknowledged events are lost", ledger=self._log.ledger, what=str(self.loss))
            await publish_loss(self._redis, self._log.ledger, self.loss)
        return self.loss

    async def _present_era(self) -> int:
        """Return the era of the archives, while they are away the last one that is known."""
        if self._archive is not None:
            with suppress(OSError):
                self._era = await asyncio.to_thread(last_era, self._archive)
        return self._era

    async def _of_all(self) -> Loss | None:
        """Return the loss by the note, or else by the archive; a log that lacks what is sealed is not noted anew."""
        by_archive = await self._of_sealed()
        if self.noted is None or (by_archive is not None and not self.noted.exists):
            return by_archive
        by_note = await self.noted.compare()
        if by_note is None:
            return by_archive
        done = await accepted(self._redis, self._log.ledger)
        if any(isinstance(one, LogPutBack) and one.explains(by_note) for one in done):
            await self.noted.accept_log()
            return by_archive
        return by_note

    async def _of_sealed(self) -> Loss | None:
        if self._archive is None:
            return None
        try:
            return await sealed_loss(self._redis, self._log, self._archive)
        except OSError as error:  # a store that is away delays no event; the sealer compares before it signs
            log.warning("the log is not compared with its archive now", ledger=self._log.ledger, error=str(error))
            return None

    async def review(self) -> None:
        """Publish the loss for `duban doctor`; end it once it is accepted, or when another server answers."""
        ledger = self._log.ledger
        await publish_loss(self._redis, ledger, self.loss)
        if self.loss is None:
            return
        if self.server != await self._log.server():
            self.server, self.loss = "", None
        elif any(
            isinstance(one, LossAccepted) and one.loss == self.loss for one in await accepted(self._redis, ledger)
        ):
            if self.noted is not None:
                await self.noted.accept_log()
            self._tail, self._tail_hash, self.loss = self.loss.tail, "", None
            await publish_loss(self._redis, ledger, None)

    async def _lacks_tail(self) -> bool:
        """Return whether the log has no event, or another one, at the last acknowledged position."""
        found = await self._log.read_at([self._tail])
        return not found or bool(self._tail_hash and event_hash(found[0].raw) != self._tail_hash)

    async def _loss_of_tail(self, recorded: datetime | None) -> Loss:
        """Return the loss that is known from the last acknowledged event alone."""
        tail = await self._log.tail()
        since = [read(one.raw).recorded for one in await self._log.read(tail - 1, 1)] if tail < self._tail else []
        first = tail + 1 if tail < self._tail else 1
        return Loss(tail, self._tail, first, self._tail, next(iter(since), None), recorded, self._tail_hash)
