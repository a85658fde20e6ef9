"""The write model: the tasks as the log has them, their timers, and the instant of the last event."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import structlog

from events.envelope import read
from events.ledger import Ledger
from events.log import Log
from events.projection import Projection
from events.recorded_rules import RulesOnRecord
from events.rules import Rules
from events.rules_text import RulesText
from services.ingest.core import VERSION as DECISIONS
from services.ingest.draft import Draft
from services.ingest.task import VERSION, Task, evolve
from services.ingest.timers import Timers

log = structlog.get_logger()


class WriteModel:
    """The state on which batches are decided; loaded for an epoch (append_slot.py), and advanced by each append.

    `now` is the ledger's instant; `held` whether its clock was held at the last `now`, which postpones clock events.
    """

    def __init__(
        self, redis: Any, log: Log, ledger: Ledger, now: Callable[[], datetime], held: Callable[[], bool]
    ) -> None:
        self.ledger = ledger
        self.log = log
        self.state = Projection(redis, log, rules(ledger))
        self.rules = RulesOnRecord(redis, log.ledger, RulesText.of(ledger, DECISIONS))
        self.timers = Timers(ledger)
        self.recorded: datetime | None = None
        self._now = now
        self._held = held
        self._epoch = -1
        self._timed = 0

    def valid_in(self, epoch: int) -> bool:
        """Return whether the write model was loaded for an epoch and has not been overtaken since."""
        return self._epoch == epoch and not self.overtaken

    @property
    def overtaken(self) -> bool:
        """Whether a save has found another instance ahead and folded its events, for which no timers are set."""
        return self.state.position != self._timed

    async def load(self, epoch: int) -> None:
        """Load the tasks up to the log's tail; raise RuntimeError if the saved ones are ahead of the log.

        After a failover the log may end earlier than it did here. The rows saved on the server fit its log.
        """
        known = self.state.position
        await self.rules.load()
        await self.log.trimmed.load()
        await self.state.load()
        await self.state.catch_up()
        tail = await self.log.tail()
        if tail < known:
            log.warning("log ends earlier than it did", ledger=self.log.ledger, now=tail, before=known)
        if self.state.position > tail:
            raise RuntimeError(
                f"ledger {self.log.ledger}: the log ends at {tail}, the write model knows {self.state.position}"
            )
        for last in await self.log.read(tail - 1, 1):
            self.recorded = read(last.raw).recorded
        self.timers.clear()
        for subject, task in self.state.rows.items():
            self.timers.set(subject, task)
        self._timed = self.state.position
        self._epoch = epoch

    def now(self, ahead: Draft | None) -> datetime:
        """Return the ledger's instant for a draft on top of `ahead`, never before the last recorded instant."""
        now = self._now()
        last = ahead.base.now if ahead is not None else self.recorded
        return now if last is None else max(now, last)

    def due(self, now: datetime) -> list[str]:
        """Remove and return the tasks with clock events that are due."""
        return [] if self._held() else list(self.timers.due(now))

    def is_due(self) -> bool:
        """Return whether a task has clock events that are due."""
        due = self.timers.next
        return due is not None and due <= self._now() and not self._held()

    def apply(self, draft: Draft) -> bool:
        """Apply a draft that was appended; return False if the model is at another position than it was decided on."""
        if self.overtaken or self.state.position != draft.base.tail:
            return False
        self.state.apply(draft.base.tail, draft.tail, draft.changes.values(), draft.event_hash)
        for subject in draft.retimed:
            self.timers.set(subject, self.state.rows[subject])
        self._timed = self.state.position
        if draft.entries:
            self.recorded = draft.base.now
        return True


def rules(ledger: Ledger) -> Rules[Task]:
    """Return the rules of the write model in a ledger; the directory is part of their version."""
    return Rules("ingest", f"{VERSION}-{ledger.directory.hash}", Task, partial(evolve, ledger))
