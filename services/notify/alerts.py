"""Alerts: which ones an event causes, and for which recipients. Pure."""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, assert_never

from msgspec import Struct
from msgspec.structs import replace

from events import schema
from events.alerting import Audience, Trigger
from events.entries import Recorded
from events.ledger import Ledger
from events.schema import Unit
from services.notify.acks import Ack, ack_of

VERSION = "4"
"""Of the rules in `evolve`: another one makes notify fold the whole log again, which announces no alerts."""


class NotifiedTask(Struct, frozen=True, gc=False):
    """What alerts show of a task, its units as the events name them: a change of aliases needs no new fold.

    `acks` are the acknowledgements of its alerts, the latest last.
    """

    title: str
    lead: str
    units: tuple[Unit, ...]
    closed: bool = False
    acks: tuple[Ack, ...] = ()


class Alert(Struct, frozen=True, gc=False):
    """An alert to one recipient, as facts; its words are made when it is sent.

    `id` is a hash (`alert_id`): the same after a rebuild and in another instance. `at` is the ledger's instant at which
    it arose, `rule` the name of the rule, `step` that of an escalation, from 1. `days` are the days left until `due`,
    or the days since, as of `at`. `unit` is the unit that reported, submitted or asked; `detail` the text that came
    with the event (the message of an urging, the reason of a return), `deadline` the deadline's own text: data, never
    markup. `causes` are positions. `waits` is whether it may be held until the next working time.
    """

    id: str
    at: datetime
    on: Trigger
    recipient: str
    rule: str
    task: str = ""
    title: str = ""
    lead: str = ""
    step: int = 0
    due: datetime | None = None
    days: int | None = None
    unit: str = ""
    detail: str = ""
    deadline: str = ""
    causes: tuple[int, ...] = ()
    waits: bool = True


def alert_id(rule: str, step: int, task: str, due: datetime | None, recipient: str, cause: int = 0) -> str:
    """Return the id of an alert, 24 hex digits; `cause` is the position of an event that can recur before a due."""
    parts = (rule, str(step), task, due.isoformat() if due is not None else "", recipient, str(cause))
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=12).hexdigest()


def evolve(task: NotifiedTask | None, entry: Recorded) -> NotifiedTask | None:
    """Return the task after an event; None as long as none was assigned."""
    match entry.event.data:
        case schema.TaskAssigned(title=title, lead=lead, units=units):
            return NotifiedTask(title, lead, units)
        case schema.TaskReassigned(lead=lead, units=units):
            return replace(task, lead=lead, units=units) if task is not None else None
        case schema.TaskClosed() | schema.TaskReopened():
            closed = isinstance(entry.event.data, schema.TaskClosed)
            return replace(task, closed=closed) if task is not None else None
        case schema.AlertAcknowledged():
            return replace(task, acks=(*task.acks, ack_of(entry, entry.event.data))) if task is not None else None
        case (
            schema.TaskSigned()
            | schema.ProgressReported()
            | schema.ProgressCorrected()
            | schema.CompletionSubmitted()
            | schema.CompletionReturned()
            | schema.TaskUrged()
            | schema.ExtensionRequested()
            | schema.ExtensionGranted()
            | schema.ExtensionRefused()
            | schema.DeadlineClarified()
            | schema.DeadlineNeared()
            | schema.DeadlinePassed()
        ):
            return task
        case _:
            assert_never(entry.event.data)


def alerts_for(ledger: Ledger, task: NotifiedTask, entry: Recorded) -> Iterator[Alert]:
    """Yield the alerts that an event causes: one per recipient, however many rules name it."""
    event = entry.event
    at = (event.recorded or event.time).astimezone(ledger.zone)
    facts = _facts(event.data, at)
    if facts is None:
        return
    on, due, step = facts["on"], facts.get("due"), facts.get("days", 0) if facts["on"] == "neared" else 0
    cause = 0 if due is not None else entry.position
    lead = ledger.directory.canonical(task.lead)
    audiences = (audience for rule in ledger.alerts.rules if rule.on == on for audience in rule.to)
    for recipient in dict.fromkeys(_recipients(ledger, audiences, lead, task.units)):
        id = alert_id(on, step, event.subject, due, recipient, cause)
        more = {"task": event.subject, "title": task.title, "lead": lead, "causes": (entry.position,), **facts}
        yield Alert(id=id, at=at, recipient=recipient, rule=on, **more)


def _facts(data: schema.EventData, at: datetime) -> dict[str, Any] | None:
    match data:
        case schema.TaskAssigned(deadline=deadline):
            return {"on": "assigned", "deadline": deadline.text}
        case schema.DeadlineNeared(due=due, days_left=days) if at < due:  # recorded later, the passing alone is news
            return {"on": "neared", "due": due.astimezone(at.tzinfo), "days": days}
        case schema.DeadlinePassed(due=due):
            return {"on": "passed", "due": due.astimezone(at.tzinfo), "days": (at - due).days}
        case _:
            return None


def _recipients(ledger: Ledger, audiences: Iterable[Audience], lead: str, units: tuple[Unit, ...]) -> Iterator[str]:
    duties = ledger.directory.obligations(units)
    for audience in audiences:
        match audience:
            case "units":
                yield from duties
            case "lead":
                yield lead
            case "cooperating":
                yield from (unit for unit, role in duties.items() if role == "cooperating")
            case "supervisor":
                yield ledger.alerts.supervisor
            case _:
                assert_never(audience)
