"""Decisions on submissions: which become events, and why others are refused. Pure."""

from datetime import datetime, timedelta

from msgspec import Struct

from events import schema
from events.deadline import next_due
from events.directory import Directory
from events.envelope import CODES, Event
from events.ledger import NOTIFY, Ledger, Source
from events.text import codepoint, hidden, quoted
from services.ingest.task import Task

VERSION = "1"
"""Of what is accepted and when the clock records what, here, in task.py and in timers.py; it goes on record."""

AHEAD = timedelta(minutes=5)
"""How far a source's `time` may be ahead of the ledger's clock: the usual error of unsynchronised machines."""


class Refusal(Struct, frozen=True, gc=False):
    """Why a submission is not accepted, and what would be right."""

    code: CODES
    detail: str


def authentic(event: Event, authid: str) -> Refusal | None:
    """Refuse an event whose `source` is neither the authenticated source's name nor that name plus `/…`."""
    if event.source == authid or event.source.startswith(f"{authid}/"):
        return None
    return Refusal(
        "not-permitted", f"source {quoted(event.source)} is not {authid!r} or {authid + '/…'!r}, who sent it"
    )


def decide(
    task: Task | None,
    event: Event,
    authid: str,
    source: Source | None,
    ledger: Ledger,
    now: datetime,
    cited: Event | None = None,
) -> Refusal | None:
    """Return why an authentic event is refused, None if it is accepted.

    `source` is the ledger's entry for `authid`; None for the ledger's own clock, and for notify. `cited` is the event
    of the same source that a correction names. Both events have the ledger's own names and zone (`Ledger.own_event`).
    What operators did is recorded whatever their machines' clocks show.
    """
    if event.time > now and event.time > now + AHEAD and not isinstance(event.data, schema.Operation):
        return Refusal("from-the-future", f"time {event.time.isoformat()} is ahead of the ledger's {now.isoformat()}")
    if (wrong := _decide_speaker(event, authid, source)) is not None:
        return wrong
    if isinstance(event.data, schema.TaskAssigned):
        if task is not None:
            return Refusal("task-exists", f"task {quoted(event.subject)} is already assigned")
        return _decide_id(event.subject)
    if task is None:
        if isinstance(event.data, schema.Operation):
            return None
        return Refusal("unknown-task", f"no task {quoted(event.subject)} was assigned in this ledger")
    if task.closed and not isinstance(event.data, schema.TaskReopened):
        return Refusal(
            "task-closed", f"task {quoted(event.subject)} is closed; it accepts duban.task.reopened.v1 alone"
        )
    refusal = _decide_units(task, event.data, authid, source, ledger)
    if refusal is None and not isinstance(event.data, schema.ProgressReported):  # the most frequent may come any time
        refusal = _decide_step(task, event, ledger, now, cited)
    return refusal


def _decide_speaker(event: Event, authid: str, source: Source | None) -> Refusal | None:
    """Refuse a type that is for another role; notify may submit its own type alone, and nobody else may."""
    needed = event.data.speaker
    role = source.role if source is not None else "notify" if authid == NOTIFY else None
    if role == needed:
        return None
    who = _WHO.get(needed, f"a source with the role {needed}")
    return Refusal("not-permitted", f"{event.type} is for {who}; the role of {authid!r} is {role}")


_WHO = {
    None: "the ledger's clock",
    "notify": "notify, which asks who acknowledges an alert",
    "operations": "the ledger ops, which duban's own services and commands submit to",
}


def _decide_id(subject: str) -> Refusal | None:
    """Refuse a task's id that cannot stand in a URL's path or on a terminal."""
    if "/" in subject:
        wrong = "has a slash; a task's id is one part of a URL's path"
    elif subject in {".", ".."}:
        wrong = "would be removed from a URL's path"
    elif (odd := next(filter(hidden, subject), None)) is not None:
        wrong = f"has the character {codepoint(odd)}, which cannot be seen; a task's id is printed"
    else:
        return None
    return Refusal("invalid-data", f"subject {quoted(subject)} {wrong}")


def _decide_step(task: Task, event: Event, ledger: Ledger, now: datetime, cited: Event | None) -> Refusal | None:
    """Refuse a step that contradicts the state of the task."""
    match event.data:
        case schema.ProgressCorrected():
            return _decide_correction(event, event.data, ledger, cited)
        case schema.TaskReopened() if not task.closed:
            return Refusal("not-permitted", f"task {quoted(event.subject)} is not closed")
        case schema.CompletionReturned(unit=unit) if unit not in task.submitted:
            return Refusal("not-permitted", f"{unit} has not submitted a completion that could be returned")
        case schema.ExtensionRequested(proposed_due=proposed):
            return _decide_request(task, proposed, ledger, now)
        case schema.AlertAcknowledged(until=until):
            return _decide_until(event.time, until)
        case schema.ExtensionGranted() | schema.ExtensionRefused():
            return _decide_answer(task, event.subject, event.data, ledger)
        case _:
            return None


def _decide_correction(
    event: Event, data: schema.ProgressCorrected, ledger: Ledger, cited: Event | None
) -> Refusal | None:
    """Refuse a correction of anything but a report, or its correction, of the same source, task and unit."""
    report = f"report {quoted(data.report)}"
    if cited is None:
        return Refusal(
            "invalid-data", f"{report} is no event of source {quoted(event.source)}; a correction names its own"
        )
    if not isinstance(earlier := cited.data, schema.ProgressReported | schema.ProgressCorrected):
        return Refusal("invalid-data", f"{report} is a {cited.type}; only a report or its correction can be corrected")
    if cited.subject != event.subject:
        return Refusal("invalid-data", f"{report} is of task {quoted(cited.subject)}, not of {quoted(event.subject)}")
    if data.unit not in {earlier.unit, ledger.directory.successor(earlier.unit, ledger.day(event.time))}:
        return Refusal("invalid-data", f"{report} is of {earlier.unit}, of which {data.unit} is no successor")
    return None


def _decide_request(task: Task, proposed: datetime, ledger: Ledger, now: datetime) -> Refusal | None:
    """Refuse an extension request without a due instant ahead, and a second one while the first is open."""
    due = task.term.due_ahead(now, ledger.zone)
    if due is None:
        return Refusal("not-permitted", "an extension is asked for before the due instant; none lies ahead")
    if task.term.request is not None:
        return Refusal("not-permitted", f"request {quoted(task.term.request.id)} is still open")
    return _decide_due(ledger, task, due, proposed, "proposed_due")


def _decide_answer(
    task: Task, subject: str, data: schema.ExtensionGranted | schema.ExtensionRefused, ledger: Ledger
) -> Refusal | None:
    """Refuse an answer to a request that is not open, and a grant that puts nothing off."""
    request = task.term.request
    if request is None or request.id != data.request_id:
        return Refusal(
            "invalid-data", f"request_id {quoted(data.request_id)} is no open request of task {quoted(subject)}"
        )
    if isinstance(data, schema.ExtensionRefused):
        return None
    if request.due is None:
        return Refusal("invalid-data", "the task's deadline has no due instant any more; refuse the request")
    due, member = (data.due, "due") if data.due is not None else (request.proposed, "proposed_due")
    return _decide_due(ledger, task, request.due, due, member)


def _decide_until(time: datetime, until: datetime) -> Refusal | None:
    """Refuse an acknowledgement that has ended when it is made, or lasts too long."""
    if time < until <= time + schema.ACKNOWLEDGED_MOST:
        return None
    return Refusal(
        "invalid-data",
        f"until {until.isoformat()} is not after {time.isoformat()} by {schema.ACKNOWLEDGED_MOST.days} days at most",
    )


def _decide_due(ledger: Ledger, task: Task, asked: datetime, due: datetime, member: str) -> Refusal | None:
    """Refuse an extension that puts nothing off, or runs into the next step or occurrence."""
    if due <= asked:
        return Refusal(
            "invalid-data", f"{member} {due.isoformat()} puts nothing off: the due instant is {asked.isoformat()}"
        )
    following = next_due(task.term.deadline, asked, ledger.zone)
    if following is not None and due >= following.passes:
        return Refusal(
            "invalid-data",
            f"{member} {due.isoformat()} is not before {following.passes.isoformat()}, when the task falls due next; "
            "deadline.clarified can change the whole of it",
        )
    return None


def _decide_units(
    task: Task, data: schema.EventData, authid: str, source: Source | None, ledger: Ledger
) -> Refusal | None:
    """Refuse a unit that has no duty in the task, or that the source does not represent."""
    for unit in data.units_named():
        if not ledger.directory.has_duty(unit, task.units):
            return _no_duty(task, unit, ledger.directory)
        if source is not None and source.role == "reporter" and not source.speaks_for(unit):
            return Refusal("not-permitted", f"{authid!r} does not represent {unit}")
    return None


def _no_duty(task: Task, unit: str, directory: Directory) -> Refusal:
    """Return why a unit has no duty in a task, and which units have one."""
    if unit in directory.groups:
        members = "、".join(directory.groups[unit])
        return Refusal("not-responsible", f"{unit} is a group; its members are: {members}")
    if any(named.open and directory.canonical(named.name) == unit for named in task.units):
        return Refusal("not-responsible", f"{unit} names no unit: only one that is named has a duty")
    if not directory.knows(unit):
        return Refusal("unknown-unit", f"the ledger's directory has no unit {unit}")
    duties = "、".join(directory.obligations(task.units))
    return Refusal("not-responsible", f"{unit} has no duty in this task; its units are: {duties}")
