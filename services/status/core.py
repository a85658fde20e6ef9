"""The row that a task's events fold into, and the light that time gives it. Pure."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import assert_never

from msgspec.structs import replace

from events.deadline import (
    Deadline,
    Due,
    Ongoing,
    Percent,
    Postponed,
    Recurring,
    due_at,
    extended,
    fixed_offset,
    next_due,
    period,
)
from events.directory import Duties
from events.entries import Recorded
from events.envelope import Event
from events.ledger import Ledger, LightRules
from events.schema import (
    CompletionReturned,
    CompletionSubmitted,
    DeadlineClarified,
    DeadlineNeared,
    DeadlinePassed,
    ExtensionGranted,
    ExtensionRefused,
    ExtensionRequested,
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
from services.status.row import Asked, Light, Reason, Report, State, Task, TaskRow, UnitRow

VERSION = "4"
"""Of the rules in `evolve` and `light`; with the ledger's own rules it names what folded a row."""

ROUNDING = 1e-9
"""Per cent: 0.7 * 90 is 62.99… in binary. What is expected counts in whole per cent, so no task is behind at once."""


def evolve(ledger: Ledger, task: Task | None, entry: Recorded) -> Task | None:
    """Return the task after an event, lit as at the event's recorded instant; None as long as none was assigned."""
    event = entry.event
    data, time = ledger.own(event.data), event.time.astimezone(ledger.zone)
    if data is not event.data or time.utcoffset() != event.time.utcoffset():
        event = replace(event, data=data, time=fixed_offset(time))
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
    due = due_at(data.deadline, event.recorded or event.time, ledger.zone)
    row = TaskRow(
        task=event.subject,
        title=data.title,
        plan=data.plan,
        row=data.row,
        lead=data.lead,
        lead_inferred=data.lead_inferred,
        units=tuple(UnitRow(unit, role) for unit, role in ledger.directory.obligations(data.units).items()),
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
    return Task(row, due.reminds if due is not None else None, None, event.time)


def _step(ledger: Ledger, task: Task | None, event: Event) -> Task | None:
    if task is None:
        return None
    row, at, now = task.row, event.time, event.recorded or event.time
    match event.data:
        case TaskSigned(unit=unit):
            units = tuple(
                replace(part, signed_at=part.signed_at or at) if part.unit == unit else part for part in row.units
            )
            return replace(task, row=replace(row, units=units))
        case ProgressReported(unit=unit, percent=percent):
            before = _percent(row.units, (unit,))
            if _outdated(row, unit, at):
                return _reported(ledger, task, event, unit, before)
            report = Report(((event.source, event.id),), before)
            known = percent if percent is not None else before
            return _reported(ledger, _latest(task, unit, report), event, unit, known)
        case ProgressCorrected(unit=unit, percent=percent, report=id):
            report = task.reports.get(unit, Report((), None))
            if (event.source, id) not in report.ids:  # an older one's: what the latest said stands
                return _reported(ledger, task, event, unit, _percent(row.units, (unit,)))
            known = percent if percent is not None else report.before
            report = replace(report, ids=(*report.ids, (event.source, event.id)))
            return _reported(ledger, _latest(task, unit, report), event, unit, known)
        case CompletionSubmitted(unit=unit):
            units = tuple(
                replace(part, state="submitted", last_report_at=_later(part.last_report_at, at))
                if part.unit == unit
                else part
                for part in row.units
            )
            leading = ledger.directory.leading(row.lead)
            state = _standing(leading, units, row.state) if unit in leading else row.state
            submitted = replace(
                task, row=replace(row, units=units, state=state, last_report_at=_later(row.last_report_at, at))
            )
            return _lead_reported(ledger, submitted, unit, now) if unit in leading else submitted
        case CompletionReturned(unit=unit):
            units = _at_unit(row, unit, state="returned")
            leading = ledger.directory.leading(row.lead)
            state = _standing(leading, units, row.state) if unit in leading else row.state
            return replace(task, row=replace(row, units=units, state=state, returns=row.returns + 1))
        case TaskClosed(outcome=outcome):
            closed = replace(row, state="closed", closed_at=at, outcome=outcome)
            return replace(task, row=closed, asked=None)
        case TaskReopened():
            return _reopened(ledger, task, now)
        case TaskReassigned():
            return _reassigned(ledger, task, event.data, ledger.day(at))
        case TaskUrged() | DeadlineNeared():
            return task
        case ExtensionRequested(proposed_due=proposed):
            return replace(task, asked=Asked(row.due, proposed))
        case ExtensionGranted(due=granted):
            return _extended(ledger, replace(task, row=replace(row, extensions=row.extensions + 1)), granted, now)
        case ExtensionRefused():
            return replace(task, asked=None)
        case DeadlineClarified(deadline=deadline):
            redated = _redated(replace(task, postponed=None), deadline, due_at(deadline, now, ledger.zone), now)
            if task.asked is not None:
                redated = replace(redated, asked=replace(task.asked, due=redated.row.due))
            return _met(ledger, redated)
        case DeadlinePassed(due=due):
            overdue = row.overdue_since or due
            return _settled(ledger, replace(task, row=replace(row, overdue_since=overdue)), due, now)
        case TaskAssigned():
            return task
        case _:
            assert_never(event.data)


def _later(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other)


def _outdated(row: TaskRow, unit: str, at: datetime) -> bool:
    """Tell whether a unit has reported something later than `at`."""
    return any(part.last_report_at is not None and part.last_report_at > at for part in row.units if part.unit == unit)


def _latest(task: Task, unit: str, report: Report) -> Task:
    return replace(task, reports={**task.reports, unit: report})


def _reported(ledger: Ledger, task: Task, event: Event, unit: str, percent: Percent | None) -> Task:
    """The first report makes task and unit in progress; a submission stands until it is returned."""
    row, leading = task.row, ledger.directory.leading(task.row.lead)
    last = _later(row.last_report_at, event.time)
    units = tuple(
        replace(
            part,
            percent=percent,
            last_report_at=_later(part.last_report_at, event.time),
            state="submitted" if part.state == "submitted" else "in-progress",
        )
        if part.unit == unit
        else part
        for part in row.units
    )
    if unit not in leading:
        state: State = "in-progress" if row.state == "assigned" else row.state
        return replace(task, row=replace(row, units=units, state=state, last_report_at=last))
    reported = replace(
        row,
        units=units,
        state=_standing(leading, units, "in-progress"),
        percent=percent if len(leading) == 1 else _percent(units, leading),
        last_report_at=last,
    )
    return _lead_reported(ledger, replace(task, row=reported), unit, event.recorded or event.time)


def _standing(leading: tuple[str, ...], units: tuple[UnitRow, ...], state: State) -> State:
    """Return an open task's state: submitted when all that lead have submitted, returned while one of them is."""
    states = {part.state for part in units if part.unit in leading}
    if "returned" in states:
        return "returned"
    if states == {"submitted"}:
        return "submitted"
    return "assigned" if state == "assigned" else "in-progress"


def _percent(units: tuple[UnitRow, ...], names: tuple[str, ...]) -> Percent | None:
    """Return the per cent of units together: the lowest, unknown as long as one is."""
    known = [part.percent for part in units if part.unit in names and part.percent is not None]
    return min(known) if known and len(known) == len(names) else None


def _reopened(ledger: Ledger, task: Task, now: datetime) -> Task:
    """Nothing is submitted or returned any more; what recurs owes no occurrence of the time when it was closed."""
    row = task.row
    units = tuple(replace(part, state=_afresh(part.state)) for part in row.units)
    row = replace(row, units=units, state="in-progress", closed_at=None, outcome=None)
    if task.postponed is not None and task.postponed.due > now:
        return replace(task, row=row)
    due = due_at(row.deadline, now if task.settled is None else max(now, task.settled), ledger.zone)
    return _due(replace(task, row=row, postponed=None), due)


def _reassigned(ledger: Ledger, task: Task, data: TaskReassigned, day: date) -> Task:
    """Return the task with other units: a unit that stays or succeeds keeps its part; a new lead has submitted none."""
    row, directory = task.row, ledger.directory
    before = Duties(directory.leading(row.lead), {part.unit: part.role for part in row.units})
    after = directory.duties(data.lead, data.units)
    handover = directory.handover(before, after, day)
    kept = handover.kept
    parts = {kept[part.unit]: part for part in row.units if part.unit in kept}
    units = tuple(
        _handed_over(parts.get(name), name, role, leads_newly=name in handover.new_leads)
        for name, role in after.roles.items()
    )
    state = row.state if row.state == "closed" else _standing(after.leading, units, row.state)
    moved = replace(row, lead=data.lead, lead_inferred=False, units=units, state=state)
    return replace(
        task,
        row=replace(moved, percent=_percent(units, after.leading)),
        reported={kept[name]: at for name, at in task.reported.items() if kept.get(name) in after.leading},
        reports={kept[name]: report for name, report in task.reports.items() if name in kept},
    )


def _handed_over(part: UnitRow | None, unit: str, role: Role, *, leads_newly: bool) -> UnitRow:
    """Return a unit's part after a reassignment, continuing another one if there is one."""
    if part is None:
        return UnitRow(unit, role)
    return replace(part, unit=unit, role=role, state=_afresh(part.state) if leads_newly else part.state)


def _afresh(state: State) -> State:
    return "in-progress" if state in {"submitted", "returned"} else state


def _lead_reported(ledger: Ledger, task: Task, unit: str, now: datetime) -> Task:
    return _met(ledger, replace(task, reported={**task.reported, unit: now}))


def _met(ledger: Ledger, task: Task) -> Task:
    """Reports of all that lead inside its period meet an occurrence, and end the lateness of an earlier one."""
    row = task.row
    if not isinstance(row.deadline, Recurring) or row.due is None or (together := _together(ledger, task)) is None:
        return task
    if task.postponed is not None:
        if not task.postponed.met_by(together):
            return task
        met = Due(task.postponed.due, task.postponed.due)
    else:
        due = next_due(row.deadline, together, ledger.zone)
        if due is None or due.passes < row.due or period(row.deadline, due.passes, ledger.zone) > together:
            return task
        met = due
    return _settled(ledger, replace(task, row=replace(row, overdue_since=None)), met.passes, together)


def _together(ledger: Ledger, task: Task) -> datetime | None:
    """Return since when all that lead have reported; None as long as one has not."""
    leading = ledger.directory.leading(task.row.lead)
    return min(task.reported[name] for name in leading) if all(name in task.reported for name in leading) else None


def _settled(ledger: Ledger, task: Task, due: datetime, now: datetime) -> Task:
    """Go on to the next due instant after one that passed or was met; a deadline that has no other keeps its last."""
    ahead = task.postponed if task.postponed is not None and task.postponed.due > due else None
    if ahead is not None:
        return replace(task, settled=due)
    following = due_at(task.row.deadline, max(due, now), ledger.zone) or Due(due, due)
    return _due(replace(task, settled=due, postponed=None), following)


def _extended(ledger: Ledger, task: Task, granted: datetime | None, now: datetime) -> Task:
    """Put off what was asked about, to `granted` or to what was proposed; an occurrence met meanwhile stays met."""
    row, asked = task.row, task.asked
    due, to = (asked.due, granted or asked.proposed) if asked is not None else (None, granted)
    task = replace(task, asked=None)
    if to is None:
        return task
    if not isinstance(row.deadline, Recurring):
        deadline = extended(row.deadline, due, to)
        return _redated(task, deadline, due_at(deadline, now, ledger.zone), now)
    if due is None or to <= now:
        return task
    if row.due is not None and row.due > due and row.overdue_since is None:  # met, perhaps by another lead
        return task
    starts = task.postponed.starts if task.postponed is not None else period(row.deadline, due, ledger.zone)
    postponed = Postponed(starts, to)
    if postponed.met_by(_together(ledger, task)):
        return task
    return _redated(replace(task, postponed=postponed), row.deadline, Due(to, to), now)


def _redated(task: Task, deadline: Deadline, due: Due | None, now: datetime) -> Task:
    """Start afresh on a new deadline; lateness ends where its due lies ahead, or where it has none."""
    late = None if due is None or due.passes > now else task.row.overdue_since or due.passes
    return _due(replace(task, row=replace(task.row, deadline=deadline, overdue_since=late), settled=None), due)


def _due(task: Task, due: Due | None) -> Task:
    passes, reminds = (due.passes, due.reminds) if due is not None else (None, None)
    return replace(task, row=replace(task.row, due=passes), reminds=reminds)


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
