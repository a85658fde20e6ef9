"""A task as ingest has to know it, and how it stands after each event. Pure."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import assert_never

from msgspec import Struct
from msgspec.structs import replace

from events.deadline import Deadline, Postponed, Recurring, due_at, extended, next_due, period
from events.entries import Recorded
from events.ledger import Ledger
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
    TaskAssigned,
    TaskClosed,
    TaskReassigned,
    TaskReopened,
    TaskSigned,
    TaskUrged,
    Unit,
)

VERSION = "4"
"""Of the rules in `evolve`: a new one makes ingest fold the whole log anew."""


class Request(Struct, frozen=True, gc=False):
    """An extension that was asked for and not yet settled; `due` is what it would put off, None if that is no more."""

    id: str
    proposed: datetime
    due: datetime | None


class Task(Struct, frozen=True, gc=False):
    """What has to be known of a task to decide.

    `since` is when its present deadline was recorded, or the task reopened.
    `assigned` is the position of its assignment, where its words are.
    `reported` is when each unit that leads has last reported: several, if a group does.
    `met` is the latest occurrence of a recurring deadline in whose period they have reported, `postponed` the next one
    if it was extended.
    """

    lead: str
    units: tuple[Unit, ...]
    deadline: Deadline
    since: datetime
    assigned: int
    closed: bool = False
    submitted: tuple[str, ...] = ()
    request: Request | None = None
    passed: datetime | None = None
    reported: dict[str, datetime] = {}
    met: datetime | None = None
    postponed: Postponed | None = None
    fired: tuple[str, ...] = ()


def evolve(ledger: Ledger, task: Task | None, entry: Recorded) -> Task | None:
    """Return the task after an event, its units under the directory's names; None as long as none was assigned."""
    event = entry.event
    at = event.recorded or event.time
    data = ledger.own(event.data)
    if isinstance(data, TaskAssigned):
        return Task(data.lead, data.units, data.deadline, at, entry.position)
    if task is None:
        return None
    match data:
        case ProgressReported(unit=unit) | ProgressCorrected(unit=unit):
            return _reported(ledger, task, unit, at)
        case TaskSigned() | TaskUrged():
            return task
        case CompletionSubmitted(unit=unit):
            return replace(_reported(ledger, task, unit, at), submitted=_with(task.submitted, unit))
        case CompletionReturned(unit=unit):
            return replace(task, submitted=tuple(name for name in task.submitted if name != unit))
        case TaskClosed():
            return replace(task, closed=True, request=None)
        case TaskReopened():
            ahead = task.postponed if task.postponed is not None and task.postponed.due > at else None
            return replace(task, closed=False, submitted=(), since=at, postponed=ahead)
        case TaskReassigned():
            return _reassigned(ledger, task, data, ledger.day(event.time))
        case ExtensionRequested(proposed_due=proposed):
            return replace(task, request=Request(event.id, proposed, due_ahead(ledger, task, at)))
        case ExtensionGranted(due=due):
            return _extended(ledger, task, due, at)
        case ExtensionRefused():
            return replace(task, request=None)
        case DeadlineClarified(deadline=deadline):
            due_now = due_at(deadline, at, ledger.zone)
            asked = due_now.passes if due_now is not None else None
            request = replace(task.request, due=asked) if task.request is not None else None
            met = _met(ledger, deadline, _together(ledger, task.lead, task.reported))
            return replace(task, deadline=deadline, since=at, passed=None, met=met, postponed=None, request=request)
        case DeadlineNeared():
            return replace(task, fired=_with(task.fired, event.id))
        case DeadlinePassed(due=due):
            ahead = task.postponed if task.postponed is not None and task.postponed.due > due else None
            return replace(task, passed=due, postponed=ahead, fired=_with(task.fired, event.id))
        case _:
            assert_never(data)


def due_ahead(ledger: Ledger, task: Task, now: datetime) -> datetime | None:
    """Return the next instant at which an open task will be late, None if there is none."""
    if task.postponed is not None and task.postponed.due > now:
        return task.postponed.due
    due = next_due(task.deadline, now if task.met is None else max(now, task.met), ledger.zone)
    return due.passes if due is not None else None


def _reported(ledger: Ledger, task: Task, unit: str, at: datetime) -> Task:
    """Return the task after a unit's report, which meets an occurrence if all that lead have made theirs."""
    if unit not in ledger.directory.leading(task.lead):
        return task
    reported = {**task.reported, unit: at}
    if not isinstance(task.deadline, Recurring):
        return replace(task, reported=reported)
    together = _together(ledger, task.lead, reported)
    if task.postponed is not None and task.postponed.met_by(together):
        return replace(task, reported=reported, met=task.postponed.due, postponed=None)
    return replace(task, reported=reported, met=_met(ledger, task.deadline, together) or task.met)


def _together(ledger: Ledger, lead: str, reported: Mapping[str, datetime]) -> datetime | None:
    """Return since when all that lead have reported; None as long as one has not."""
    leading = ledger.directory.leading(lead)
    return min(reported[name] for name in leading) if all(name in reported for name in leading) else None


def _met(ledger: Ledger, deadline: Deadline, reported: datetime | None) -> datetime | None:
    """Return the occurrence in whose period a report was made, if the deadline recurs."""
    if not isinstance(deadline, Recurring) or reported is None:
        return None
    due = next_due(deadline, reported, ledger.zone)
    return due.passes if due is not None and period(deadline, due.passes, ledger.zone) <= reported else None


def _reassigned(ledger: Ledger, task: Task, data: TaskReassigned, day: date) -> Task:
    """Return the task with other units: a unit that stays or succeeds keeps its part; a new lead has submitted none."""
    directory = ledger.directory
    before, after = directory.duties(task.lead, task.units), directory.duties(data.lead, data.units)
    handover = directory.handover(before, after, day)
    kept = handover.kept
    submitted = tuple(kept[name] for name in task.submitted if name in kept and kept[name] not in handover.new_leads)
    reported = {kept[name]: at for name, at in task.reported.items() if kept.get(name) in after.leading}
    return replace(task, lead=data.lead, units=data.units, submitted=submitted, reported=reported)


def _extended(ledger: Ledger, task: Task, due: datetime | None, at: datetime) -> Task:
    """Return the task after an extension was granted, to `due` or to what was proposed."""
    if task.request is None:
        asked, to = None, due
    else:
        asked, to = task.request.due, due or task.request.proposed
    if to is None:
        return task
    postponed = None
    if isinstance(task.deadline, Recurring) and asked is not None and to > at:
        starts = task.postponed.starts if task.postponed is not None else period(task.deadline, asked, ledger.zone)
        postponed = Postponed(starts, to)
        settled = task.met is not None and asked <= task.met  # since it was asked for, perhaps by another lead
        if settled or postponed.met_by(_together(ledger, task.lead, task.reported)):
            postponed = None
    deadline = extended(task.deadline, asked, to)
    return replace(task, deadline=deadline, since=at, passed=None, request=None, postponed=postponed)


def _with(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    return names if name in names else (*names, name)
