"""The instants at which a task's light turns, as numbers: whole microseconds since 1970 (UTC). Pure."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

NEVER = 2**63 - 1
"""Later than every instant: no due instant, no light of that colour."""

ALWAYS = -(2**63)
"""Earlier than every instant."""

SECOND = 1_000_000
"""Microseconds."""

DAY = 86_400 * SECOND


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
