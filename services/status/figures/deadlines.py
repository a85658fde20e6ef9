"""How many tasks fall due on each day, and by month. Pure.

A task counts on its `due_day`, the last day on which it is in time: of steps and occurrences, that is the next one.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Annotated

from msgspec import Meta, Struct
from sortedcontainers import SortedDict

from services.status.figures.measured import Measured
from services.status.row import Light

MONTHS = 13
"""Months of the overview, from the current one on: a year ahead, and the same month of the next year beside it."""


class Deadlines(Struct):
    """The tasks that fall due in some time: `due` in all, of them `closed` and `overdue` (red)."""

    due: int = 0
    closed: int = 0
    overdue: int = 0


class Month(Struct):
    """The deadlines of a month (2018-12)."""

    month: Annotated[str, Meta(pattern="^[0-9]{4}-(0[1-9]|1[0-2])$")]
    due: int = 0
    closed: int = 0
    overdue: int = 0


class Day(Struct, frozen=True):
    """The deadlines of a day."""

    day: date
    due: int
    closed: int
    overdue: int


class DueMonths(Struct, frozen=True):
    """Thirteen months from the current one on, what falls due earlier and later, and how many tasks have no due day."""

    months: list[Month]
    earlier: Deadlines
    beyond: Deadlines
    without: int


class CalendarDays(Struct, frozen=True):
    """The days on which tasks fall due, from one day to another, both included; other days have none."""

    items: list[Day]
    next: None
    total: int
    position: int


class DueDays:
    """The number of tasks by the day on which they fall due."""

    def __init__(self) -> None:
        self._days: SortedDict[date, Deadlines] = SortedDict()
        self._without = 0

    def update(self, old: Measured | None, new: Measured) -> None:
        """Replace what one task contributed by what it contributes now."""
        if old is not None:
            self.add(old.row.due_day, old.row.light, -1)
        self.add(new.row.due_day, new.row.light)

    def schedule(self, today: date) -> DueMonths:
        """Return the months as of a day, and what lies before and after them."""
        months = [Month(name) for name in _months(today)]
        by_name = {month.month: month for month in months}
        earlier, beyond = Deadlines(), Deadlines()
        for day, found in self._days.items():
            name = f"{day:%Y-%m}"
            _add(by_name.get(name) or (earlier if name < months[0].month else beyond), found)
        return DueMonths(months, earlier, beyond, self._without)

    def between(self, first: date, last: date) -> list[Day]:
        """Return the days that have deadlines, from `first` to `last`."""
        days = self._days.irange(first, last)
        return [Day(day, one.due, one.closed, one.overdue) for day, one in ((day, self._days[day]) for day in days)]

    def add(self, day: date | None, light: Light, number: int = 1) -> None:
        """Count so many tasks with a due day and a light; a negative number takes them out."""
        if day is None:
            self._without += number
            return
        found = self._days.setdefault(day, Deadlines())
        found.due += number
        found.closed += number if light == "blue" else 0
        found.overdue += number if light == "red" else 0
        if not found.due:
            del self._days[day]


def next_deadlines(tasks: Iterable[Measured], today: date, days: int) -> list[Measured]:
    """Return the open tasks that fall due from a day on within so many days, the earliest first."""
    last = today + timedelta(days=days)
    near = [task for task in tasks if _is_near(task, today, last)]
    return sorted(near, key=lambda task: (task.row.due_day or today, task.row.plan, task.row.row or 0, task.row.task))


def _is_near(task: Measured, first: date, last: date) -> bool:
    row = task.row
    return row.state != "closed" and row.light != "red" and row.due_day is not None and first <= row.due_day <= last


def _months(today: date) -> Iterator[str]:
    for number in range(today.year * 12 + today.month - 1, today.year * 12 + today.month - 1 + MONTHS):
        year, month = divmod(number, 12)
        yield f"{year:04}-{month + 1:02}"


def _add(total: Deadlines | Month, part: Deadlines) -> None:
    total.due += part.due
    total.closed += part.closed
    total.overdue += part.overdue
