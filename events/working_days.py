"""Working days (工作日): the State Council's calendars, with their 调休, and weekends where there is none. Pure.

A calendar given as data wins over the library `chinese_calendar`, which ends with the last year published when it was
released.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache

import chinese_calendar
from msgspec import Struct, field

WARNED_FROM = 11
"""The month from which the calendar of the next year is expected: the notice comes in late October or November."""

_SATURDAY = 5


class WorkingDays(Struct, frozen=True):
    """Which days are worked.

    `years` are the years that have a calendar as data, `named` the days that these calendars name: whether each is
    worked. The notice of a year may name days of the December before it.
    """

    years: frozenset[int] = frozenset()
    named: dict[date, bool] = field(default_factory=dict)

    def known(self, year: int) -> bool:
        """Return whether the State Council's calendar of a year is known."""
        return year in self.years or _in_library(year)

    def is_working(self, day: date) -> bool:
        """Return whether a day is worked; in a year whose calendar is not known, Monday to Friday are."""
        if day in self.named:
            return self.named[day]
        if day.year in self.years or not _in_library(day.year):
            return day.weekday() < _SATURDAY
        return bool(chinese_calendar.is_workday(day))

    def after(self, day: date, count: int) -> date:
        """Return the working day so many after a day, whose next one is the first; the day itself for 0."""
        while count > 0:
            day += timedelta(days=1)
            count -= self.is_working(day)
        return day

    def lacking(self, today: date) -> Iterator[int]:
        """Yield the years without a calendar that is needed by now: this one, and from November on the next."""
        yield from (
            year
            for year in (today.year, today.year + 1)
            if not self.known(year) and (year == today.year or today.month >= WARNED_FROM)
        )


LIBRARY = WorkingDays()
"""The calendars of the library alone."""


@cache  # the library searches all its days each time
def _in_library(year: int) -> bool:
    try:
        chinese_calendar.is_workday(date(year, 1, 1))
    except NotImplementedError:  # how the library says that it has no calendar of that year
        return False
    return True
