"""What ingest decides: which submissions become events, and which events the ledger's clock adds. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal, assert_never

import msgspec
from msgspec import Struct

from events.deadline import MONTHS, Deadline, Fixed, Recurring, add_months, next_due
from events.envelope import CODES, Event
from events.ledger import CLOCK, Ledger, Source, SourceRole
from events.log import Recorded
from events.schema import (
    CompletionReturned,
    CompletionSubmitted,
    DeadlineClarified,
    DeadlineNeared,
    DeadlinePassed,
    EventData,
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

VERSION = "2"
"""Of the rules in `evolve`: a new one makes ingest fold the whole log anew."""

AHEAD = timedelta(minutes=5)
"""How far a source's `time` may run ahead of the ledger's clock: what unsynchronised machines are off by."""


class Request(Struct, frozen=True, gc=False):
    """An extension that was asked for and not yet settled."""

    id: str
    proposed: datetime


class Task(Struct, frozen=True, gc=False):
    """What has to be known of a task to decide; `since` is when its present deadline was recorded.

    `assigned` is the position of its assignment, where its words are.
    `met` is the latest occurrence of a recurring deadline in whose period the lead has reported.
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
    lead_reported: datetime | None = None
    met: datetime | None = None
    fired: tuple[str, ...] = ()


class Refusal(Struct, frozen=True, gc=False):
    """Why a submission is not accepted, and what would be right."""

    code: CODES
    detail: str


class Outcome(Struct, frozen=True, gc=False, omit_defaults=True):
    """What became of a submission; the answer over both doors.

    `replicas` is how many replicas have it on disk as well, where an acknowledgement waits for them.
    """

    source: str | None
    id: str | None
    outcome: Literal["accepted", "duplicate", "refused"]
    position: int | None = None
    code: CODES | None = None
    detail: str | None = None
    replicas: int | None = None


def evolve(ledger: Ledger, task: Task | None, entry: Recorded) -> Task | None:
    """Return the task after an event, its units under the directory's names; None as long as none was assigned."""
    event = entry.event
    at = event.recorded or event.time
    data = ledger.resolve(event.data)
    if isinstance(data, TaskAssigned):
        return Task(data.lead, data.units, data.deadline, at, entry.position)
    if task is None:
        return None
    match data:
        case ProgressReported(unit=unit) | ProgressCorrected(unit=unit):
            return _reported(task, unit, at)
        case TaskSigned() | TaskUrged():
            return task
        case CompletionSubmitted(unit=unit):
            return msgspec.structs.replace(_reported(task, unit, at), submitted=_with(task.submitted, unit))
        case CompletionReturned(unit=unit):
            return msgspec.structs.replace(task, submitted=_without(task.submitted, unit))
        case TaskClosed():
            return msgspec.structs.replace(task, closed=True, request=None)
        case TaskReopened():
            return msgspec.structs.replace(task, closed=False, submitted=())
        case TaskReassigned(lead=lead, units=units):
            heirs = ledger.heirs(ledger.obligations(task.units), ledger.obligations(units), ledger.day(event.time))
            submitted = tuple(heirs.get(name, name) for name in task.submitted)
            return msgspec.structs.replace(task, lead=lead, units=units, submitted=submitted)
        case ExtensionRequested(proposed_due=proposed):
            return msgspec.structs.replace(task, request=Request(event.id, proposed))
        case ExtensionGranted(due=due):
            if due is None and task.request is not None:
                due = task.request.proposed
            deadline = Fixed(task.deadline.text, due) if due is not None else task.deadline
            return msgspec.structs.replace(task, deadline=deadline, since=at, passed=None, request=None)
        case ExtensionRefused():
            return msgspec.structs.replace(task, request=None)
        case DeadlineClarified(deadline=deadline):
            met = _met(deadline, task.lead_reported)
            return msgspec.structs.replace(task, deadline=deadline, since=at, passed=None, met=met)
        case DeadlineNeared():
            return msgspec.structs.replace(task, fired=_with(task.fired, event.id))
        case DeadlinePassed(due=due):
            return msgspec.structs.replace(task, passed=due, fired=_with(task.fired, event.id))
        case _:
            assert_never(data)


def authentic(event: Event, authid: str) -> Refusal | None:
    """Refuse an event whose `source` is neither the authenticated source's name nor that name plus `/…`."""
    if event.source == authid or event.source.startswith(f"{authid}/"):
        return None
    return Refusal("not-permitted", f"source {event.source!r} is not {authid!r} or {authid + '/…'!r}, who sent it")


def decide(
    task: Task | None, event: Event, authid: str, source: Source | None, ledger: Ledger, now: datetime
) -> Refusal | None:
    """Return why an authentic event is refused, or None: it is accepted as it is.

    `source` is what the ledger says of `authid`; None for the ledger's own clock.
    """
    if event.time > now + AHEAD:
        return Refusal("from-the-future", f"time {event.time.isoformat()} is ahead of the ledger's {now.isoformat()}")
    needed = needed_role(event.data)
    role = source.role if source is not None else None
    if role != needed:
        who = f"a source with the role {needed}" if needed is not None else "the ledger's clock"
        return Refusal("not-permitted", f"{event.type} is for {who}; the role of {authid!r} is {role}")
    if isinstance(event.data, TaskAssigned):
        if "/" in event.subject:
            return Refusal(
                "invalid-data", f"subject {event.subject!r} has a slash; a task's id is one part of a URL's path"
            )
        return Refusal("task-exists", f"task {event.subject!r} is already assigned") if task is not None else None
    if task is None:
        return Refusal("unknown-task", f"no task {event.subject!r} was assigned in this ledger")
    if task.closed and not isinstance(event.data, TaskReopened):
        return Refusal("task-closed", f"task {event.subject!r} is closed; it accepts duban.task.reopened.v1 alone")
    data = ledger.resolve(event.data)
    return _decide_step(task, event.subject, data, ledger, now) or _decide_units(task, data, authid, source, ledger)


def needed_role(data: EventData) -> SourceRole | None:
    """Return the role a source needs to submit this; None where only the ledger's clock may."""
    match data:
        case ProgressReported() | ProgressCorrected() | TaskSigned() | CompletionSubmitted() | ExtensionRequested():
            return "reporter"
        case DeadlineNeared() | DeadlinePassed():
            return None
        case (
            TaskAssigned()
            | CompletionReturned()
            | TaskClosed()
            | TaskReopened()
            | TaskReassigned()
            | TaskUrged()
            | ExtensionGranted()
            | ExtensionRefused()
            | DeadlineClarified()
        ):
            return "assigner"
        case _:
            assert_never(data)


def clock_events(subject: str, task: Task, ledger: Ledger) -> Iterator[Event]:
    """Yield what the clock will say of an open task, in order of its instants, leaving out what it has said.

    `time` is the instant at which each is to be recorded. The ids depend on task and due instant alone, however a
    source wrote that instant, so an instance that was down, or a second one, comes to the same events. Without end for
    a recurring deadline. Reminders that were already past when the deadline was recorded, or when the due before this
    one passed, are left out.
    """
    if task.closed:
        return
    after = _settled(task)
    while (due := next_due(task.deadline, after)) is not None:
        current = task.since if after is None else max(task.since, after)
        after = due.passes
        passes, reminds = due.passes.astimezone(ledger.zone), due.reminds.astimezone(ledger.zone)
        for days in sorted(set(ledger.remind_days), reverse=True):
            instant = reminds - timedelta(days=days)
            event_id = f"neared:{subject}:{reminds.isoformat()}:{days}"
            if instant >= current and event_id not in task.fired:
                yield Event(event_id, f"{CLOCK}/clock", subject, instant, DeadlineNeared(reminds, days))
        event_id = f"passed:{subject}:{passes.isoformat()}"
        if event_id not in task.fired:
            yield Event(event_id, f"{CLOCK}/clock", subject, passes, DeadlinePassed(passes))


def same_timing(one: Task, other: Task) -> bool:
    """Tell whether the clock has the same to say of both; a report may yet spare a recurring task a word."""
    return (
        one.deadline is other.deadline
        and one.since is other.since
        and one.closed == other.closed
        and one.passed is other.passed
        and one.fired is other.fired
    )


def _reported(task: Task, unit: str, at: datetime) -> Task:
    """Return the task after a unit's report, which meets an occurrence if the unit leads."""
    if unit != task.lead:
        return task
    return msgspec.structs.replace(task, lead_reported=at, met=_met(task.deadline, at))


def _met(deadline: Deadline, reported: datetime | None) -> datetime | None:
    """Return the occurrence in whose period a report was made, if the deadline recurs."""
    if not isinstance(deadline, Recurring) or reported is None:
        return None
    due = next_due(deadline, reported)
    if due is None or add_months(due.passes, -MONTHS[deadline.every]) > reported:
        return None
    return due.passes


def _settled(task: Task) -> datetime | None:
    """Return the instant up to which there is nothing due any more; None if all is."""
    if not isinstance(task.deadline, Recurring):
        return task.passed
    # a table that is entered late does not owe the years before
    return max(instant for instant in (task.since, task.passed, task.met) if instant is not None)


def _decide_step(task: Task, subject: str, data: EventData, ledger: Ledger, now: datetime) -> Refusal | None:
    """Refuse a step that makes no sense where the task stands."""
    match data:
        case ProgressReported():  # the most frequent by far
            return None
        case TaskReopened() if not task.closed:
            return Refusal("not-permitted", f"task {subject!r} is not closed")
        case CompletionReturned(unit=unit) if ledger.has_duty(unit, task.units) and unit not in task.submitted:
            return Refusal("not-permitted", f"{unit} has not submitted a completion that could be returned")
        case ExtensionRequested():
            due = next_due(task.deadline, _settled(task))
            if due is None or due.passes <= now:
                return Refusal("not-permitted", "an extension is asked for before the due instant; none lies ahead")
            if task.request is not None:
                return Refusal("not-permitted", f"request {task.request.id!r} is still open")
        case ExtensionGranted(request_id=id) | ExtensionRefused(request_id=id):
            if task.request is None or task.request.id != id:
                return Refusal("invalid-data", f"request_id {id!r} is no open request of task {subject!r}")
        case _:
            pass
    return None


def _decide_units(task: Task, data: EventData, authid: str, source: Source | None, ledger: Ledger) -> Refusal | None:
    """Refuse a unit that has no duty in the task, or that the source does not speak for."""
    units: tuple[str, ...]
    match data:
        case (
            ProgressReported(unit=unit)
            | ProgressCorrected(unit=unit)
            | TaskSigned(unit=unit)
            | CompletionSubmitted(unit=unit)
            | CompletionReturned(unit=unit)
            | ExtensionRequested(unit=unit)
        ):
            units = (unit,)
        case TaskUrged(units=named):
            units = named
        case _:
            return None
    for unit in units:
        if not ledger.has_duty(unit, task.units):
            if unit in ledger.groups:
                return Refusal(
                    "not-responsible", f"{unit} is a group; its members are: {'、'.join(ledger.groups[unit])}"
                )
            if not ledger.knows(unit):
                return Refusal("unknown-unit", f"the ledger's directory has no unit {unit}")
            duties = "、".join(ledger.obligations(task.units))
            return Refusal("not-responsible", f"{unit} has no duty in this task; its units are: {duties}")
        if source is not None and source.role == "reporter" and not source.speaks_for(unit):
            return Refusal("not-permitted", f"{authid!r} does not speak for {unit}")
    return None


def _with(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    return names if name in names else (*names, name)


def _without(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    return tuple(other for other in names if other != name)
