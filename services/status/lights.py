"""Lights: the colour of a task at an instant, the reason for it, and when time alone changes it. Pure."""

import math
from collections.abc import Iterator
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
        if _behind(row, row.due, rules, now):
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


def next_change(task: TrackedTask, rules: LightRules, now: datetime) -> datetime | None:
    """Return the first instant after `now` at which a task's light or its reason changes by time alone, if any."""
    row = task.row
    if row.state == "closed" or row.overdue_since is not None:
        return None
    current = light(task, rules, now)
    turns = sorted(turn for turn in _turns(row, rules) if turn > now)
    return next((turn for turn in turns if light(task, rules, turn) != current), None)


def proportional(opened: datetime, due: datetime, now: datetime) -> float:
    """Return the per cent of the time from `opened` to `due` that is over (序时进度)."""
    span = (due - opened).total_seconds()
    return 100 * min(1.0, max(0.0, (now - opened).total_seconds() / span)) if span > 0 else 100.0


def _turns(row: TaskRow, rules: LightRules) -> Iterator[datetime]:
    """Yield the instants at which one of the conditions of a light begins to hold."""
    if row.due is not None:
        yield row.due
        yield _reminds(row, row.due) - timedelta(days=rules.yellow_days)
        if (turn := _behind_from(row, row.due, rules)) is not None:
            yield turn
    if isinstance(row.deadline, Ongoing):
        yield (row.last_report_at or row.opened_at) + timedelta(days=rules.silent_days)


def _behind(row: TaskRow, due: datetime, rules: LightRules, now: datetime) -> bool:
    """Return whether a task has less than its part of the proportional progress, in whole per cent."""
    return (row.percent or 0) < int(rules.behind * proportional(row.opened_at, due, now) + ROUNDING)


def _behind_from(row: TaskRow, due: datetime, rules: LightRules) -> datetime | None:
    """Return the instant from which a task is behind, None if it is so from the beginning or never by `due`."""
    if due <= row.opened_at or not _behind(row, due, rules, due) or _behind(row, due, rules, row.opened_at):
        return None
    wanted = math.floor(row.percent or 0) + 1
    share = (wanted - ROUNDING) / (100 * rules.behind)
    turn = row.opened_at + min(1.0, share) * (due - row.opened_at)
    while not _behind(row, due, rules, turn):  # a few microseconds at most: what a float rounds
        turn += timedelta.resolution
    while _behind(row, due, rules, turn - timedelta.resolution):
        turn -= timedelta.resolution
    return turn


def _reminds(row: TaskRow, due: datetime) -> datetime:
    """Return the instant that reminders count back from: the earlier reading of an ambiguous deadline."""
    return row.deadline.strict if isinstance(row.deadline, Ambiguous) else due
