"""What a task looks like from outside, and what it takes to carry that on. Pure."""

from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import Struct

from events.deadline import Deadline, Percent, Postponed
from events.schema import Outcome, Role

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
    """A task as dashboards get it; `position` is that of its last event."""

    task: str
    title: str
    plan: str
    row: int | None
    lead: str
    lead_inferred: bool
    units: tuple[UnitRow, ...]
    deadline: Deadline
    due: datetime | None
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


class Report(Struct, frozen=True, gc=False):
    """A unit's latest report.

    `ids` are the sources and ids it can be corrected by, its own and its corrections'; `before` is the per cent that
    was known before it.
    """

    ids: tuple[tuple[str, str], ...]
    before: Percent | None


class Asked(Struct, frozen=True, gc=False):
    """An open request: to put `due` off (None if the deadline has none any more) to `proposed`."""

    due: datetime | None
    proposed: datetime


class Task(Struct, frozen=True, gc=False):
    """A row and what it takes to carry it on.

    `reminds` is the instant reminders count back from; `settled` the last due instant that passed or was met; `lit` the
    instant at which the light was worked out; `asked` the open extension request; `postponed` the occurrence that was
    extended; `reported` the instants at which the last reports of those that lead were recorded; `reports` is by unit.
    """

    row: TaskRow
    reminds: datetime | None
    settled: datetime | None
    lit: datetime
    asked: Asked | None = None
    postponed: Postponed | None = None
    reported: dict[str, datetime] = {}
    reports: dict[str, Report] = {}
