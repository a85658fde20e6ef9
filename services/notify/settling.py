"""Settling: which alerts of a digest are still true when it closes, in the facts of that instant. Pure.

The reason for which an alert is not sent is a word of `Reason`, after which a silence's own reason may stand.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, TypeAlias, assert_never

from msgspec.structs import replace

from events.alert_matching import Source
from events.deadline import Ongoing
from events.ledger import Ledger
from services.notify.alerts import Alert, days_late, days_left, days_since
from services.notify.notified_task import NotifiedTask
from services.notify.week import SummaryTask, WeeklySummary

Reason: TypeAlias = Literal[
    "closed",
    "submitted",
    "returned",
    "new-due",
    "passed",
    "answered",
    "reported",
    "left",
    "superseded",
    "nothing",
    "inhibited",
    "silenced",
]
"""Why an alert is not sent: the task is closed, or submitted; the submission was returned; the due is another; it has
passed; the request was answered; a unit reported; the unit left the task; a later alert says more; there is nothing to
summarise; another alert inhibits it; a silence is in force."""

ORDER = ("neared", "passed", "open")
"""Alerts about one due to one recipient: a later one says what the earlier ones say."""

WEEK = timedelta(days=7)


def settled(
    ledger: Ledger, tasks: Mapping[str, NotifiedTask], alerts: Sequence[Alert], now: datetime
) -> tuple[list[Alert], list[tuple[Alert, str]]]:
    """Return the alerts that are still true, in the facts of now, and those that are not, with the reason.

    `alerts` are those of one digest, `tasks` the tasks as the log has them at `now`.
    """
    true: list[Alert] = []
    over: list[tuple[Alert, str]] = []
    for alert in alerts:
        reason = reason_against(ledger, tasks.get(alert.task), alert, now)
        if reason is None:
            true.append(alert)
        else:
            over.append((alert, reason))
    latest: dict[tuple[object, ...], Alert] = {}
    for alert in true:
        key = _subject(alert)
        if key not in latest or _rank(latest[key]) <= _rank(alert):
            latest[key] = alert
    over += [(alert, "superseded") for alert in true if latest[_subject(alert)] is not alert]
    now_true = [_of_now(ledger, tasks, alert, now) for alert in true if latest[_subject(alert)] is alert]
    over += [(alert, "nothing") for alert in now_true if _is_empty(alert)]
    return [alert for alert in now_true if not _is_empty(alert)], over


def reason_against(ledger: Ledger, task: NotifiedTask | None, alert: Alert, now: datetime) -> str | None:
    """Return why an alert by itself is not sent now, None if it is."""
    if task is not None and (settled_by := _settled(ledger, task, alert, now)) is not None:
        return settled_by
    for inhibition in ledger.alerts.inhibit:
        if task is not None and alert.on in inhibition.target and _holds(ledger, task, inhibition.source):
            return "inhibited"
    for silence in ledger.alerts.silence:
        if silence.holds(now, ledger.zone) and silence.matches(alert.on, alert.task, alert.recipient, alert.rule):
            return f"silenced: {silence.reason}"
    return None


def _settled(ledger: Ledger, task: NotifiedTask, alert: Alert, now: datetime) -> Reason | None:
    """Return what has settled an alert about a task, None if nothing has."""
    if task.closed is not None:
        return "closed"
    on, request = alert.on, task.term.request
    if on in ORDER:
        return _settled_due(ledger, task, alert, now)
    if on == "submitted" and alert.unit not in task.submitted:
        return "returned"
    if on == "returned" and alert.unit in task.submitted:
        return "submitted"
    if on == "requested" and request is None:
        return "answered"
    if on == "silent" and (task.last_report or task.opened) > alert.at:
        return "reported"
    if on == "silent" and not isinstance(task.term.deadline, Ongoing):
        return "new-due"
    if on in {"assigned", "granted", "refused"} and _left(ledger, task, alert.recipient):
        return "left"
    return None


def _settled_due(ledger: Ledger, task: NotifiedTask, alert: Alert, now: datetime) -> Reason | None:
    if task.is_submitted(ledger.directory) or alert.recipient in task.submitted:
        return "submitted"
    if _is_met(task, alert):
        return "reported"
    if alert.on != "neared":
        return "new-due" if task.late != alert.due else _left_reason(ledger, task, alert)
    if alert.due is not None and alert.due <= now:
        return "passed"
    ahead = task.term.due_ahead(now, ledger.zone)
    if ahead is None or alert.due is None or not _is_reading(task, alert.due, ahead, now):
        return "new-due"
    return _left_reason(ledger, task, alert)


def _is_met(task: NotifiedTask, alert: Alert) -> bool:
    """Return whether a report has met the occurrence of a recurring deadline, or ended its lateness."""
    met = task.term.met
    if met is None or alert.due is None or task.term.since > alert.at:
        return False
    return met >= alert.due if alert.on == "neared" else task.late is None and met > alert.due


def _is_reading(task: NotifiedTask, due: datetime, ahead: datetime, now: datetime) -> bool:
    """Return whether a due that neared is the one ahead, or the earlier reading of it."""
    return due == ahead or getattr(task.term.deadline, "strict", None) == due > now


def _left_reason(ledger: Ledger, task: NotifiedTask, alert: Alert) -> Reason | None:
    return "left" if _left(ledger, task, alert.recipient) else None


def _left(ledger: Ledger, task: NotifiedTask, recipient: str) -> bool:
    """Return whether a recipient is a unit of the directory that has no duty in the task any more."""
    if recipient in {ledger.alerts.supervisor, ledger.alerts.leader} or not ledger.directory.knows(recipient):
        return False
    return recipient not in ledger.directory.obligations(task.units)


def _holds(ledger: Ledger, task: NotifiedTask, source: Source) -> bool:
    """Return whether a task is in the state that an inhibition's source describes."""
    match source:
        case "passed":
            return task.late is not None
        case "submitted":
            return task.is_submitted(ledger.directory)
        case "requested":
            return task.term.request is not None
        case _:
            assert_never(source)


def _subject(alert: Alert) -> tuple[object, ...]:
    """Return what an alert is about: of those about the same, only the latest is sent."""
    if alert.on in ORDER:
        return alert.recipient, alert.task, alert.due
    if alert.on in {"submitted", "returned"}:
        return alert.recipient, alert.task, alert.on, alert.unit
    if alert.on in {"silent", "weekly", "requested", "granted"}:
        return alert.recipient, alert.task, alert.on
    return (alert.id,)


def _rank(alert: Alert) -> tuple[int, datetime, int]:
    """Return the order of alerts about the same; a reminder that leaves fewer days is later."""
    step = alert.step if alert.on != "neared" else -(alert.days or 0)
    return ORDER.index(alert.on) if alert.on in ORDER else 0, alert.at, step


def _of_now(ledger: Ledger, tasks: Mapping[str, NotifiedTask], alert: Alert, now: datetime) -> Alert:
    """Return an alert in the facts of now."""
    task = tasks.get(alert.task)
    match alert.on:
        case "weekly":
            return replace(alert, week=week_of(ledger, tasks, now))
        case "neared" | "assigned" | "granted" if alert.due is not None:
            return replace(alert, days=days_left(ledger, alert.due, now))
        case "passed" | "open" if alert.due is not None:
            return replace(alert, days=days_late(ledger, alert.due, now))
        case "silent" if task is not None:
            return replace(alert, days=days_since(ledger, task.last_report or task.opened, now))
        case _:
            return alert


def week_of(ledger: Ledger, tasks: Mapping[str, NotifiedTask], now: datetime) -> WeeklySummary:
    """Return the weekly summary at an instant: the most urgent first."""
    opened = {name: task for name, task in tasks.items() if task.closed is None}
    ahead = {name: task.term.due_ahead(now, ledger.zone) for name, task in opened.items()}
    overdue = [
        SummaryTask(name, task.title, task.lead, task.late, days_late(ledger, task.late, now))
        for name, task in opened.items()
        if task.late is not None
    ]
    soon = [
        SummaryTask(name, opened[name].title, opened[name].lead, due, days_left(ledger, due, now))
        for name, due in ahead.items()
        if due is not None and now < due <= now + WEEK
    ]
    return WeeklySummary(
        len(opened),
        tuple(sorted(overdue, key=lambda task: (-task.days, task.task))),
        tuple(sorted(soon, key=lambda task: (task.days, task.task))),
        WEEK.days,
        sum(task.is_submitted(ledger.directory) for task in opened.values()),
        sum(now - WEEK < task.opened <= now for task in tasks.values()),
        sum(task.closed is not None and now - WEEK < task.closed <= now for task in tasks.values()),
    )


def _is_empty(alert: Alert) -> bool:
    """Return whether an alert is a summary of nothing: no task is open, and none was closed."""
    week = alert.week
    return week is not None and not week.open and not week.closed
