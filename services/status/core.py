"""The fold of a task's events into its row. Pure."""

from datetime import datetime
from sys import intern
from typing import assert_never

from msgspec.structs import replace

from events import schema
from events.deadline import Due, Percent, Recurring, last_day
from events.directory import Duties
from events.entries import Recorded
from events.envelope import Event
from events.ledger import Ledger
from events.local import local
from events.term import Term, all_reported
from services.status.lights import light_at, same_turns, turns
from services.status.parts import afresh, handed_over, later, percent_of, standing, standing_of, with_part
from services.status.punctuality import remember
from services.status.row import Report, State, TaskRow, TrackedTask, UnitRow
from services.status.turns import micros

VERSION = "8"
"""Of the rules in `evolve` and `light`, and of the shape of `TrackedTask`; part of a fold's version."""

NO_PART = UnitRow("", "cooperating")
"""The part of a unit that has none in the task: it has reported nothing."""


def evolve(ledger: Ledger, task: TrackedTask | None, entry: Recorded) -> TrackedTask | None:
    """Return the task after an event, lit as at the event's recorded instant; None as long as none was assigned."""
    event = ledger.own_event(entry.event)
    if not ledger.has_offset(event.time):
        event = replace(event, time=local(event.time, ledger.zone))
    if isinstance(event.data, schema.TaskAssigned):
        changed = _assigned(ledger, event, event.data, entry.position)
    elif task is None:
        return None
    else:
        changed = _advanced(ledger, task, event)
    now, row, known = event.at, changed.row, changed.turns
    if task is not None and not same_turns(task.row, row):
        known = turns(row, ledger.lights)
    lamp, reason = light_at(row, known, micros(now))
    row = replace(row, position=entry.position, light=lamp, light_reason=reason)
    return replace(changed, row=row, turns=known, lit=now, moments=remember(ledger, task, event, row))


def _assigned(ledger: Ledger, event: Event, data: schema.TaskAssigned, position: int) -> TrackedTask:
    now = event.at
    term = Term(data.deadline, now)
    due = term.due(now, ledger.zone)
    row = TaskRow(
        task=event.subject,
        title=data.title,
        plan=intern(data.plan),
        section=intern(event.section) if event.section is not None else None,
        row=data.row,
        lead=intern(data.lead),
        lead_inferred=data.lead_inferred,
        units=tuple(UnitRow(intern(unit), role) for unit, role in ledger.directory.obligations(data.units).items()),
        deadline=data.deadline,
        due=due.passes if due is not None else None,
        due_day=last_day(due.passes, ledger.zone) if due is not None else None,
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
    return TrackedTask(row, term, turns(row, ledger.lights), now)


def _advanced(ledger: Ledger, task: TrackedTask, event: Event) -> TrackedTask:
    """Return the task after an event other than its assignment, still with the light it had."""
    match event.data:
        case schema.ProgressReported(unit=unit):  # the most frequent first
            return _lead_reported(ledger, _progressed(ledger, task, event, event.data), unit, event)
        case schema.TaskUrged() | schema.AlertAcknowledged() | schema.DeadlineNeared() | schema.TaskAssigned():
            return task
        case schema.Operation():
            return task
        case schema.TaskSigned(unit=unit):
            return _signed(task, unit, event.time)
        case schema.ProgressCorrected(unit=unit):
            return _lead_reported(ledger, _corrected(ledger, task, event, event.data), unit, event)
        case schema.CompletionSubmitted(unit=unit):
            return _lead_reported(ledger, _submitted(ledger, task, unit, event.time), unit, event)
        case schema.CompletionReturned(unit=unit):
            return _returned(ledger, task, unit)
        case schema.TaskClosed(outcome=outcome):
            closed = replace(task.row, state="closed", closed_at=event.time, outcome=outcome)
            return replace(task, row=closed, term=_term(ledger, task, event))
        case schema.TaskReopened():
            return _reopened(ledger, task, event)
        case schema.TaskReassigned():
            return _reassigned(ledger, task, event.data, event.time)
        case schema.ExtensionRequested() | schema.ExtensionRefused():
            return replace(task, term=_term(ledger, task, event))
        case schema.ExtensionGranted():
            return _granted(ledger, task, event)
        case schema.DeadlineClarified():
            return _redated(ledger, replace(task, term=_term(ledger, task, event)), event)
        case schema.DeadlinePassed(due=due):
            return _passed(ledger, task, event, due)
        case _:
            assert_never(event.data)


def _term(ledger: Ledger, task: TrackedTask, event: Event) -> Term:
    reported = all_reported(ledger.directory.leading(task.row.lead), task.reported)
    return task.term.evolve(event, reported, ledger.zone)


def _signed(task: TrackedTask, unit: str, at: datetime) -> TrackedTask:
    place = task.place(unit)
    if place is None or task.row.units[place].signed_at is not None:
        return task
    return replace(task, row=_with(task.row, place, replace(task.row.units[place], signed_at=at)))


def _progressed(ledger: Ledger, task: TrackedTask, event: Event, data: schema.ProgressReported) -> TrackedTask:
    """Return the task after a report; one of an earlier time than the unit's latest changes no per cent."""
    place = task.place(data.unit)
    part = task.row.units[place] if place is not None else NO_PART
    if part.last_report_at is not None and part.last_report_at > event.time:
        return _in_progress(ledger, task, data.unit, place, part.percent, event.time)
    known = data.percent if data.percent is not None else part.percent
    report = Report(intern(event.source), event.id, (), part.percent, place)
    return _in_progress(ledger, task, data.unit, place, known, event.time, report)


def _corrected(ledger: Ledger, task: TrackedTask, event: Event, data: schema.ProgressCorrected) -> TrackedTask:
    """Return the task after a correction; the correction of an older report than the latest changes no per cent."""
    place, report = task.place(data.unit), task.reports.get(data.unit)
    if report is None or not report.is_cited(event.source, data.report):
        part = task.row.units[place] if place is not None else NO_PART
        return _in_progress(ledger, task, data.unit, place, part.percent, event.time)
    known = data.percent if data.percent is not None else report.before
    report = replace(report, corrections=(*report.corrections, event.id))
    return _in_progress(ledger, task, data.unit, place, known, event.time, report)


def _in_progress(
    ledger: Ledger,
    task: TrackedTask,
    unit: str,
    place: int | None,
    percent: Percent | None,
    at: datetime,
    report: Report | None = None,
) -> TrackedTask:
    """Return the task with a unit's report: the first one makes both in progress; a submission stays until returned.

    `report` becomes the unit's latest.
    """
    row, leading = task.row, ledger.directory.leading(task.row.lead)
    units, part = row.units, NO_PART
    if place is not None:
        before = units[place]
        last = at if before.last_report_at is None else max(before.last_report_at, at)
        state: State = "submitted" if before.state == "submitted" else "in-progress"
        part = replace(before, percent=percent, last_report_at=last, state=state)
        units = with_part(units, place, part)
    last = at if row.last_report_at is None else max(row.last_report_at, at)
    if unit not in leading:
        state = "in-progress" if row.state == "assigned" else row.state
        row = replace(row, units=units, state=state, last_report_at=last)
    elif len(leading) == 1 and place is not None:
        state = standing_of(part, "in-progress")
        row = replace(row, units=units, state=state, percent=percent, last_report_at=last)
    else:
        state = standing(leading, units, "in-progress")
        together = percent if len(leading) == 1 else percent_of(units, leading)
        row = replace(row, units=units, state=state, percent=together, last_report_at=last)
    if report is None:
        return replace(task, row=row)
    reports = task.reports.copy()
    reports[part.unit or unit] = report  # the row's own object
    return replace(task, row=row, reports=reports)


def _submitted(ledger: Ledger, task: TrackedTask, unit: str, at: datetime) -> TrackedTask:
    row, place = task.row, task.place(unit)
    if place is not None:
        part = row.units[place]
        row = _with(row, place, replace(part, state="submitted", last_report_at=later(part.last_report_at, at)))
    return replace(task, row=_restated(ledger, replace(row, last_report_at=later(row.last_report_at, at)), unit))


def _returned(ledger: Ledger, task: TrackedTask, unit: str) -> TrackedTask:
    row, place = replace(task.row, returns=task.row.returns + 1), task.place(unit)
    if place is not None:
        row = _with(row, place, replace(row.units[place], state="returned"))
    return replace(task, row=_restated(ledger, row, unit))


def _with(row: TaskRow, place: int, part: UnitRow) -> TaskRow:
    return replace(row, units=with_part(row.units, place, part))


def _restated(ledger: Ledger, row: TaskRow, unit: str) -> TaskRow:
    """Return the row with the state that follows from a unit's, if the unit leads."""
    leading = ledger.directory.leading(row.lead)
    return replace(row, state=standing(leading, row.units, row.state)) if unit in leading else row


def _lead_reported(ledger: Ledger, task: TrackedTask, unit: str, event: Event) -> TrackedTask:
    """Return the task after a unit's report, which may meet an occurrence and end the lateness of an earlier one."""
    leading = ledger.directory.leading(task.row.lead)
    if unit not in leading:
        return task
    now = event.at
    reported = {**task.reported, unit: now}
    term = task.term.reported(all_reported(leading, reported), ledger.zone)
    after = replace(task, term=term, reported=reported)
    if term.met == task.term.met or term.met is None or (task.row.due is not None and term.met < task.row.due):
        return after
    return _due(ledger, replace(after, row=replace(task.row, overdue_since=None)), term.due(now, ledger.zone))


def _reopened(ledger: Ledger, task: TrackedTask, event: Event) -> TrackedTask:
    """Return the task in progress: no part is submitted or returned, and no occurrence is owed for the time closed."""
    units = tuple(replace(part, state=afresh(part.state)) for part in task.row.units)
    row = replace(task.row, units=units, state="in-progress", closed_at=None, outcome=None)
    term = _term(ledger, task, event)
    return _due(ledger, replace(task, row=row, term=term), term.due(event.at, ledger.zone))


def _reassigned(ledger: Ledger, task: TrackedTask, data: schema.TaskReassigned, at: datetime) -> TrackedTask:
    """Return the task with other units: a unit that stays or succeeds keeps its part; a new lead has submitted none."""
    row, directory = task.row, ledger.directory
    before = Duties(directory.leading(row.lead), {part.unit: part.role for part in row.units})
    after = directory.duties(data.lead, data.units)
    handover = directory.handover(before, after, ledger.day(at))
    kept = handover.kept
    parts = {kept[part.unit]: part for part in row.units if part.unit in kept}
    units = tuple(
        handed_over(parts.get(name), name, role, leads_newly=name in handover.new_leads)
        for name, role in after.roles.items()
    )
    places = {part.unit: place for place, part in enumerate(units)}
    state = row.state if row.state == "closed" else standing(after.leading, units, row.state)
    moved = replace(row, lead=data.lead, lead_inferred=False, units=units, state=state)
    return replace(
        task,
        row=replace(moved, percent=percent_of(units, after.leading)),
        reported={kept[name]: at for name, at in task.reported.items() if kept.get(name) in after.leading},
        reports={
            kept[name]: replace(report, place=places.get(kept[name]))
            for name, report in task.reports.items()
            if name in kept
        },
    )


def _granted(ledger: Ledger, task: TrackedTask, event: Event) -> TrackedTask:
    """Return the task with its due instant put off; an occurrence that was met stays met, and its row unchanged."""
    row, term = replace(task.row, extensions=task.row.extensions + 1), _term(ledger, task, event)
    after = replace(task, row=row, term=term)
    unmoved = term is task.term or (isinstance(term.deadline, Recurring) and term.postponed is None)
    return after if unmoved else _redated(ledger, after, event)


def _redated(ledger: Ledger, task: TrackedTask, event: Event) -> TrackedTask:
    """Return the task on a new deadline; lateness ends if a due instant lies ahead, or if there is none."""
    now = event.at
    due = task.term.due(now, ledger.zone)
    late = None if due is None or due.passes > now else task.row.overdue_since or due.passes
    return _due(ledger, replace(task, row=replace(task.row, deadline=task.term.deadline, overdue_since=late)), due)


def _passed(ledger: Ledger, task: TrackedTask, event: Event, due: datetime) -> TrackedTask:
    """Return the task late, on its next due instant; a deadline that has no other keeps its last."""
    late = replace(task.row, overdue_since=task.row.overdue_since or due)
    after = replace(task, row=late, term=_term(ledger, task, event))
    if after.term.postponed is not None:
        return after
    now = max(due, event.at)
    return _due(ledger, after, after.term.due(now, ledger.zone) or Due(due, due))


def _due(ledger: Ledger, task: TrackedTask, due: Due | None) -> TrackedTask:
    if due is None:
        return replace(task, row=replace(task.row, due=None, due_day=None))
    return replace(task, row=replace(task.row, due=due.passes, due_day=last_day(due.passes, ledger.zone)))
