"""Tests of ingest's core in one form: `given(*events).when(event).then(outcome)`."""

from datetime import datetime
from typing import Literal, TypeAlias

from events.envelope import CODES, Event
from events.ledger import Ledger
from events.schema import ProgressCorrected
from services.ingest.core import Refusal, decide
from services.ingest.task import Task
from tests.ingest.task_events import LEDGER, about, example, fold

Decided: TypeAlias = CODES | Literal["accepted"]


class Decision:
    """The decision on one event."""

    def __init__(self, refusal: Refusal | None) -> None:
        self.refusal = refusal

    def then(self, expected: Decided, detail: str = "") -> None:
        """Assert that the event is accepted, or refused with a code and a detail that contains `detail`."""
        if self.refusal is None:
            assert expected == "accepted"
            return
        assert self.refusal.code == expected, self.refusal.detail
        assert self.refusal.detail
        assert detail in self.refusal.detail


class Given:
    """A task as ingest has folded it; None before its assignment."""

    def __init__(self, task: Task | None) -> None:
        self.task = task

    def given(self, *events: Event) -> "Given":
        """Return the task after further events."""
        return Given(fold(*events, task=self.task))

    def when(
        self,
        event: Event,
        *,
        authid: str | None = None,
        now: datetime | None = None,
        ledger: Ledger = LEDGER,
    ) -> Decision:
        """Decide on an event of its own source at its own time, by default; a correction cites its unit's report."""
        authid = authid or event.source.partition("/")[0]
        own, cited = ledger.own_event(event), None
        if isinstance(event.data, ProgressCorrected):
            cited = ledger.own_event(about(example("progress.reported"), event.data.unit))
        return Decision(decide(self.task, own, authid, ledger.sources.get(authid), ledger, now or event.time, cited))


def given(*events: Event) -> Given:
    """Return a task after events, each recorded at its own time."""
    return Given(fold(*events))
