"""What a task looks like from outside: the row its events fold into, and the light that time gives it. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal, TypeAlias, assert_never

from msgspec import Struct
from msgspec.structs import replace

from events.deadline import MONTHS, Deadline, Due, Fixed, Ongoing, Percent, Recurring, add_months, next_due
from events.envelope import Event
from events.ledger import Ledger, LightRules
from events.log import Recorded
from events.schema import (
    CompletionReturned,
    CompletionSubmitted,
    DeadlineClarified,
    DeadlineNeared,
    DeadlinePassed,
    ExtensionGranted,
    ExtensionRefused,
    ExtensionRequested,
    Outcome,
    ProgressCorrected,
    ProgressReported,
    Role,
    TaskAssigned,
    TaskClosed,
    TaskReassigned,
    TaskReopened,
    TaskSigned,
    TaskUrged,
)

VERSION = "1"
"""Of the rules in `evolve` and `light`; with the ledger's own rules it names what folded a row."""

ROUNDING = 1e-9
"""Per cent: 0.7 * 90 is 62.99… in binary. What is expected counts in whole per cent, so no task is behind at once."""

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


class Task(Struct, frozen=True, gc=False):
    """A row and what it takes to carry it on.

    `reminds` is the instant reminders count back from; `settled` the last due instant that passed or was met;
    `proposed` the due of an open extension request; `lit` the instant at which the light was worked out;
    `lead_reported` the instant at which the lead's last report was recorded; `reports` the ids by which each unit's
    latest report can be corrected: its own and those of its corrections.
    """

    row: TaskRow
    reminds: datetime | None
    settled: datetime | None
    proposed: datetime | None
    lit: datetime
    lead_reported: datetime | None = None
    reports: dict[str, tuple[str, ...]] = {}


def evolve(ledger: Ledger, task: Task | None, entry: Recorded) -> Task | None:
    """Return the task after an event, lit as at the event's recorded instant; None as long as none was assigned."""
    event = entry.event
    if (data := ledger.resolve(event.data)) is not event.data:
        event = replace(event, data=data)
    changed = (
        _open(ledger, event, entry.position) if isinstance(event.data, TaskAssigned) else _step(ledger, task, event)
    )
    if changed is None:
        return None
    at = event.recorded or event.time
    lamp, reason = light(changed, ledger.lights, at)
    row = replace(changed.row, position=entry.position, light=lamp, light_reason=reason)
    return replace(changed, row=row, lit=at)


def light(task: Task, rules: LightRules, now: datetime) -> tuple[Light, Reason]:
    """Return a task's light at an instant, and why."""
    row = task.row
    if row.state == "closed":
        return "blue", "closed"
    passed = row.due is not None and row.due <= now and not isinstance(row.deadline, Recurring)
    if row.overdue_since is not None or passed:
        return "red", "overdue"
    if row.due is not None and task.reminds is not None:
        if now >= task.reminds - timedelta(days=rules.yellow_days):
            return "yellow", "due-soon"
        expected = rules.behind * proportional(row.opened_at, row.due, now)
        if (row.percent or 0) < int(expected + ROUNDING):
            return "yellow", "behind"
    if isinstance(row.deadline, Ongoing) and now - (row.last_report_at or row.opened_at) >= timedelta(
        days=rules.silent_days
    ):
        return "yellow", "silent"
    return "green", "on-track"


def relight(task: Task, rules: LightRules, now: datetime) -> Task | None:
    """Return the task with its light as at `now` if that is another one, else None."""
    lamp, reason = light(task, rules, now)
    if (lamp, reason) == (task.row.light, task.row.light_reason):
        return None
    return replace(task, row=replace(task.row, light=lamp, light_reason=reason), lit=now)


def proportional(opened: datetime, due: datetime, now: datetime) -> float:
    """Return the per cent of the time from `opened` to `due` that is over (序时进度)."""
    span = (due - opened).total_seconds()
    return 100 * min(1.0, max(0.0, (now - opened).total_seconds() / span)) if span > 0 else 100.0


def _open(ledger: Ledger, event: Event, position: int) -> Task:
    data = event.data
    assert isinstance(data, TaskAssigned)
    due = _first_due(data.deadline, event)
    row = TaskRow(
        task=event.subject,
        title=data.title,
        plan=data.plan,
        row=data.row,
        lead=data.lead,
        lead_inferred=data.lead_inferred,
        units=tuple(UnitRow(unit, role) for unit, role in ledger.obligations(data.units).items()),
        deadline=data.deadline,
        due=due.passes if due is not None else None,
        state="assigned",
        percent=None,
        light="green",
        light_reason="on-track",
        overdue_since=None,
        opened_at=event.time,
        closed_at=None,
        outcome=None,
        extensions=0,
        returns=0,
        last_report_at=None,
        position=position,
    )
    return Task(row, due.reminds if due is not None else None, None, None, event.time)


def _step(ledger: Ledger, task: Task | None, event: Event) -> Task | None:
    if task is None:
        return None
    row, at = task.row, event.time
    match event.data:
        case TaskSigned(unit=unit):
            return replace(task, row=replace(row, units=_at_unit(row, unit, signed_at=at)))
        case ProgressReported(unit=unit, percent=percent):
            return _reported(_known_by(task, unit, event.id), event, unit, percent)
        case ProgressCorrected(unit=unit, percent=percent, report=report):
            ids = task.reports.get(unit, ())
            if report not in ids:  # an older report's: the latest one's percent stands
                return _reported(task, event, unit, None)
            return _reported(_known_by(task, unit, *ids, event.id), event, unit, percent)
        case CompletionSubmitted(unit=unit):
            units = _at_unit(row, unit, state="submitted", last_report_at=at)
            state: State = "submitted" if unit == row.lead else row.state
            submitted = replace(task, row=replace(row, units=units, state=state, last_report_at=at))
            return _lead_reported(submitted, event) if unit == row.lead else submitted
        case CompletionReturned(unit=unit):
            state = "returned" if unit == row.lead else row.state
            units = _at_unit(row, unit, state="returned")
            return replace(task, row=replace(row, units=units, state=state, returns=row.returns + 1))
        case TaskClosed(outcome=outcome):
            closed = replace(row, state="closed", closed_at=at, outcome=outcome)
            return replace(task, row=closed, proposed=None)
        case TaskReopened():
            units = tuple(
                replace(part, state="in-progress") if part.state == "submitted" else part for part in row.units
            )
            return replace(task, row=replace(row, units=units, state="in-progress", closed_at=None, outcome=None))
        case TaskReassigned(lead=lead, units=units):
            kept = {unit.unit: unit for unit in row.units}
            duties = ledger.obligations(units)
            heirs = ledger.heirs(kept, duties, ledger.day(at))
            kept |= {heir: replace(kept[name], unit=heir) for name, heir in heirs.items()}
            reports = task.reports | {heir: task.reports.get(name, ()) for name, heir in heirs.items()}
            parts = tuple(
                replace(kept[name], role=role) if name in kept else UnitRow(name, role) for name, role in duties.items()
            )
            percent = kept[lead].percent if lead in kept else None
            moved = replace(row, lead=lead, lead_inferred=False, units=parts, percent=percent)
            return replace(task, row=moved, reports=reports)
        case TaskUrged() | DeadlineNeared():
            return task
        case ExtensionRequested(proposed_due=proposed):
            return replace(task, proposed=proposed)
        case ExtensionGranted(due=granted):
            granted = granted or task.proposed
            deadline = Fixed(row.deadline.text, granted) if granted is not None else row.deadline
            return _redated(replace(task, row=replace(row, extensions=row.extensions + 1)), deadline, event)
        case ExtensionRefused():
            return replace(task, proposed=None)
        case DeadlineClarified(deadline=deadline):
            return _redated(task, deadline, event)
        case DeadlinePassed(due=due):
            overdue = row.overdue_since or due
            return _settled(replace(task, row=replace(row, overdue_since=overdue)), due)
        case TaskAssigned():
            return task
        case _:
            assert_never(event.data)


def _known_by(task: Task, unit: str, *ids: str) -> Task:
    return replace(task, reports={**task.reports, unit: ids})


def _reported(task: Task, event: Event, unit: str, percent: Percent | None) -> Task:
    """A report makes task and unit in progress, unless a completion is submitted; the lead's percent is the task's."""
    row = task.row
    part = next((part for part in row.units if part.unit == unit), None)
    known = percent if percent is not None else part.percent if part is not None else None
    unit_state: State = "submitted" if part is not None and part.state == "submitted" else "in-progress"
    units = _at_unit(row, unit, percent=known, last_report_at=event.time, state=unit_state)
    state: State = "in-progress" if row.state in {"assigned", "returned"} else row.state
    if unit != row.lead:
        return replace(task, row=replace(row, units=units, state=state, last_report_at=event.time))
    reported = replace(row, units=units, state=state, last_report_at=event.time, percent=known)
    return _lead_reported(replace(task, row=reported), event)


def _lead_reported(task: Task, event: Event) -> Task:
    return _met(replace(task, lead_reported=event.recorded or event.time))


def _met(task: Task) -> Task:
    """A lead's report inside its period meets a recurring occurrence, and ends the lateness of an earlier one."""
    row, reported = task.row, task.lead_reported
    if not isinstance(row.deadline, Recurring) or row.due is None or reported is None:
        return task
    met = next_due(row.deadline, reported)
    if met is None or met.passes < row.due or add_months(met.passes, -MONTHS[row.deadline.every]) > reported:
        return task
    return _settled(replace(task, row=replace(row, overdue_since=None)), met.passes)


def _settled(task: Task, due: datetime) -> Task:
    """Go on to the due instant after `due`; a deadline that has no other keeps its last."""
    following = next_due(task.row.deadline, due) or Due(due, due)
    return replace(task, row=replace(task.row, due=following.passes), reminds=following.reminds, settled=due)


def _redated(task: Task, deadline: Deadline, event: Event) -> Task:
    """Start afresh on a new deadline; lateness ends where its due lies ahead."""
    due = _first_due(deadline, event)
    at = event.recorded or event.time
    late = None if due is None or due.passes > at else task.row.overdue_since
    row = replace(task.row, deadline=deadline, due=due.passes if due is not None else None, overdue_since=late)
    return _met(replace(task, row=row, reminds=due.reminds if due is not None else None, settled=None, proposed=None))


def _first_due(deadline: Deadline, event: Event) -> Due | None:
    """Return when a deadline first falls due; one that recurs owes nothing of the time before it was recorded."""
    return next_due(deadline, (event.recorded or event.time) if isinstance(deadline, Recurring) else None)


def _at_unit(row: TaskRow, unit: str, **changes: object) -> tuple[UnitRow, ...]:
    return tuple(replace(part, **changes) if part.unit == unit else part for part in row.units)


def counts(rows: Mapping[str, TaskRow]) -> dict[str, dict[str, int]]:
    """Return how many tasks have each light and each state; every light and state is there, also with 0."""
    lights: dict[str, int] = {"red": 0, "yellow": 0, "green": 0, "blue": 0}
    states: dict[str, int] = {"assigned": 0, "in-progress": 0, "submitted": 0, "returned": 0, "closed": 0}
    for row in rows.values():
        lights[row.light] += 1
        states[row.state] += 1
    return {"lights": lights, "states": states}
