"""Calendars as data: the files `calendars/cn-<year>.json` beside the ledgers' files, in the format of holiday-cn.

The format: https://github.com/NateScarlet/holiday-cn (schema.json). A file has the days that the State Council's
notice for a year names, some of them in the December before it. A file without days is that of a year whose notice is
not published yet: it is no calendar.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Protocol

import msgspec
from msgspec import Struct, field

from events.ledger import Ledger
from events.working_days import WorkingDays
from services.common.clock import Clock
from services.common.settings import SettingsError

FOLDER = "calendars"

_NAME = re.compile(r"cn-([0-9]{4})\.json")
_BYTE = re.compile(r" \(byte ([0-9]+)\)$")
_DECEMBER = 12

_RIGHT = 'each of `days` is like {"name": "元旦", "date": "2027-01-01", "isOffDay": true}'


class CalendarDay(Struct, frozen=True):
    """A day that a notice names: a holiday, or a Saturday or Sunday that is worked."""

    date: date
    is_off: bool = field(name="isOffDay")
    name: str = ""


class Clocked(Protocol):
    """What runs by a ledger's clock: an endpoint, which commands need not import."""

    @property
    def clock(self) -> Clock: ...


class Calendar(Struct, frozen=True):
    """The days that the notice for a year names; holiday-cn's other members are not needed."""

    year: int
    days: tuple[CalendarDay, ...]


def load_working_days(directory: Path) -> WorkingDays:
    """Return the working days by the calendars beside the ledgers' files, and by the library; raises SettingsError."""
    return working_days(load_calendars(directory))


def load_calendars(directory: Path) -> list[Calendar]:
    """Return the calendars beside the ledgers' files; raises SettingsError for one that is wrong."""
    return [load_calendar(path) for path in sorted((directory / FOLDER).glob("*.json"))]


def working_days(calendars: Iterable[Calendar]) -> WorkingDays:
    """Return the working days by calendars; of a December day the notice for the year after is the later word."""
    published = sorted((one for one in calendars if one.days), key=lambda one: one.year)
    named = {day.date: not day.is_off for one in published for day in one.days}
    return WorkingDays(frozenset(one.year for one in published), named)


def calendar_path(directory: Path, year: int) -> Path:
    """Return where the calendar of a year lies; `directory` is that of the ledgers' files."""
    return directory / FOLDER / f"cn-{year}.json"


def load_calendar(path: Path) -> Calendar:
    """Read one file; raises SettingsError that names the file and the member, and says what would be right."""
    named = _NAME.fullmatch(path.name)
    if named is None:
        raise SettingsError(f"{path}: a calendar is named cn-<year>.json, such as cn-2027.json")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from error
    try:
        calendar = read_calendar(content)
    except ValueError as error:
        raise SettingsError(f"{path}: {error}") from error
    if calendar.year != int(named[1]):
        raise SettingsError(f"{path}: year is {calendar.year}, but the name of the file says {named[1]}")
    return calendar


def read_calendar(content: bytes) -> Calendar:
    """Read the bytes of a calendar in holiday-cn's format; raises ValueError with line or member, and what is right."""
    content = content.removeprefix(b"\xef\xbb\xbf")
    try:
        calendar = msgspec.json.decode(content, type=Calendar)
    except msgspec.ValidationError as error:
        wrong, _, member = str(error).partition(" - at `$")
        place = member.strip("`.") or "the file"
        raise ValueError(f"{place}: {wrong}; {_RIGHT}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        at = _BYTE.search(str(error))
        line = content[: int(at[1])].count(b"\n") + 1 if at else None
        wrong = _BYTE.sub("", str(error))
        raise ValueError(
            f"{f'line {line}: ' if line else ''}{wrong}; the file is JSON, as holiday-cn has it"
        ) from error
    _check_days(calendar)
    return calendar


def missing_calendars(
    directory: Path, days: WorkingDays, ledgers: Mapping[str, Ledger], endpoints: Mapping[str, Clocked]
) -> list[str]:
    """Return a warning for each year whose calendar a ledger needs by its own clock, from November on the next one's.

    `directory` is that of the ledgers' files.
    """
    today = {ledgers[name].day(one.clock.now()) for name, one in endpoints.items()}
    years = sorted({year for day in today for year in days.lacking(day)})
    return [
        f"the calendar of {year} is missing: alerts count Monday to Friday as working days, and documents that count"
        f" working days of {year} are refused; once the State Council has published it, put {year}.json of"
        f" https://github.com/NateScarlet/holiday-cn there as {calendar_path(directory, year)}, and restart"
        for year in years
    ]


def _check_days(calendar: Calendar) -> None:
    """Raise ValueError for a day of another time than the year and the December before, or one that is named twice."""
    seen: dict[date, bool] = {}
    for number, day in enumerate(calendar.days):
        before = day.date.year == calendar.year - 1 and day.date.month == _DECEMBER
        if day.date.year != calendar.year and not before:
            raise ValueError(
                f"days[{number}].date: {day.date} is neither in {calendar.year} nor in the December before it"
            )
        if seen.setdefault(day.date, day.is_off) != day.is_off:
            raise ValueError(f"days[{number}].isOffDay: {day.date} is named before with the opposite; keep one of them")
