"""A task as far as decisions need it, and how each event changes it. Pure."""

from datetime import date, datetime
from typing import assert_never

from msgspec import Struct
from msgspec.structs import replace

from events import schema
from events.entries import Recorded
from events.envelope import Event
from events.ledger import Ledger
from events.schema import Unit
from events.term import Term, all_reported

VERSION = "5"
"""Of the rules in `evolve` and the shape of `Task`: another one makes ingest fold the whole log again."""


class Task(Struct, frozen=True, gc=False):
    """What decisions need to know of a task, its units under the directory's names.

    `assigned` is the position of its assignment. `reported` is the instant of the last report of each unit that leads:
    of several, if a group does. `fired` are the ids of the clock's events.
    """

    lead: str
    units: tuple[Unit, ...]
    term: Term
    assigned: int
    closed: bool = False
    submitted: tuple[str, ...] = ()
    reported: dict[str, datetime] = {}
    fired: tuple[str, ...] = ()


def evolve(ledger: Ledger, task: Task | None, entry: Recorded) -> Task | None:
    """Return the task after an event of the log; None as long as none was assigned."""
    return advance(ledger, task, Recorded(entry.position, ledger.own_event(entry.event)))


def advance(ledger: Ledger, task: Task | None, entry: Recorded) -> Task | None:
    """Return the task after an event that has the ledger's own names and zone (`Ledger.own_event`)."""
    event = entry.event
    data, at = event.data, event.at
    if isinstance(data, schema.TaskAssigned):
        return Task(data.lead, data.units, Term(data.deadline, at), entry.position)
    if task is None:
        return None
    match data:
        case schema.ProgressReported(unit=unit) | schema.ProgressCorrected(unit=unit):
            return _reported(ledger, task, unit, at)
        case schema.TaskSigned() | schema.TaskUrged() | schema.AlertAcknowledged() | schema.Operation():
            return task
        case schema.CompletionSubmitted(unit=unit):
            return replace(_reported(ledger, task, unit, at), submitted=_with(task.submitted, unit))
        case schema.CompletionReturned(unit=unit):
            return replace(task, submitted=tuple(name for name in task.submitted if name != unit))
        case schema.TaskClosed():
            return replace(task, closed=True, term=_termed(ledger, task, event))
        case schema.TaskReopened():
            return replace(task, closed=False, submitted=(), term=_termed(ledger, task, event))
        case schema.TaskReassigned():
            return _reassigned(ledger, task, data, ledger.day(event.time))
        case schema.DeadlineNeared():
            return replace(task, fired=_with(task.fired, event.id))
        case schema.DeadlinePassed():
            return replace(task, term=_termed(ledger, task, event), fired=_with(task.fired, event.id))
        case (
            schema.ExtensionRequested()
            | schema.ExtensionGranted()
            | schema.ExtensionRefused()
            | schema.DeadlineClarified()
        ):
            return replace(task, term=_termed(ledger, task, event))
        case _:
            assert_never(data)


def _termed(ledger: Ledger, task: Task, event: Event) -> Term:
    reported = all_reported(ledger.directory.leading(task.lead), task.reported)
    return task.term.evolve(event, reported, ledger.zone)


def _reported(ledger: Ledger, task: Task, unit: str, at: datetime) -> Task:
    """Return the task after a unit's report, which counts for the term if the unit leads."""
    leading = ledger.directory.leading(task.lead)
    if unit not in leading:
        return task
    reported = {**task.reported, unit: at}
    term = task.term.reported(all_reported(leading, reported), ledger.zone)
    return replace(task, reported=reported, term=term)


def _reassigned(ledger: Ledger, task: Task, data: schema.TaskReassigned, day: date) -> Task:
    """Return the task with other units: a unit that stays or succeeds keeps its part; a new lead has submitted none."""
    directory = ledger.directory
    before, after = directory.duties(task.lead, task.units), directory.duties(data.lead, data.units)
    handover = directory.handover(before, after, day)
    kept = handover.kept
    submitted = tuple(kept[name] for name in task.submitted if name in kept and kept[name] not in handover.new_leads)
    reported = {kept[name]: at for name, at in task.reported.items() if kept.get(name) in after.leading}
    return replace(task, lead=data.lead, units=data.units, submitted=submitted, reported=reported)


def _with(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    return names if name in names else (*names, name)
