"""What calendars show of a task, and how each event changes it. Pure."""

from datetime import datetime
from typing import assert_never

from msgspec import Struct
from msgspec.structs import replace

from events import schema
from events.entries import Recorded
from events.envelope import Event
from events.ledger import Ledger
from events.schema import Unit
from events.term import Term, all_reported
from services.notify.calendar.dates import CalendarDate, dates

VERSION = "1"
"""Of the rules in `evolve` and the shape of `CalendarTask`: another one makes notify fold the whole log again."""


class CalendarTask(Struct, frozen=True, gc=False):
    """A task as calendars show it, its units under the directory's names.

    `changed` is the position of the last event that changed what calendars show, `at` its recorded instant. `left` are
    the units that had a duty and have none now, `withdrawn` the dates that no longer stand. `reported` is the instant
    of the last report of each unit that leads.
    """

    title: str
    lead: str
    units: tuple[Unit, ...]
    term: Term
    changed: int
    at: datetime
    closed: bool = False
    left: tuple[str, ...] = ()
    withdrawn: tuple[CalendarDate, ...] = ()
    reported: dict[str, datetime] = {}


def evolve(ledger: Ledger, task: CalendarTask | None, entry: Recorded) -> CalendarTask | None:
    """Return the task after an event; None where it keeps nothing of the event, as before an assignment."""
    event = ledger.own_event(entry.event)
    data, at = event.data, event.at
    if isinstance(data, schema.TaskAssigned):
        return CalendarTask(data.title, data.lead, data.units, Term(data.deadline, at), entry.position, at)
    if task is None:
        return None
    match data:
        case (
            schema.ProgressReported(unit=unit)
            | schema.ProgressCorrected(unit=unit)
            | schema.CompletionSubmitted(unit=unit)
        ):
            return _reported(ledger, task, unit, entry.position, at)
        case schema.TaskClosed():
            return _revised(ledger, replace(task, closed=True), event, entry.position)
        case schema.TaskReopened():
            return _revised(ledger, replace(task, closed=False), event, entry.position)
        case schema.TaskReassigned():
            return _reassigned(ledger, task, data, entry.position, event)
        case schema.ExtensionGranted() | schema.DeadlineClarified() | schema.DeadlinePassed():
            return _revised(ledger, task, event, entry.position)
        case schema.ExtensionRequested() | schema.ExtensionRefused():
            return replace(task, term=_term(ledger, task, event))
        case (
            schema.TaskSigned()
            | schema.TaskUrged()
            | schema.CompletionReturned()
            | schema.DeadlineNeared()
            | schema.AlertAcknowledged()
            | schema.Operation()
        ):
            return None
        case _:
            assert_never(data)


def _term(ledger: Ledger, task: CalendarTask, event: Event) -> Term:
    return task.term.evolve(event, all_reported(ledger.directory.leading(task.lead), task.reported), ledger.zone)


def _revised(ledger: Ledger, task: CalendarTask, event: Event, position: int) -> CalendarTask:
    """Return the task with its term after an event; dates that it no longer has are withdrawn."""
    at, term = event.at, _term(ledger, task, event)
    after = {date.key for date in dates(term, at, ledger.zone)}
    gone = {date.key: date for date in (*task.withdrawn, *_standing(ledger, task, event, at))}
    withdrawn = tuple(date for key, date in gone.items() if key not in after)
    return replace(task, term=term, changed=position, at=at, withdrawn=withdrawn)


def _standing(ledger: Ledger, task: CalendarTask, event: Event, at: datetime) -> tuple[CalendarDate, ...]:
    """Return the dates before an event that sets the deadline; other events withdraw none."""
    sets = isinstance(event.data, schema.DeadlineClarified | schema.ExtensionGranted)
    return tuple(dates(task.term, at, ledger.zone)) if sets else ()


def _reported(ledger: Ledger, task: CalendarTask, unit: str, position: int, at: datetime) -> CalendarTask | None:
    """Return the task after a report of a unit that leads; a calendar shows it where an occurrence is met by it."""
    leading = ledger.directory.leading(task.lead)
    if unit not in leading:
        return None
    reported = {**task.reported, unit: at}
    term = task.term.reported(all_reported(leading, reported), ledger.zone)
    task = replace(task, reported=reported)
    return task if term is task.term else replace(task, term=term, changed=position, at=at)


def _reassigned(
    ledger: Ledger, task: CalendarTask, data: schema.TaskReassigned, position: int, event: Event
) -> CalendarTask:
    """Return the task with other units; those that have no duty any more have left it."""
    directory = ledger.directory
    before, after = directory.duties(task.lead, task.units), directory.duties(data.lead, data.units)
    kept = directory.handover(before, after, ledger.day(event.time)).kept
    reported = {kept[name]: at for name, at in task.reported.items() if kept.get(name) in after.leading}
    left = tuple(name for name in dict.fromkeys((*task.left, *before.roles)) if name not in after.roles)
    at = event.at
    return replace(task, lead=data.lead, units=data.units, reported=reported, left=left, changed=position, at=at)
