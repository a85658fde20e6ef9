"""Alerts: what an event, or time alone, gives rise to, and for which recipients. Pure."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple, assert_never

from msgspec import Struct

from events import schema
from events.alert_rule import AlertRule, Trigger
from events.deadline import last_day
from events.entries import Recorded
from events.ledger import Ledger
from services.notify.notified_task import NotifiedTask
from services.notify.recipients import chosen
from services.notify.week import WeeklySummary


class Alert(Struct, frozen=True, gc=False):
    """An alert to one recipient, as facts; its words are made when it is sent.

    `id` is a hash (`alert_id`): the same after a rebuild and in another instance. `at` is the ledger's instant at which
    it arose, `rule` the name of the rule, `step` that of an escalation, from 1. `days` are the days left until `due`
    (1: its last day is today), the days since, or the days of silence, as of `at`. `unit` is the unit that reported,
    submitted or asked; `detail` the text that came with the event (the message of an urging, the reason of a return),
    `deadline` the deadline's own text, `proposed` the due that an extension asks for: data, never markup. `causes` are
    positions. `waits` is whether it may be held until the next working time, `week` the weekly
    summary, which is made when it is sent (settling.py).
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
    proposed: datetime | None = None
    causes: tuple[int, ...] = ()
    waits: bool = True
    week: WeeklySummary | None = None


class AlertFacts(NamedTuple):
    """What an alert is about; `key` tells an event that can recur before the same due from the others."""

    on: Trigger
    due: datetime | None = None
    days: int | None = None
    unit: str = ""
    detail: str = ""
    deadline: str = ""
    proposed: datetime | None = None
    key: int = 0
    concerned: Sequence[str] | None = None


def alert_id(rule: str, step: int, task: str, due: datetime | None, recipient: str, key: int = 0) -> str:
    """Return the id of an alert, 24 hex digits, by its rule's key; `key` distinguishes alerts that agree otherwise."""
    parts = (rule, str(step), task, due.isoformat() if due is not None else "", recipient, str(key))
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=12).hexdigest()


def alerts_for(ledger: Ledger, before: NotifiedTask | None, task: NotifiedTask, entry: Recorded) -> Iterator[Alert]:
    """Yield the alerts that an event causes: one per recipient, however many rules name it.

    `task` is the task after the event, `before` the one before it.
    """
    facts = facts_of(ledger, before, task, entry)
    if facts is None:
        return
    known: set[str] = set()
    for rule in ledger.alerts.rules:
        if rule.on == facts.on:
            for recipient in chosen(ledger, rule, task, facts.concerned):
                if recipient not in known:
                    known.add(recipient)
                    yield made(rule, 0, entry.event.subject, task, recipient, task.seen, facts, (entry.position,))


MOST_TITLE = 2_000

MOST_DETAIL = 5_000
"""Characters of an alert's texts: even with six bytes each, its entry has at most 65,535 (C2SP tlog-tiles)."""


def made(
    rule: AlertRule,
    step: int,
    name: str,
    task: NotifiedTask | None,
    recipient: str,
    at: datetime,
    facts: AlertFacts,
    causes: tuple[int, ...] = (),
) -> Alert:
    """Return the alert of a rule about a task (None: about no single one) to a recipient."""
    return Alert(
        alert_id(rule.key, step, name, facts.due, recipient, facts.key),
        at,
        facts.on,
        recipient,
        rule.called,
        name,
        _cut(task.title if task is not None else "", MOST_TITLE),
        task.lead if task is not None else "",
        step,
        facts.due,
        facts.days,
        facts.unit,
        _cut(facts.detail, MOST_DETAIL),
        _cut(facts.deadline, MOST_TITLE),
        facts.proposed,
        causes,
        rule.may_wait,
    )


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def days_left(ledger: Ledger, due: datetime, now: datetime) -> int:
    """Return the days left until a due: 1 on its last day, in the ledger's zone."""
    return (last_day(due, ledger.zone) - ledger.day(now)).days + 1


def days_late(ledger: Ledger, due: datetime, now: datetime) -> int:
    """Return the days since the last day in time of a due that has passed: 1 on the day after it, as people count."""
    return (ledger.day(now) - last_day(due, ledger.zone)).days


def days_since(ledger: Ledger, instant: datetime, now: datetime) -> int:
    """Return the days of the ledger's zone since an instant."""
    return (ledger.day(now) - ledger.day(instant)).days


def facts_of(ledger: Ledger, before: NotifiedTask | None, task: NotifiedTask, entry: Recorded) -> AlertFacts | None:
    """Return the facts of an event's alerts, None if it causes none."""
    at, position = task.seen, entry.position
    ahead = task.term.due_ahead(at, ledger.zone)
    left = days_left(ledger, ahead, at) if ahead is not None else None
    data = ledger.own(entry.event.data)
    match data:
        case schema.TaskAssigned(deadline=deadline):
            return AlertFacts("assigned", ahead, left, deadline=deadline.text, key=position)
        case schema.DeadlineNeared(due=due, days_left=days) if at < due:  # recorded later, the passing alone is news
            return AlertFacts("neared", due, days_left(ledger, due, at), key=days)
        case schema.DeadlinePassed(due=due):
            return AlertFacts("passed", due, days_late(ledger, due, at))
        case schema.CompletionSubmitted(unit=unit, summary=summary):
            return AlertFacts("submitted", unit=unit, detail=summary, key=position)
        case schema.CompletionReturned(unit=unit, reason=reason):
            return AlertFacts("returned", unit=unit, detail=reason, key=position, concerned=(unit,))
        case schema.ExtensionRequested(unit=unit, reason=reason, proposed_due=proposed):
            return AlertFacts("requested", ahead, unit=unit, detail=reason, proposed=proposed, key=position)
        case schema.ExtensionGranted():
            return AlertFacts("granted", ahead, left, unit=task.asked_by, key=position)
        case schema.ExtensionRefused(reason=reason):
            concerned = (task.asked_by,) if task.asked_by else None
            return AlertFacts("refused", ahead, unit=task.asked_by, detail=reason, key=position, concerned=concerned)
        case schema.TaskUrged(units=units, message=message):
            return AlertFacts("urged", detail=message, key=position, concerned=units)
        case schema.TaskReassigned(reason=reason):
            obliged = ledger.directory.obligations
            both = [*obliged(task.units), *(obliged(before.units) if before is not None else ())]
            return AlertFacts("reassigned", detail=reason, key=position, concerned=both)
        case schema.TaskSigned() | schema.ProgressReported() | schema.ProgressCorrected() | schema.AlertAcknowledged():
            return None
        case schema.TaskClosed() | schema.TaskReopened() | schema.DeadlineClarified() | schema.DeadlineNeared():
            return None
        case schema.Operation():
            return None
        case _:
            assert_never(data)
