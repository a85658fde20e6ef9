"""Periods counted from the issue of the document (15个工作日内, 3个月内), by the Civil Code of the PRC."""

from datetime import date, datetime, timedelta
from functools import cache

import chinese_calendar

from events.deadline import add_months

PERIODS = {"days", "working-days", "weeks", "months", "years"}
"""The rules that count from a day."""

_SATURDAY = 5


def last_day(period: dict[str, str], start: datetime) -> tuple[datetime, str]:
    """Return the last day of a `period` that begins on a day, and the rule that counts it.

    The day after the beginning is day 1 (art. 201), and the last day counts in full. Months and years end on the day of
    the month on which they began, or on the month’s last (art. 202); half a month is 15 days. Where the last day is a
    rest day, the next working day is the last (art. 203); working days end on one anyway. ValueError where working days
    are counted in a year whose calendar is not published.
    """
    count = int(period.get("COUNT", 1))
    if count == 0:
        raise ValueError("0 is no time to do it in")
    if "WORKING_DAYS" in period:
        return _working_day(start, count), "working-days"
    if "DAYS" in period or "HALF_MONTH" in period:
        return _moved(start + timedelta(days=15 if "HALF_MONTH" in period else count)), "days"
    if "WEEKS" in period:
        return _moved(start + timedelta(weeks=count)), "weeks"
    if "YEARS" in period:
        return _moved(add_months(start, 12 * count)), "years"
    return _moved(add_months(start, 6 if "HALF_YEAR" in period else count)), "months"


@cache  # the library searches all its days each time
def is_published(year: int) -> bool:
    """Return whether the State Council’s calendar of that year, with its holidays and 调休, is known here."""
    try:
        chinese_calendar.is_workday(date(year, 1, 1))
    except NotImplementedError:  # how the library says that it has no calendar of that year
        return False
    return True


def _moved(day: datetime) -> datetime:
    """Return the first working day from a day on; where the calendar is not published, Saturdays and Sundays rest.

    A far year has no calendar for long, and a deadline that is wrong by a holiday can be clarified; none at all cannot
    be reminded of. `explain` says where a reading rests on weekends alone.
    """
    while not is_working(day.date()):
        day += timedelta(days=1)
    return day


@cache
def is_working(day: date) -> bool:
    """Return whether offices work on a day; where the calendar is not published, Saturdays and Sundays rest."""
    return bool(chinese_calendar.is_workday(day)) if is_published(day.year) else day.weekday() < _SATURDAY


def _working_day(day: datetime, count: int) -> datetime:
    """Return the working day so many after a day, by the State Council’s calendar with its 调休."""
    while count:
        day += timedelta(days=1)
        if not is_published(day.year):
            raise ValueError(f"the working days of {day.year} are not published yet, or no longer kept")
        count -= is_working(day.date())
    return day
