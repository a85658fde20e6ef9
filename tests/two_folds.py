"""One task in the folds of ingest and of status, which receive the same events."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from events.deadline import Deadline, Fixed
from events.entries import Recorded
from events.envelope import CODES, Event
from events.ledger import CLOCK, NOTIFY
from events.schema import (
    DeadlinePassed,
    EventData,
    ExtensionRequested,
    ProgressCorrected,
    ProgressReported,
    TaskAssigned,
    TaskReassigned,
    Unit,
)
from services.common.settings import load_ledger, shipped
from services.ingest.core import decide
from services.ingest.task import Task, evolve
from services.ingest.timers import clock_events
from services.status import core as status
from services.status.row import TaskRow
from services.status.row import TrackedTask as Shown
from tests.examples import TASK

LEDGER = load_ledger(shipped("zhanjiang.toml"))

LEAD, OTHER, THIRD = "市卫生计生局", "市民政局", "市教育局"

HEIR = "市卫生健康局"
"""Succeeds LEAD by the directory."""

START = datetime.fromisoformat("2019-04-01T09:00:00+08:00")

DUE = datetime.fromisoformat("2020-01-01T00:00:00+08:00")

LATER = datetime.fromisoformat("2021-01-01T00:00:00+08:00")


class TwoFolds:
    """One task in both folds; each step is submitted one hour after the one before it."""

    def __init__(self, deadline: Deadline | None = None) -> None:
        self.deadline = deadline or Fixed("2019年12月底前", DUE)
        self.now = START
        self.log: list[Event] = []
        self.ingest: Task | None = None
        self.status: Shown | None = None

    def submit(self, *steps: EventData) -> CODES | None:
        """Decide and fold steps up to the first that is refused; return its code, None if none is refused."""
        for data in steps:
            code = self._submit(data)
            if code is not None:
                return code
        return None

    def advance(self, until: datetime) -> list[Event]:
        """Fold and return the clock events up to an instant, and set the present to it."""
        events: list[Event] = []
        while self.ingest is not None:
            event = next(clock_events(TASK, self.ingest, LEDGER), None)
            if event is None or event.time > until:
                break
            self._fold(replace(event, recorded=max(self.now, event.time)))
            events.append(event)
        self.now = max(self.now, until)
        return events

    def report(self, unit: str) -> str:
        """Return the id of the latest report of a unit, or an id that no event has."""
        own = [event.id for event in self.log if isinstance(event.data, ProgressReported) and event.data.unit == unit]
        return own[-1] if own else "nothing"

    @property
    def request(self) -> str:
        """The id of the latest request."""
        return next((e.id for e in reversed(self.log) if isinstance(e.data, ExtensionRequested)), "nothing")

    def _submit(self, data: EventData) -> CODES | None:
        self.advance(self.now + timedelta(hours=1))  # as ingest does: the clock events due by now come first
        role = data.speaker
        authid = {"assigner": "office", "reporter": "units", "notify": NOTIFY, None: CLOCK}[role]
        event = Event(f"e-{len(self.log)}", authid, TASK, self.now, data, self.now, authid)
        cited = None
        if isinstance(data, ProgressCorrected):
            cited = next((past for past in self.log if past.id == data.report and past.source == authid), None)
        refusal = decide(
            self.ingest, LEDGER.own_event(event), authid, LEDGER.sources.get(authid), LEDGER, self.now, cited
        )
        if refusal is None:
            self._fold(event)
        return refusal.code if refusal is not None else None

    def _fold(self, event: Event) -> None:
        self.log.append(event)
        entry = Recorded(len(self.log), event)
        self.ingest = evolve(LEDGER, self.ingest, entry)
        self.status = status.evolve(LEDGER, self.status, entry)
        assert self.ingest is not None
        assert self.status is not None
        self._agree(self.ingest, self.status, event.at)

    def _agree(self, task: Task, shown: Shown, now: datetime) -> None:
        """Assert that both folds have the same state of the task."""
        row, request, asked = shown.row, task.term.request, shown.term.request
        assert set(task.submitted) == {part.unit for part in row.units if part.state == "submitted"}
        assert task.closed == (row.state == "closed")
        assert (task.lead, task.term.deadline, task.term.postponed) == (row.lead, row.deadline, shown.term.postponed)
        assert task.reported == shown.reported
        assert (request and (request.due, request.proposed)) == (asked and (asked.due, asked.proposed))
        if task.closed:
            return
        ahead = row.due if row.due is not None and row.due > now else None
        assert task.term.due_ahead(now, LEDGER.zone) == ahead
        passings = (event.time for event in clock_events(TASK, task, LEDGER) if isinstance(event.data, DeadlinePassed))
        assert next((instant for instant in passings if instant > now), None) == ahead
        if row.state in {"submitted", "returned"} and row.lead in {part.unit for part in row.units}:
            assert self.part(row.lead) == row.state, "a task is submitted or returned exactly as its lead is"

    @property
    def row(self) -> TaskRow:
        assert self.status is not None
        return self.status.row

    @property
    def state(self) -> str:
        """The task's state."""
        return self.row.state

    def part(self, unit: str) -> str:
        """Return a unit's own state, `gone` if it is no unit of the task."""
        return next((part.state for part in self.row.units if part.unit == unit), "gone")

    @property
    def condition(self) -> str:
        """The condition of the deadline, in the words of the third table, which has to be the same in both folds."""
        assert self.ingest is not None
        row = self.row
        if row.due is None:
            word = "never"
        elif row.due > self.now:
            word = "ahead"
            assert row.overdue_since is None
        else:
            word = "passed"
            assert row.overdue_since is not None
        assert (self.ingest.term.due_ahead(self.now, LEDGER.zone) is not None) == (word == "ahead")
        return word if self.ingest.term.request is None else f"{word}, asked"


def assignment(deadline: Deadline, lead: str = LEAD) -> TaskAssigned:
    units = (Unit(lead, "lead"), Unit(OTHER))
    return TaskAssigned("建立就业基地", "zj-2019", lead, lead_inferred=True, units=units, deadline=deadline)


def handed(lead: str, *others: str) -> TaskReassigned:
    return TaskReassigned(lead, (Unit(lead, "lead"), *(Unit(name) for name in others)), "机构改革")
