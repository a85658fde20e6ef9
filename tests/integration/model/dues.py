"""The model's calendar: when deadlines fall due, by DESIGN's table of kinds, over plain JSON."""

import calendar
import itertools
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
MONTHS = {"month": 1, "quarter": 3, "half-year": 6, "year": 12}


def instant(text: str) -> datetime:
    """Read RFC 3339."""
    return datetime.fromisoformat(text)


def dues(deadline: dict[str, Any]) -> Iterator[datetime]:
    """Yield every instant at which a deadline passes, the earliest first; without end for one that recurs."""
    kind = deadline["kind"]
    if kind == "fixed":
        yield instant(deadline["due"])
    elif kind == "ambiguous":
        yield instant(deadline["loose"])
    elif kind == "milestones":
        for step in deadline["milestones"]:
            yield instant(step["due"])
    elif kind == "recurring":
        for number in itertools.count():
            yield recurrence(deadline, number)


def recurrence(deadline: dict[str, Any], number: int) -> datetime:
    """Return the due instant so many periods after the first (or before it), stepped by the last day in time."""
    first = instant(deadline["first"]).astimezone(ZONE)
    last = first - timedelta(microseconds=1)
    ends = first.day == 1 and last.date() < first.date()
    total = last.year * 12 + (last.month - 1) + number * MONTHS[deadline["every"]]
    year, month = total // 12, total % 12 + 1
    length = calendar.monthrange(year, month)[1]
    return last.replace(year=year, month=month, day=length if ends else min(last.day, length)) + timedelta(
        microseconds=1
    )


def later(start: datetime, months: int) -> datetime:
    """Return the same time of the same day so many months later, or of that month's last day."""
    total = start.year * 12 + (start.month - 1) + months
    year, month = total // 12, total % 12 + 1
    return start.replace(year=year, month=month, day=min(start.day, calendar.monthrange(year, month)[1]))
