"""Times in the rules of alerts, as a ledger's file has them: durations, days after a due, times of day. Pure."""

import re
from datetime import date, datetime, time, timedelta, tzinfo
from functools import cache
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

Weekday: TypeAlias = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

WEEKDAYS: tuple[str, ...] = get_args(Weekday)

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DURATION = re.compile(r"(0|[1-9][0-9]{0,4})([smhdw])", re.ASCII)
_AFTER = re.compile(r"([1-9][0-9]{0,3})(d|wd)", re.ASCII)
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])", re.ASCII)


class After(NamedTuple):
    """A number of calendar days, or of working days."""

    days: int
    working: bool

    @property
    def calendar_days(self) -> float:
        """About how many calendar days these are: five working days are a week."""
        return self.days * 7 / 5 if self.working else self.days


class QuietHours(NamedTuple):
    """The time of day from `start` to `end`, over midnight if `end` is not later; nothing is sent that may wait."""

    start: time
    end: time

    def has(self, at: time) -> bool:
        """Return whether a time of day is in the quiet hours."""
        if self.start < self.end:
            return self.start <= at < self.end
        return at >= self.start or at < self.end


@cache
def duration(key: str, text: str) -> timedelta:
    """Read a duration such as `10m`; raise ValueError that names the key."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError(f"{key}: {text!r} is no duration; one is a number and s, m, h, d or w, such as 10m")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def repeat_interval(text: str) -> timedelta:
    """Read the time after which an alert is repeated, a day at least; raise ValueError that names the key."""
    found = duration("repeat_interval", text)
    if found.days < 1:
        raise ValueError(f"repeat_interval: {text!r} is less than a day; one is at least 1d")
    return found


@cache
def after(key: str, text: str) -> After:
    """Read `7d` (calendar days) or `5wd` (working days); raise ValueError that names the key."""
    found = _AFTER.fullmatch(text)
    if found is None:
        raise ValueError(f"{key}: {text!r} is no number of days; right are 7d (calendar days) and 5wd (working days)")
    return After(int(found[1]), found[2] == "wd")


@cache
def time_of_day(key: str, text: str) -> time:
    """Read a time of day such as `08:30`; raise ValueError that names the key."""
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError(f"{key}: {text!r} is no time of day; one lies between 00:00 and 23:59, such as 08:30")
    return time(int(found[1]), int(found[2]))


@cache
def quiet_hours(key: str, text: str) -> QuietHours | None:
    """Read quiet hours such as `20:00-08:00`, None if empty; raise ValueError that names the key."""
    if not text:
        return None
    start, dash, end = text.partition("-")
    if not dash:
        raise ValueError(f"{key}: {text!r} are no quiet hours; they look like 20:00-08:00")
    hours = QuietHours(time_of_day(key, start.strip()), time_of_day(key, end.strip()))
    if hours.start == hours.end:
        raise ValueError(f"{key}: {text!r} is the whole day; nothing would ever be sent")
    return hours


def instant(key: str, value: Any) -> datetime | date:
    """Read a day, or an instant with an offset, as TOML has them or as text; raise ValueError that names the key."""
    found = value
    if isinstance(value, str):
        try:
            found = date.fromisoformat(value) if len(value) == len("2018-02-15") else datetime.fromisoformat(value)
        except ValueError:
            found = None
    if isinstance(found, datetime) and found.tzinfo is None:
        found = None
    if not isinstance(found, date):
        raise ValueError(  # noqa: TRY004 - the file is wrong, not an argument's type
            f"{key}: {value!s} is no day (2018-02-15) and no instant with an offset"
        )
    return found


def instant_in(key: str, value: Any, zone: tzinfo) -> datetime:
    """Read an instant, or a day, which begins at midnight of a zone; raise ValueError that names the key."""
    found = instant(key, value)
    return found if isinstance(found, datetime) else datetime.combine(found, time(), zone)
