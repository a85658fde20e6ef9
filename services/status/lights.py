"""Lights: the colour of a task at an instant, the reason for it, and when time alone changes it. Pure."""

import math
from datetime import datetime

from msgspec.structs import replace

from events.deadline import Ambiguous, Ongoing, Percent, Recurring
from events.ledger import LightRules
from services.status.row import Light, Reason, TaskRow, TrackedTask
from services.status.turns import ALWAYS, DAY, NEVER, SECOND, Turns, instant_of, micros

ROUNDING = 1e-9
"""Per cent: 0.7 * 90 is 62.99… in binary. What is expected counts in whole per cent, so no task is behind at once."""


def light(task: TrackedTask, rules: LightRules, now: datetime) -> tuple[Light, Reason]:
    """Return a task's light at an instant, and the reason."""
    return light_at(task.row, turns(task.row, rules), micros(now))


def light_at(row: TaskRow, turns: Turns, now: int) -> tuple[Light, Reason]:
    """Return the light of a row that turns at these instants."""
    if row.state == "closed":
        return "blue", "closed"
    red, soon, slow = turns
    if red <= now:
        return "red", "overdue"
    if soon <= now:
        return "yellow", "due-soon"
    if slow <= now:
        return "yellow", "silent" if row.due is None else "behind"
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
    row, at, found = task.row, micros(now), turns(task.row, rules)
    current = light_at(row, found, at)
    for turn in sorted(found):
        if at < turn < NEVER and light_at(row, found, turn) != current:
            return instant_of(turn)
    return None


def turns(row: TaskRow, rules: LightRules) -> Turns:
    """Return the instants from which on an open task's light has each colour, as long as no event changes the task."""
    slow = NEVER
    if isinstance(row.deadline, Ongoing):
        slow = micros(row.last_report_at or row.opened_at) + rules.silent_days * DAY
    if row.due is None:
        return Turns(NEVER if row.overdue_since is None else ALWAYS, NEVER, slow)
    due = micros(row.due)
    late = row.overdue_since is not None
    red = ALWAYS if late else NEVER if isinstance(row.deadline, Recurring) else due
    reminds = micros(row.deadline.strict) if isinstance(row.deadline, Ambiguous) else due
    slow = min(slow, _behind_from(row.percent, micros(row.opened_at), due, rules.behind))
    return Turns(red, reminds - rules.yellow_days * DAY, slow)


def same_turns(before: TaskRow, after: TaskRow) -> bool:
    """Return whether nothing differs that `turns` depends on: most members are even the same objects."""
    return (
        before.percent == after.percent
        and (before.due is after.due or before.due == after.due)
        and (before.overdue_since is after.overdue_since or before.overdue_since == after.overdue_since)
        and (before.opened_at is after.opened_at or before.opened_at == after.opened_at)
        and (before.deadline is after.deadline or before.deadline == after.deadline)
        and (before.last_report_at == after.last_report_at or not isinstance(after.deadline, Ongoing))
    )


def proportional(opened: int, due: int, now: int) -> float:
    """Return the per cent of the time from `opened` to `due` that is over (序时进度)."""
    span = (due - opened) / SECOND
    return 100 * min(1.0, max(0.0, (now - opened) / SECOND / span)) if span > 0 else 100.0


def _behind_from(percent: Percent | None, opened: int, due: int, behind: float) -> int:
    """Return the first instant at which more per cent are expected than reported.

    Expected are whole per cent, as many as `int` leaves of the part `behind` of proportional progress. That number
    grows with time, so the first instant is found next to the one that exact arithmetic gives.
    """
    wanted = math.floor(percent or 0) + 1
    if int(behind * 100.0 + ROUNDING) < wanted:
        return NEVER
    if due <= opened:
        return ALWAYS

    def expects(instant: int) -> bool:
        return int(behind * proportional(opened, due, instant) + ROUNDING) >= wanted

    found = opened + math.ceil((due - opened) * (wanted - ROUNDING) / (100 * behind))
    while expects(found - 1):
        found -= 1
    while not expects(found):
        found += 1
    return found
