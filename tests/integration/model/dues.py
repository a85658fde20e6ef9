"""The model's calendar: when deadlines fall due, by DESIGN's table of kinds, over plain JSON."""

import calendar
import itertools
from collections.abc import Iterator
from datetime import datetime
from typing import Any

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
            yield later(instant(deadline["first"]), number * MONTHS[deadline["every"]])


def later(start: datetime, months: int) -> datetime:
    """Return the same time of the same day so many months later, or of that month's last day."""
    total = start.year * 12 + (start.month - 1) + months
    year, month = total // 12, total % 12 + 1
    return start.replace(year=year, month=month, day=min(start.day, calendar.monthrange(year, month)[1]))
