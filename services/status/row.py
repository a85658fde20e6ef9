"""The row of a task as readers get it, and what folding further events needs. Pure."""

from datetime import date, datetime
from sys import intern
from typing import Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import force_setattr

from events.deadline import Deadline, Percent
from events.schema import Outcome, Role
from events.term import Term
from services.status.moments import Moments
from services.status.turns import Turns

State: TypeAlias = Literal["assigned", "in-progress", "submitted", "returned", "closed"]
Light: TypeAlias = Literal["red", "yellow", "blue", "green"]
Reason: TypeAlias = Literal["closed", "overdue", "due-soon", "behind", "silent", "on-track"]


class UnitRow(Struct, frozen=True, gc=False):
    """One unit's part in a task; instants are the sources'."""

    unit: str
    role: Role
    percent: Percent | None = None
    signed_at: datetime | None = None
    last_report_at: datetime | None = None
    state: State = "assigned"


class TaskRow(Struct, frozen=True, gc=False):
    """A task as dashboards get it; `position` is that of its last event.

    `section` is the part of the table that it stands in. `due_day` is the last day on which it is in time: `due` is
    exclusive.
    """

    task: str
    title: str
    plan: str
    section: str | None
    row: int | None
    lead: str
    lead_inferred: bool
    units: tuple[UnitRow, ...]
    deadline: Deadline
    due: datetime | None
    due_day: date | None
    state: State
    percent: Percent | None
    light: Light
    light_reason: Reason
    overdue_since: datetime | None
    opened_at: datetime
    closed_at: datetime | None
    outcome: Outcome | None
    extensions: int
    returns: int
    last_report_at: datetime | None
    position: int

    @property
    def unit_names(self) -> tuple[str, ...]:
        """The units that have a duty in it."""
        return tuple([part.unit for part in self.units])


class Report(Struct, frozen=True, gc=False, array_like=True):
    """A unit's latest report, and its corrections by the same source, by their ids.

    `before` is the per cent that was known before it, `place` the index of the unit's part in its row, None where it
    has no part.
    """

    source: str
    id: str
    corrections: tuple[str, ...]
    before: Percent | None
    place: int | None

    def is_cited(self, source: str, id: str) -> bool:
        """Return whether a correction by a source that names this id is one of this report."""
        return self.source == source and (self.id == id or id in self.corrections)


class TrackedTask(Struct, frozen=True, gc=False):
    """A row and what its next steps need.

    `turns` are the instants at which its light turns: another object only after an event that may have changed them.
    `lit` is the instant of its light, `reported` the recorded one of the last report of each unit that leads, `reports`
    is the latest report of each unit, `moments` what the figures count by.
    """

    row: TaskRow
    term: Term
    turns: Turns
    lit: datetime
    reported: dict[str, datetime] = {}
    reports: dict[str, Report] = {}
    moments: Moments = Moments()

    def place(self, unit: str) -> int | None:
        """Return the index of a unit's part in the row, None where it has none."""
        report = self.reports.get(unit)
        if report is not None:  # most events are from units that have reported before
            return report.place
        return next((place for place, part in enumerate(self.row.units) if part.unit == unit), None)


def shared(task: TrackedTask) -> TrackedTask:
    """Intern the names in a task that was just decoded: many tasks share them, which halves their memory.

    The members are set in place, as nothing else has the task yet.
    """
    row, term = task.row, task.term
    for name in ("plan", "section", "lead"):
        if (text := getattr(row, name)) is not None:
            force_setattr(row, name, intern(text))
    for part in row.units:
        force_setattr(part, "unit", intern(part.unit))
    if term.deadline == row.deadline:
        force_setattr(term, "deadline", row.deadline)
    for report in task.reports.values():
        force_setattr(report, "source", intern(report.source))
    force_setattr(task, "reports", {intern(unit): report for unit, report in task.reports.items()})
    force_setattr(task, "reported", {intern(unit): instant for unit, instant in task.reported.items()})
    return task
