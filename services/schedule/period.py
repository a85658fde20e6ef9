"""Periods counted from the issue of the document (15个工作日内, 3个月内), by the Civil Code of the PRC."""

from datetime import datetime, timedelta

from events.deadline import add_months
from events.working_days import WorkingDays

PERIODS = {"days", "working-days", "weeks", "months", "years"}
"""The rules that count from a day."""


def last_day(period: dict[str, str], start: datetime, days: WorkingDays) -> tuple[datetime, str]:
    """Return the last day of a `period` that begins on a day, and the rule that counts it.

    The day after the beginning is day 1 (art. 201), and the last day counts in full. Months and years end on the day of
    the month on which they began, or on the month’s last (art. 202); half a month is 15 days. Where the last day is a
    rest day, the next working day is the last (art. 203); working days end on one anyway. ValueError where working days
    are counted in a year whose calendar is not published, and for hours.
    """
    count = int(period.get("COUNT", 1))
    if count == 0:
        raise ValueError("0 is no time to do it in")
    if "HOURS" in period:
        raise ValueError(f"{count} hours end at no day")
    if "WORKING_DAYS" in period:
        return _working_day(start, count, days), "working-days"
    if "DAYS" in period or "HALF_MONTH" in period:
        return _moved(start + timedelta(days=15 if "HALF_MONTH" in period else count), days), "days"
    if "WEEKS" in period:
        return _moved(start + timedelta(weeks=count), days), "weeks"
    if "YEARS" in period:
        return _moved(add_months(start, 12 * count), days), "years"
    return _moved(add_months(start, 6 if "HALF_YEAR" in period else count), days), "months"


def _moved(day: datetime, days: WorkingDays) -> datetime:
    """Return the first working day from a day on; where the calendar is not published, Saturdays and Sundays rest.

    A far year has no calendar for long, and a deadline that is wrong by a holiday can be clarified; none at all cannot
    be reminded of. `explain` says where a reading rests on weekends alone.
    """
    while not days.is_working(day.date()):
        day += timedelta(days=1)
    return day


def _working_day(day: datetime, count: int, days: WorkingDays) -> datetime:
    """Return the working day so many after a day, by the State Council’s calendar with its 调休."""
    last = days.after(day.date(), count)
    for year in range((day + timedelta(days=1)).year, last.year + 1):
        if not days.known(year):
            raise ValueError(f"the working days of {year} are not published yet, or no longer kept")
    return day + (last - day.date())
