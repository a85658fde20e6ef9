"""Spans of the calendar as official phrases name them: a year, a quarter, 10月中旬, a day, 2016—2020年."""

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from events.deadline import add_months
from services.ingest.schedule.text import numeral

_SPAN = re.compile(
    r"""
    (?: (?<![0-9])(?P<year>[0-9]{4})(?:年度?|(?=[底末]))
      | (?P<near_year>[今本当明来后次翌])年度?
      | (?P<plan>[一二三四五六七八九十]+)五(?:规划)?(?:期间?|时期|(?=[底末内前]|$))
    )?
    (?: (?P<half>[上下])半年
      | [前第]?(?P<quarter>[0-9]{1,2})季(?:度|(?=[底末内]))
      | (?P<near_quarter>[本当下])个?季度
      | (?:(?<![0-9])(?P<month>[0-9]{1,2})|(?P<near_month>[本当下])个?)月份?
        (?: (?P<ten>[上中下])旬
          | (?P<day>[0-9]{1,2})[日号]
            (?: (?P<noon>上午|下午|晚上?)?(?P<hour>[0-9]{1,2})(?:[时点]|:(?=[0-9]))(?P<minute>[0-9]{1,2}|半)?分?整? )?
        )?
      | (?<![0-9])(?P<lone_day>[0-9]{1,2})[日号](?![以之]?内)
      | (?P<bare>全年|年度?(?=[底末内终])|月(?=[底末内])|季度?(?=[底末内]))
    )?
    (?P<last>[底末终])?
    """,
    re.VERBOSE,
)
_TO = re.compile(r"起?[-至到]")

_YEARS_AHEAD = {"": 0, "今": 0, "本": 0, "当": 0, "明": 1, "来": 1, "后": 2, "次": 1, "翌": 1}
_OF_ISSUE = ("今", "本", "明", "来", "后")
"""These count from the day of issue; 当年 and 次年 from the year named before, if there is one."""

_PLAN_YEAR = 1951
"""Plan n (“十三五” is the 13th) begins in 1951 + 5n; so it has been since the third, of 1966."""
_THIRD_PLAN = 3
_QUARTERS = 4
_HOURS = 24
_MINUTES = 60


class Origin(Struct, frozen=True):
    """What a phrase is read on: the day the table was issued, and the year and month named before in the phrase."""

    issued: date
    zone: ZoneInfo
    year: int | None = None
    month: int | None = None

    def at(self, year: int, month: int = 1, day: int = 1) -> datetime:
        """Return the first instant of a day; raise ValueError where the calendar has none."""
        try:
            return datetime(year, month, day, tzinfo=self.zone)
        except ValueError as error:
            raise ValueError(f"{year}年{month}月{day}日 is not in the calendar") from error

    @property
    def start(self) -> datetime:
        return self.at(self.issued.year, self.issued.month, self.issued.day)


class Span(Struct, frozen=True):
    """A stretch from `start` to `end` (exclusive), the last of a range that began at `first`.

    `last` says that the text means its end (底, 末) or an hour of the day, `stop` where in the text the next words
    begin, `origin` what they are read on.
    """

    first: datetime
    start: datetime
    end: datetime
    last: bool
    stop: int
    origin: Origin


def read_span(text: str, begin: int, origin: Origin) -> Span | None:
    """Read the span or the range of spans at `begin`; None if there is none, ValueError if the calendar has none."""
    span = _read_one(text, begin, origin)
    to = _TO.match(text, span.stop) if span else None
    then = _read_one(text, to.end(), span.origin) if span and to else None
    if span is None or then is None:
        return span
    if then.start <= span.start:
        raise ValueError("the range ends before it begins")
    return msgspec.structs.replace(then, first=span.start)


def _read_one(text: str, begin: int, origin: Origin) -> Span | None:
    match = _SPAN.match(text, begin)
    if match is None or match[0] == (match["last"] or ""):  # 底 alone is the end of nothing
        return None
    named = match.groupdict()
    start, months = _months(named, origin)
    end = add_months(start, months)
    if ten := named["ten"]:
        start += timedelta(days=10 * "上中下".index(ten))
        end = end if ten == "下" else start + timedelta(days=10)
    elif day := named["day"] or named["lone_day"]:
        start = origin.at(start.year, start.month, int(day))
        end = start + timedelta(days=1)
    if named["hour"]:
        end = start + _time_of_day(named)
    year = start.year if named["year"] or named["near_year"] else origin.year
    after = msgspec.structs.replace(origin, year=year, month=start.month if months == 1 else None)
    return Span(start, start, end, bool(named["last"] or named["hour"]), match.end(), after)


def _months(named: dict[str, str | None], origin: Origin) -> tuple[datetime, int]:
    """Return where the span’s months begin and how many they are."""
    bare = named["bare"] or ""
    if bare[:1] in ("月", "季") and (named["year"] or named["near_year"]):
        raise ValueError(f"it does not say which {bare[:1]} of the year")
    this_month = origin.at(origin.issued.year, origin.issued.month)
    this_quarter = add_months(this_month, -((this_month.month - 1) % 3))
    year = _year(named, origin)
    if plan := named["plan"]:
        return origin.at(_plan_year(plan)), 60
    if half := named["half"]:
        return origin.at(year, 1 if half == "上" else 7), 6
    if quarter := named["quarter"]:
        if not 1 <= int(quarter) <= _QUARTERS:
            raise ValueError(f"there is no quarter {quarter}")
        return origin.at(year, 3 * int(quarter) - 2), 3
    if month := named["month"]:
        return origin.at(year, int(month)), 1
    if day := named["lone_day"]:
        if origin.month is None:
            raise ValueError(f"it does not say of which month the {day}日 is")
        return origin.at(year, origin.month), 1
    if (near := named["near_quarter"]) or bare[:1] == "季":
        return add_months(this_quarter, 3 if near == "下" else 0), 3
    if (near := named["near_month"]) or bare == "月":
        return add_months(this_month, 1 if near == "下" else 0), 1
    return origin.at(year), 12


def _year(named: dict[str, str | None], origin: Origin) -> int:
    near = named["near_year"] or ""
    named_before = origin.issued.year if origin.year is None or near in _OF_ISSUE else origin.year
    return int(named["year"] or named_before + _YEARS_AHEAD[near])


def _plan_year(plan: str) -> int:
    number = numeral(plan)
    if number is None or number < _THIRD_PLAN:
        raise ValueError(f"there is no plan {plan}五")
    return _PLAN_YEAR + 5 * number


def _time_of_day(named: dict[str, str | None]) -> timedelta:
    hour = int(named["hour"] or 0)
    minute = 30 if named["minute"] == "半" else int(named["minute"] or 0)
    if named["noon"] and named["noon"] != "上午" and hour < _HOURS // 2:
        hour += 12
    if minute >= _MINUTES or timedelta(hours=hour, minutes=minute) > timedelta(hours=_HOURS):
        raise ValueError(f"a day has no {hour}:{minute:02}")
    return timedelta(hours=hour, minutes=minute)
