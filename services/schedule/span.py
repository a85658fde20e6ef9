"""Spans of the calendar as official phrases name them: a year, a quarter, 10月中旬, a day, 2016—2020年."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
from lark import Tree
from msgspec import Struct

from events.deadline import add_months
from events.working_days import LIBRARY, WorkingDays
from services.schedule.grammar import Node, tokens
from services.schedule.text import numeral

_YEARS_AHEAD = {"今": 0, "本": 0, "当": 0, "明": 1, "来": 1, "后": 2, "次": 1, "翌": 1, "下": 1}
_OF_ISSUE = ("今", "本", "明", "来", "后")
"""These count from the day of issue; 当, 次, 翌 and 下 from what was named before, if anything was."""

_PLAN_YEAR = 1951
"""Plan n (“十三五” is the 13th) begins in 1951 + 5n; so it has been since the third, of 1966."""
_THIRD_PLAN = 3
_QUARTERS = 4
_HOURS = 24
_MINUTES = 60
_YEAR, _MONTH = 4, 2
_TENS = {"上": 0, "初": 0, "中": 1, "下": 2}
"""Of a month, in their order; 月初 is its first ten days, 月中 its second, and 年中 the first half of a year."""

_OF_A_YEAR = {"YEAR", "NAMED_YEAR", "NEAR_YEAR", "PLAN", "THIS_MONTH", "NEAR_MONTH", "THIS_QUARTER", "NEAR_QUARTER"}
"""What tells of which year a time is."""

_NEXT_YEARS = 10
"""The month from which on plans of the next year are issued, too."""

_LAST = 12
"""The month in which nobody plans what is to be done all year (全年) of the same."""

_WEEKDAYS = "一二三四五六日"

_QUARTER = 3
"""Months of a quarter."""


class YearOverError(ValueError):
    """A time without a year that in the year of issue was over long before the document was issued."""


class Origin(Struct, frozen=True):
    """What a phrase is read on: the day the table was issued, and what was named before in the phrase.

    That is the year and month, the beginning of the last month or quarter, when something begins (2022年起), the event
    from which it counts (自批准之日起), and the words of a clause about the work. `days` are the working days.
    """

    issued: date
    zone: ZoneInfo
    year: int | None = None
    month: int | None = None
    latest: datetime | None = None
    since: datetime | None = None
    event: str | None = None
    worded: str = ""
    days: WorkingDays = LIBRARY

    def at(self, year: int, month: int = 1, day: int = 1) -> datetime:
        """Return the first instant of a day; raise ValueError where the calendar has none."""
        try:
            return datetime(year, month, day, tzinfo=self.zone)
        except ValueError as error:
            raise ValueError(f"{year}年{month}月{day}日 is not in the calendar") from error

    def of(self, year: int, month: int | None = None) -> "Origin":
        """Return the same, as if that year and month had been named before."""
        return Origin(self.issued, self.zone, year, month, since=self.since, days=self.days)

    @property
    def ahead(self) -> bool:
        """Whether the document may plan the next year."""
        return self.issued.month >= _NEXT_YEARS

    @property
    def start(self) -> datetime:
        return self.at(self.issued.year, self.issued.month, self.issued.day)


class Span(Struct, frozen=True):
    """A stretch from `start` to `end` (exclusive), the last of a range that began at `first`.

    `unit` is its kind in the names of rules; `last` says that the text means its end (底, 末) or an hour of the day,
    `dated` that it has a year of its own, and `origin` is what the words after it are read on.
    """

    first: datetime
    start: datetime
    end: datetime
    unit: str
    last: bool
    dated: bool
    origin: Origin


def read_span(node: Node, origin: Origin) -> Span:
    """Read a `span`; ValueError if the calendar has none such, or if it is a range that ends before it begins."""
    dates = [each for each in node.children if isinstance(each, Tree)]
    span = read_date(tokens(dates[0]), origin)
    if len(dates) == 1:
        return span
    then = read_date(tokens(dates[1]), span.origin)
    within = then.last and then.end > span.end  # 3月至年底
    if then.start <= span.start and not within:
        raise ValueError("the range ends before it begins")
    return msgspec.structs.replace(then, first=span.start, unit="range", dated=span.dated or then.dated)


def read_date(named: dict[str, str], origin: Origin) -> Span:
    """Read the tokens of a `date` or of the year of a `festival`."""
    if week := named.get("NEAR_WEEK"):
        return _read_week(week, named, origin)
    start, months, unit = _months(named, origin)
    end = add_months(start, months)
    latest = add_months(end, -1) if months <= _QUARTER else None
    if ten := named.get("TEN"):
        part = ten.rstrip("旬")[-1]
        start += timedelta(days=10 * _TENS[part])
        end = end if part == "下" else start + timedelta(days=10)
        unit = "ten-days"
    elif day := named.get("DAY"):
        start = origin.at(start.year, start.month, int(day.partition("(")[0][:-1]))
        end = start + timedelta(days=1)
        unit = "day"
    if hour := named.get("HOUR"):
        end = start + _time_of_day(hour)
        unit = "hour"
    of_next = "ALL_YEAR" in named and origin.issued.month == _LAST
    if not named.keys() & _OF_A_YEAR and origin.year is None and (of_next or _is_far_past(end, origin)):
        raise YearOverError(
            f"it does not say of which year “{''.join(named.values())}” is: this year’s was over when it was issued"
        )
    dated = not named.keys().isdisjoint({"YEAR", "NAMED_YEAR", "NEAR_YEAR", "PLAN"})
    year = start.year if dated else origin.year
    month = start.month if months == 1 else None
    after = msgspec.structs.replace(origin, year=year, month=month, latest=latest)
    return Span(start, start, end, unit, "END" in named or "HOUR" in named, dated, after)


def _is_far_past(end: datetime, origin: Origin) -> bool:
    """Return whether a time of the first half-year is over for a document of the last quarter."""
    return origin.ahead and end <= origin.at(origin.issued.year, 7)


def _read_week(week: str, named: dict[str, str], origin: Origin) -> Span:
    """Read a day of the week of issue or of the next one (下周五), or all of it (本周内); weeks begin on Mondays."""
    start = origin.start - timedelta(days=origin.issued.weekday() - (7 if week.startswith("下") else 0))
    end, unit = start + timedelta(weeks=1), "week"
    if day := _WEEKDAYS.find(week[-1]) + 1:
        start += timedelta(days=day - 1)
        end, unit = start + timedelta(days=1), "day"
    if hour := named.get("HOUR"):
        end, unit = start + _time_of_day(hour), "hour"
    if end <= origin.start:
        raise ValueError(f"“{week}” was over when it was issued")
    after = msgspec.structs.replace(origin, year=start.year, month=start.month)
    return Span(start, start, end, unit, "周末" in week or "HOUR" in named, dated=True, origin=after)


def _months(named: dict[str, str], origin: Origin) -> tuple[datetime, int, str]:
    """Return where the span’s months begin, how many they are, and what they are called."""
    dated = not named.keys().isdisjoint({"YEAR", "NAMED_YEAR", "NEAR_YEAR"})
    for name in named.keys() & {"THIS_MONTH", "NEAR_MONTH", "THIS_QUARTER", "NEAR_QUARTER"}:
        if dated:
            raise ValueError(f"“{named[name]}” does not say which of the year")
        months = 1 if name.endswith("MONTH") else _QUARTER
        latest = None if named[name].startswith("本") else origin.latest
        base = latest or origin.at(origin.issued.year, origin.issued.month)
        begin = add_months(base, -((base.month - 1) % months))
        ahead = months if named[name].startswith("下") else 0
        return add_months(begin, ahead), months, "month" if months == 1 else "quarter"
    if plan := named.get("PLAN"):
        return origin.at(_plan_year(plan.rpartition("五")[0])), 60, "plan"
    year = _year(named, origin)
    if half := named.get("HALF"):
        return origin.at(year, 7 if half[0] == "下" else 1), 6, "half-year"
    if quarter := named.get("QUARTER"):
        number = int("".join(filter(str.isdigit, quarter)))
        if not 1 <= number <= _QUARTERS:
            raise ValueError(f"there is no quarter {number}")
        return origin.at(year, 3 * number - 2), 3, "quarter"
    if month := named.get("MONTH"):
        return origin.at(year, int(month.partition("月")[0])), 1, "month"
    if day := named.get("DAY"):
        if origin.month is None:
            raise ValueError(f"it does not say of which month the {day} is")
        return origin.at(year, origin.month), 1, "month"
    return origin.at(year), 12, "year"


def _year(named: dict[str, str], origin: Origin) -> int:
    if stated := named.get("YEAR") or named.get("NAMED_YEAR"):
        return int(stated[:_YEAR])
    near = named.get("NEAR_YEAR", "今")[0]
    before = "NEAR_YEAR" in named and near in _OF_ISSUE
    return (origin.issued.year if origin.year is None or before else origin.year) + _YEARS_AHEAD[near]


def _plan_year(plan: str) -> int:
    number = numeral(plan)
    if number is None or number < _THIRD_PLAN:
        raise ValueError(f"there is no plan {plan}五")
    return _PLAN_YEAR + 5 * number


def _time_of_day(text: str) -> timedelta:
    """Read 下午5时, 17:00, 24时 or 9点半."""
    digits = "".join(character if character.isdigit() else " " for character in text).split()
    hour = int(digits[0])
    minute = 30 if "半" in text else int(digits[1]) if len(digits) > 1 else 0
    if text.startswith(("下午", "晚")) and hour < _HOURS // 2:
        hour += 12
    elif text.startswith("晚") and hour == _HOURS // 2:
        hour = _HOURS
    if minute >= _MINUTES or timedelta(hours=hour, minutes=minute) > timedelta(hours=_HOURS):
        raise ValueError(f"a day has no {hour}:{minute:02}")
    return timedelta(hours=hour, minutes=minute)
