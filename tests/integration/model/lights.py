"""The model's lights: DESIGN 1.7, with the ledger's default rules."""

import math
from datetime import datetime, timedelta

from tests.integration.model.dues import instant
from tests.integration.model.task import Task

SOON = timedelta(days=30)

SILENT = timedelta(days=90)


def light(task: Task, now: datetime) -> tuple[str, str]:
    """Return a task's light at an instant, and why."""
    if task.state == "closed":
        return "blue", "closed"
    due = task.term.due(now)
    if task.overdue is not None or (due is not None and due <= now):
        return "red", "overdue"
    if due is not None and task.term.reminded(due) - now <= SOON:
        return "yellow", "due-soon"
    if due is not None and (task.percent or 0) < _owed(instant(task.opened_at), due, now):
        return "yellow", "behind"
    heard = instant(task.last_report_at or task.opened_at)
    if task.term.deadline["kind"] == "ongoing" and now - heard >= SILENT:
        return "yellow", "silent"
    return "green", "on-track"


def _owed(opened: datetime, due: datetime, now: datetime) -> int:
    """Return 70 % of the part of the time that is over, in whole per cent."""
    return math.floor(70 * ((now - opened) / (due - opened)))
