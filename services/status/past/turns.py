"""The instants from which on a task's light has each colour, as long as no event changes the task. Pure.

Instants are whole microseconds since 1970 (UTC). The rules are those of `services.status.lights.light`.
"""

import math
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from events.deadline import Ambiguous, Ongoing, Percent, Recurring
from events.ledger import LightRules
from services.status.lights import ROUNDING
from services.status.row import TaskRow

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

NEVER = 2**63 - 1
"""Later than every instant: no due instant, no light of that colour."""

ALWAYS = -(2**63)
"""Earlier than every instant."""

SECOND = 1_000_000
"""Microseconds."""

_DAY = timedelta(days=1) // timedelta(microseconds=1)


class Turns(NamedTuple):
    """An open task is overdue from `red` on, due soon from `soon` on, behind or silent from `slow` on, else on track.

    It is behind if it has a due instant, and silent if it has none.
    """

    red: int
    soon: int
    slow: int


def micros(instant: datetime) -> int:
    """Return an instant as a number."""
    since = instant - EPOCH
    return (since.days * 86_400 + since.seconds) * SECOND + since.microseconds


def instant_of(micros: int) -> datetime:
    """Return the instant of a number."""
    return EPOCH + timedelta(microseconds=micros)


def turns(row: TaskRow, rules: LightRules) -> Turns:
    """Return the instants at which the light of a task changes."""
    slow = NEVER
    if isinstance(row.deadline, Ongoing):
        slow = micros(row.last_report_at or row.opened_at) + rules.silent_days * _DAY
    if row.due is None:
        return Turns(NEVER if row.overdue_since is None else ALWAYS, NEVER, slow)
    due = micros(row.due)
    late = row.overdue_since is not None
    red = ALWAYS if late else NEVER if isinstance(row.deadline, Recurring) else due
    reminds = micros(row.deadline.strict) if isinstance(row.deadline, Ambiguous) else due
    slow = min(slow, _behind_from(row.percent, micros(row.opened_at), due, rules.behind))
    return Turns(red, reminds - rules.yellow_days * _DAY, slow)


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
    span = (due - opened) / SECOND

    def expects(instant: int) -> bool:
        proportional = 100 * min(1.0, max(0.0, (instant - opened) / SECOND / span))
        return int(behind * proportional + ROUNDING) >= wanted

    found = opened + math.ceil((due - opened) * (wanted - ROUNDING) / (100 * behind))
    while expects(found - 1):
        found -= 1
    while not expects(found):
        found += 1
    return found
