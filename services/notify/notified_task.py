"""A task as far as alerts need it, and how each event changes it. Pure."""

from datetime import datetime
from typing import assert_never

from msgspec import Struct
from msgspec.structs import replace

from events import schema
from events.directory import Directory
from events.entries import Recorded
from events.envelope import Event
from events.ledger import Ledger
from events.schema import EventData, Unit
from events.term import Term, all_reported
from services.notify.acks import Ack, ack_of

VERSION = "6"
"""Of the rules in `evolve` and the shape of `NotifiedTask`: another one makes notify fold the whole log again."""


class Pause(Struct, frozen=True, gc=False):
    """A time in which a task does not escalate; without end while it is closed or submitted.

    An acknowledgement, at position `cause`, has an end from the beginning; it is `answered` if a unit reported by then.
    """

    since: datetime
    until: datetime | None = None
    answered: bool = False
    cause: int = 0

    def has(self, instant: datetime) -> bool:
        return self.since <= instant and (self.until is None or instant < self.until)


class NotifiedTask(Struct, frozen=True, gc=False):
    """What alerts need to know of a task, its units under the directory's names; all instants are recorded ones.

    `seen` is that of its last event. `leader` is the leading official by the table. `reported` is the last report of
    each unit that leads, `last_report` that of any unit. `late` is the last due that passed, while it counts, and
    `late_since` when that was recorded. `asked_by` is the unit of the last extension request.
    `acks` are the acknowledgements of its alerts, the latest last.
    `late_cause` and `report_cause` are the positions of that passing, and of the last report or else the assignment.
    """

    title: str
    lead: str
    units: tuple[Unit, ...]
    term: Term
    opened: datetime
    seen: datetime
    leader: str | None = None
    closed: datetime | None = None
    submitted: tuple[str, ...] = ()
    reported: dict[str, datetime] = {}
    last_report: datetime | None = None
    late: datetime | None = None
    late_since: datetime | None = None
    asked_by: str = ""
    pauses: tuple[Pause, ...] = ()
    acks: tuple[Ack, ...] = ()
    late_cause: int = 0
    report_cause: int = 0

    def is_submitted(self, directory: Directory) -> bool:
        """Return whether all units that lead have submitted the task as done."""
        return all(unit in self.submitted for unit in directory.leading(self.lead))


def evolve(ledger: Ledger, task: NotifiedTask | None, entry: Recorded) -> NotifiedTask | None:
    """Return the task after an event; None as long as none was assigned."""
    event = ledger.own_event(entry.event)
    now = event.at.astimezone(ledger.zone)
    data = event.data
    if isinstance(data, schema.TaskAssigned):
        term = Term(data.deadline, now)
        return NotifiedTask(
            data.title, data.lead, data.units, term, now, now, event.leader, report_cause=entry.position
        )
    if task is None:
        return None
    after = _advanced(ledger, task, Recorded(entry.position, event), data, now)
    return replace(after, seen=now, pauses=_pauses(ledger, task, after, now))


def _advanced(ledger: Ledger, task: NotifiedTask, entry: Recorded, data: EventData, now: datetime) -> NotifiedTask:
    """Return the task after an event other than its assignment, its pauses as yet unchanged."""
    event = entry.event
    match data:
        case schema.ProgressReported(unit=unit) | schema.ProgressCorrected(unit=unit):
            return _reported(ledger, task, unit, entry.position, now)
        case schema.CompletionSubmitted(unit=unit):
            submitted = (*(name for name in task.submitted if name != unit), unit)
            return replace(_reported(ledger, task, unit, entry.position, now), submitted=submitted)
        case schema.CompletionReturned(unit=unit):
            return replace(task, submitted=tuple(name for name in task.submitted if name != unit))
        case schema.TaskClosed():
            return replace(task, closed=now, term=_termed(ledger, task, event))
        case schema.TaskReopened():
            return replace(task, closed=None, submitted=(), term=_termed(ledger, task, event))
        case schema.TaskReassigned():
            return _reassigned(ledger, task, event, data)
        case schema.ExtensionRequested(unit=unit):
            return replace(task, term=_termed(ledger, task, event), asked_by=unit)
        case schema.ExtensionGranted() | schema.DeadlineClarified():
            return _redated(ledger, task, _termed(ledger, task, event), now)
        case schema.ExtensionRefused():
            return replace(task, term=_termed(ledger, task, event))
        case schema.DeadlinePassed(due=due):
            return replace(task, term=_termed(ledger, task, event), late=due, late_since=now, late_cause=entry.position)
        case schema.AlertAcknowledged(until=until):
            pause = Pause(now, max(until, now), cause=entry.position)
            return replace(task, pauses=(*task.pauses, pause), acks=(*task.acks, ack_of(entry, data)))
        case schema.TaskAssigned() | schema.TaskSigned() | schema.TaskUrged() | schema.DeadlineNeared():
            return task
        case schema.Operation():
            return task
        case _:
            assert_never(data)


def _termed(ledger: Ledger, task: NotifiedTask, event: Event) -> Term:
    reported = all_reported(ledger.directory.leading(task.lead), task.reported)
    return task.term.evolve(event, reported, ledger.zone)


def _reported(ledger: Ledger, task: NotifiedTask, unit: str, position: int, now: datetime) -> NotifiedTask:
    """Return the task after a report, which answers an acknowledgement; an occurrence that it meets is not late."""
    pauses = tuple(
        replace(one, answered=True) if one.until is not None and one.has(now) else one for one in task.pauses
    )
    task = replace(task, last_report=now, report_cause=position, pauses=pauses)
    leading = ledger.directory.leading(task.lead)
    if unit not in leading:
        return task
    reported = {**task.reported, unit: now}
    term = task.term.reported(all_reported(leading, reported), ledger.zone)
    task = replace(task, reported=reported, term=term)
    if task.late is not None and term.met is not None and term.met > task.late:
        return replace(task, late=None, late_since=None)
    return task


def _redated(ledger: Ledger, task: NotifiedTask, term: Term, now: datetime) -> NotifiedTask:
    """Return the task with another deadline; it is no longer late if a due instant lies ahead, or if there is none."""
    due = term.due(now, ledger.zone)
    if due is None or due.passes > now:
        return replace(task, term=term, late=None, late_since=None)
    return replace(task, term=term)


def _reassigned(ledger: Ledger, task: NotifiedTask, event: Event, data: schema.TaskReassigned) -> NotifiedTask:
    directory = ledger.directory
    before, after = directory.duties(task.lead, task.units), directory.duties(data.lead, data.units)
    handover = directory.handover(before, after, ledger.day(event.time))
    kept = handover.kept
    submitted = tuple(kept[name] for name in task.submitted if name in kept and kept[name] not in handover.new_leads)
    reported = {kept[name]: at for name, at in task.reported.items() if kept.get(name) in after.leading}
    return replace(task, lead=data.lead, units=data.units, submitted=submitted, reported=reported)


def _pauses(ledger: Ledger, before: NotifiedTask, after: NotifiedTask, now: datetime) -> tuple[Pause, ...]:
    """Return the pauses after an event: one begins when the task is closed or submitted, and ends when it is no more.

    Those that have ended before the task was late are forgotten, as nothing counts from there.
    """
    rested, rests = (task.closed is not None or task.is_submitted(ledger.directory) for task in (before, after))
    pauses = after.pauses
    if rested and not rests:
        pauses = tuple(replace(one, until=now) if one.until is None else one for one in pauses)
    elif rests and not rested:
        pauses = (*pauses, Pause(now))
    since = after.late_since or after.last_report or after.opened
    return tuple(one for one in pauses if one.until is None or one.until >= since)
