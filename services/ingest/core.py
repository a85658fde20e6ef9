"""What ingest decides: which submissions become events, and how a task stands after them. Pure."""

import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Literal, assert_never

from msgspec import Struct
from msgspec.structs import replace

from events.deadline import Deadline, Postponed, Recurring, due_at, extended, next_due, period
from events.envelope import CODES, Event
from events.ledger import Ledger, Source, SourceRole
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

VERSION = "3"
"""Of the rules in `evolve`: a new one makes ingest fold the whole log anew."""

AHEAD = timedelta(minutes=5)
"""How far a source's `time` may run ahead of the ledger's clock: what unsynchronised machines are off by."""


UNPRINTABLE = frozenset({"Cc", "Cf", "Zl", "Zp"})
"""Unicode's categories of characters that steer a terminal or text instead of being read: controls, line breaks."""


class Request(Struct, frozen=True, gc=False):
    """An extension that was asked for and not yet settled; `due` is what it would put off, None if that is no more."""

    id: str
    proposed: datetime
    due: datetime | None


class Task(Struct, frozen=True, gc=False):
    """What has to be known of a task to decide; `since` is when its present deadline was recorded.

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


class Refusal(Struct, frozen=True, gc=False):
    """Why a submission is not accepted, and what would be right."""

    code: CODES
    detail: str


class Outcome(Struct, frozen=True, gc=False, omit_defaults=True):
    """What became of a submission; the answer over both doors."""

    source: str | None
    id: str | None
    outcome: Literal["accepted", "duplicate", "refused"]
    position: int | None = None
    code: CODES | None = None
    detail: str | None = None


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
            return replace(task, request=Request(event.id, proposed, due_ahead(task, at)))
        case ExtensionGranted(due=due):
            return _extended(ledger, task, due, at)
        case ExtensionRefused():
            return replace(task, request=None)
        case DeadlineClarified(deadline=deadline):
            due_now = due_at(deadline, at)
            asked = due_now.passes if due_now is not None else None
            request = replace(task.request, due=asked) if task.request is not None else None
            met = _met(deadline, _together(ledger, task.lead, task.reported))
            return replace(task, deadline=deadline, since=at, passed=None, met=met, postponed=None, request=request)
        case DeadlineNeared():
            return replace(task, fired=_with(task.fired, event.id))
        case DeadlinePassed(due=due):
            ahead = task.postponed if task.postponed is not None and task.postponed.due > due else None
            return replace(task, passed=due, postponed=ahead, fired=_with(task.fired, event.id))
        case _:
            assert_never(data)


def authentic(event: Event, authid: str) -> Refusal | None:
    """Refuse an event whose `source` is neither the authenticated source's name nor that name plus `/…`."""
    if event.source == authid or event.source.startswith(f"{authid}/"):
        return None
    return Refusal("not-permitted", f"source {event.source!r} is not {authid!r} or {authid + '/…'!r}, who sent it")


def decide(
    task: Task | None,
    event: Event,
    authid: str,
    source: Source | None,
    ledger: Ledger,
    now: datetime,
    cited: Event | None = None,
) -> Refusal | None:
    """Return why an authentic event is refused, or None: it is accepted as it is.

    `source` is what the ledger says of `authid`; None for the ledger's own clock. `cited` is what its source has sent
    by the id that a correction names.
    """
    if event.time > now + AHEAD:
        return Refusal("from-the-future", f"time {event.time.isoformat()} is ahead of the ledger's {now.isoformat()}")
    needed = needed_role(event.data)
    role = source.role if source is not None else None
    if role != needed:
        who = f"a source with the role {needed}" if needed is not None else "the ledger's clock"
        return Refusal("not-permitted", f"{event.type} is for {who}; the role of {authid!r} is {role}")
    if isinstance(event.data, TaskAssigned):
        if task is not None:
            return Refusal("task-exists", f"task {event.subject!r} is already assigned")
        return _decide_id(event.subject)
    if task is None:
        return Refusal("unknown-task", f"no task {event.subject!r} was assigned in this ledger")
    if task.closed and not isinstance(event.data, TaskReopened):
        return Refusal("task-closed", f"task {event.subject!r} is closed; it accepts duban.task.reopened.v1 alone")
    data = ledger.resolve(event.data)
    refusal = _decide_units(task, data, authid, source, ledger)
    if refusal is None and not isinstance(data, ProgressReported):  # the most frequent by far may come at any time
        refusal = _decide_step(task, event, data, ledger, now, cited)
    return refusal


def due_ahead(task: Task, now: datetime) -> datetime | None:
    """Return the next instant at which an open task will be late, None if there is none."""
    if task.postponed is not None and task.postponed.due > now:
        return task.postponed.due
    due = next_due(task.deadline, now if task.met is None else max(now, task.met))
    return due.passes if due is not None else None


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


def _reported(ledger: Ledger, task: Task, unit: str, at: datetime) -> Task:
    """Return the task after a unit's report, which meets an occurrence if all that lead have made theirs."""
    if unit not in ledger.leading(task.lead):
        return task
    reported = {**task.reported, unit: at}
    if not isinstance(task.deadline, Recurring):
        return replace(task, reported=reported)
    together = _together(ledger, task.lead, reported)
    if task.postponed is not None and task.postponed.met_by(together):
        return replace(task, reported=reported, met=task.postponed.due, postponed=None)
    return replace(task, reported=reported, met=_met(task.deadline, together) or task.met)


def _together(ledger: Ledger, lead: str, reported: Mapping[str, datetime]) -> datetime | None:
    """Return since when all that lead have reported; None as long as one has not."""
    leading = ledger.leading(lead)
    return min(reported[name] for name in leading) if all(name in reported for name in leading) else None


def _met(deadline: Deadline, reported: datetime | None) -> datetime | None:
    """Return the occurrence in whose period a report was made, if the deadline recurs."""
    if not isinstance(deadline, Recurring) or reported is None:
        return None
    due = next_due(deadline, reported)
    return due.passes if due is not None and period(deadline, due.passes) <= reported else None


def _reassigned(ledger: Ledger, task: Task, data: TaskReassigned, day: date) -> Task:
    """Return the task with other units: who stays, or succeeds, keeps its part; who newly leads has submitted none."""
    before, after = ledger.obligations(task.units), ledger.obligations(data.units)
    led, leading = ledger.leading(task.lead), ledger.leading(data.lead)
    heirs = ledger.heirs(dict.fromkeys((*led, *before)), after, day)
    kept = {name: heirs.get(name, name) for name in before}
    still = {kept[name] for name in led if name in kept}
    submitted = tuple(
        kept[name]
        for name in task.submitted
        if kept.get(name) in after and (kept[name] in still or kept[name] not in leading)
    )
    reported = {kept[name]: at for name, at in task.reported.items() if name in kept and kept[name] in leading}
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
        starts = task.postponed.starts if task.postponed is not None else period(task.deadline, asked)
        postponed = Postponed(starts, to)
        if postponed.met_by(_together(ledger, task.lead, task.reported)):  # since it was asked for
            postponed = None
    deadline = extended(task.deadline, asked, to)
    return replace(task, deadline=deadline, since=at, passed=None, request=None, postponed=postponed)


def _decide_id(subject: str) -> Refusal | None:
    """Refuse a task's id that cannot stand in a URL's path or on a terminal."""
    if "/" in subject:
        wrong = "has a slash; a task's id is one part of a URL's path"
    elif subject in {".", ".."}:
        wrong = "is a step in a URL's path, which would be taken out of it"
    elif subject != subject.strip():
        wrong = "begins or ends with white space"
    elif (odd := next((char for char in subject if unicodedata.category(char) in UNPRINTABLE), None)) is not None:
        wrong = f"has the character U+{ord(odd):04X}, which cannot be seen; a task's id is printed"
    else:
        return None
    return Refusal("invalid-data", f"subject {subject!r} {wrong}")


def _decide_step(
    task: Task, event: Event, data: EventData, ledger: Ledger, now: datetime, cited: Event | None
) -> Refusal | None:
    """Refuse a step that makes no sense where the task stands; `data` has the directory's names."""
    match data:
        case ProgressCorrected():
            return _decide_correction(event, data, ledger, cited)
        case TaskReopened() if not task.closed:
            return Refusal("not-permitted", f"task {event.subject!r} is not closed")
        case CompletionReturned(unit=unit) if unit not in task.submitted:
            return Refusal("not-permitted", f"{unit} has not submitted a completion that could be returned")
        case ExtensionRequested(proposed_due=proposed):
            due = due_ahead(task, now)
            if due is None:
                return Refusal("not-permitted", "an extension is asked for before the due instant; none lies ahead")
            if task.request is not None:
                return Refusal("not-permitted", f"request {task.request.id!r} is still open")
            return _decide_due(task, due, proposed, "proposed_due")
        case ExtensionGranted(request_id=id) | ExtensionRefused(request_id=id):
            if task.request is None or task.request.id != id:
                return Refusal("invalid-data", f"request_id {id!r} is no open request of task {event.subject!r}")
            if isinstance(data, ExtensionGranted):
                asked, proposed = task.request.due, task.request.proposed
                if asked is None:
                    return Refusal(
                        "invalid-data", "the task's deadline has no due instant any more; refuse the request"
                    )
                return _decide_due(task, asked, data.due or proposed, "due" if data.due else "proposed_due")
        case _:
            pass
    return None


def _decide_correction(event: Event, data: ProgressCorrected, ledger: Ledger, cited: Event | None) -> Refusal | None:
    """Refuse a correction of anything but a report, or its correction, of the same source, task and unit."""
    report = f"report {data.report!r}"
    if cited is None:
        return Refusal("invalid-data", f"{report} is no event of source {event.source!r}; a correction names its own")
    if not isinstance(earlier := ledger.resolve(cited.data), ProgressReported | ProgressCorrected):
        return Refusal("invalid-data", f"{report} is a {cited.type}; only a report or its correction can be corrected")
    if cited.subject != event.subject:
        return Refusal("invalid-data", f"{report} is of task {cited.subject!r}, not of {event.subject!r}")
    if data.unit not in {earlier.unit, ledger.successor(earlier.unit, ledger.day(event.time))}:
        return Refusal("invalid-data", f"{report} is of {earlier.unit}, of which {data.unit} is no successor")
    return None


def _decide_due(task: Task, asked: datetime, due: datetime, member: str) -> Refusal | None:
    """Refuse an extension that puts nothing off, or runs into the next step or occurrence."""
    if due <= asked:
        return Refusal(
            "invalid-data", f"{member} {due.isoformat()} puts nothing off: the due instant is {asked.isoformat()}"
        )
    following = next_due(task.deadline, asked)
    if following is not None and due >= following.passes:
        return Refusal(
            "invalid-data",
            f"{member} {due.isoformat()} is not before {following.passes.isoformat()}, when the task falls due next; "
            "deadline.clarified can change the whole of it",
        )
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
