"""A clause that counts from the day of issue (15个工作日内, 3个月内)."""

import re
from datetime import date, datetime, timedelta

import chinese_calendar

from events.deadline import Fixed, add_months
from services.ingest.schedule.span import Origin
from services.ingest.schedule.words import after_lead_in, check_no_time

_COUNTED = re.compile(
    r"""
    (?: 今后|未来|即日起|(?:本[^0-9,后]{0,10})?(?:印发|下发|发布|公布|发文|交办)(?:之日|[之以]?后|日)?起? )?的?
    (?: (?P<half>半)年
      | (?P<count>[0-9]{1,3})
        (?: 个?(?P<working>工作日) | (?P<days>[日天]) | (?P<weeks>周|个?星期) | 个(?P<months>月) | (?P<years>年) )
    )
    (?P<within>[以之]?内)?
    """,
    re.VERBOSE,
)


def read_counted(clause: str, origin: Origin) -> Fixed | None:
    """Read a normalised clause that counts days, working days, weeks, months or years; None if it does not.

    The day after the day of issue is day 1, and the last day counts in full; a period of months ends on the day of the
    month on which it began (Civil Code of the PRC, articles 201 and 202). Raises ValueError where the working days of a
    year are not published yet.
    """
    match = _COUNTED.match(clause, after_lead_in(clause))
    if match is None:
        return None
    rest = clause[match.end() :]
    if not match["within"] and (rest or match["days"] == "日" or match["years"]):
        return None
    check_no_time(rest)
    count = int(match["count"] or 0)
    if count == 0 and not match["half"]:
        raise ValueError("0 is no time to do it in")
    return Fixed(clause, _last_day(match, count, origin.start) + timedelta(days=1))


def _last_day(match: re.Match[str], count: int, start: datetime) -> datetime:
    if match["working"]:
        return _working_day(start, count)
    if match["days"] or match["weeks"]:
        return start + timedelta(days=count if match["days"] else 7 * count)
    return add_months(start, 6 if match["half"] else count if match["months"] else 12 * count)


def _working_day(day: datetime, count: int) -> datetime:
    """Return the working day so many after a day, by the State Council’s calendar with its 调休."""
    while count:
        day += timedelta(days=1)
        count -= _is_working(day.date())
    return day


def _is_working(day: date) -> bool:
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError as error:
        raise ValueError(f"the working days of {day.year} are not published yet, or no longer kept") from error
