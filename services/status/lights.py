"""Lights: the colour of a task at an instant, and the reason for it. Pure."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from events.deadline import Ambiguous, Ongoing, Recurring
from events.ledger import LightRules
from services.status.row import Light, Reason, TaskRow, TrackedTask

ROUNDING = 1e-9
"""Per cent: 0.7 * 90 is 62.99… in binary. What is expected counts in whole per cent, so no task is behind at once."""


def light(task: TrackedTask, rules: LightRules, now: datetime) -> tuple[Light, Reason]:
    """Return a task's light at an instant, and the reason."""
    row = task.row
    if row.state == "closed":
        return "blue", "closed"
    passed = row.due is not None and row.due <= now and not isinstance(row.deadline, Recurring)
    if row.overdue_since is not None or passed:
        return "red", "overdue"
    if row.due is not None:
        if now >= _reminds(row, row.due) - timedelta(days=rules.yellow_days):
            return "yellow", "due-soon"
        expected = rules.behind * proportional(row.opened_at, row.due, now)
        if (row.percent or 0) < int(expected + ROUNDING):
            return "yellow", "behind"
    silence = now - (row.last_report_at or row.opened_at)
    if isinstance(row.deadline, Ongoing) and silence >= timedelta(days=rules.silent_days):
        return "yellow", "silent"
    return "green", "on-track"


def lit(task: TrackedTask, rules: LightRules, now: datetime) -> TrackedTask:
    """Return the task with its light as at an instant."""
    lamp, reason = light(task, rules, now)
    return replace(task, row=replace(task.row, light=lamp, light_reason=reason), lit=now)


def relight(task: TrackedTask, rules: LightRules, now: datetime) -> TrackedTask | None:
    """Return the task with its light as at `now` if the light changes, else None."""
    if light(task, rules, now) == (task.row.light, task.row.light_reason):
        return None
    return lit(task, rules, now)


def proportional(opened: datetime, due: datetime, now: datetime) -> float:
    """Return the per cent of the time from `opened` to `due` that is over (序时进度)."""
    span = (due - opened).total_seconds()
    return 100 * min(1.0, max(0.0, (now - opened).total_seconds() / span)) if span > 0 else 100.0


def _reminds(row: TaskRow, due: datetime) -> datetime:
    """Return the instant that reminders count back from: the earlier reading of an ambiguous deadline."""
    return row.deadline.strict if isinstance(row.deadline, Ambiguous) else due
