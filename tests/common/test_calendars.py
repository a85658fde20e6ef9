"""Calendars as data: holiday-cn's files beside the ledgers' files."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from events.ledger import Ledger
from events.working_days import WorkingDays
from services.common.calendars import load_working_days, missing_calendars
from services.common.settings import SettingsError
from tests.fixed_clock import FixedClock

DAY = {"name": "元旦", "date": "2027-01-01", "isOffDay": True}


def write(directory: Path, year: int, *days: dict[str, Any], name: str = "") -> None:
    """Write a calendar as holiday-cn does."""
    (directory / "calendars").mkdir(exist_ok=True)
    calendar = {"$schema": "…", "year": year, "papers": ["https://www.gov.cn/…"], "days": days}
    text = json.dumps(calendar, ensure_ascii=False, indent=4)
    (directory / "calendars" / (name or f"cn-{year}.json")).write_text(text, encoding="utf-8")


def test_a_calendar_beside_the_ledgers_makes_its_year_known(tmp_path: Path) -> None:
    """Without one, the year stays unknown; there need not be a directory."""
    assert load_working_days(tmp_path) == WorkingDays()
    write(tmp_path, 2027, DAY, {**DAY, "date": "2027-01-03", "isOffDay": False})
    days = load_working_days(tmp_path)
    assert days.known(2027)
    assert [days.is_working(date(2027, 1, number)) for number in (1, 2, 3, 4)] == [False, False, True, True]


def test_a_file_without_days_is_no_calendar(tmp_path: Path) -> None:
    """holiday-cn has a file for a year whose notice is not published, with no days: nothing would be a holiday."""
    write(tmp_path, 2027)
    assert not load_working_days(tmp_path).known(2027)


def test_of_a_december_day_the_notice_for_the_year_after_counts(tmp_path: Path) -> None:
    """It is the later one, as of 2006-12-30, which the notice for 2007 made a working day."""
    write(tmp_path, 2026, {**DAY, "date": "2026-12-31", "isOffDay": False})
    write(tmp_path, 2027, {**DAY, "date": "2026-12-31"})
    assert not load_working_days(tmp_path).is_working(date(2026, 12, 31))


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ([{"date": "2027-01-01"}], r"days\[0\]: .*`isOffDay`.*\"isOffDay\": true"),
        ([DAY, {**DAY, "date": "1 January"}], r"days\[1\]\.date: .*\"date\": \"2027-01-01\""),
        ([{**DAY, "isOffDay": "yes"}], r"days\[0\]\.isOffDay: Expected `bool`"),
        ([{**DAY, "date": "2028-01-01"}], r"days\[0\]\.date: 2028-01-01 is neither in 2027 nor in the December before"),
        ([{**DAY, "date": "2026-11-30"}], r"days\[0\]\.date: 2026-11-30 is neither"),
        ([DAY, {**DAY, "isOffDay": False}], r"days\[1\]\.isOffDay: 2027-01-01 is named before with the opposite"),
    ],
)
def test_a_wrong_member_is_named_with_what_is_right(tmp_path: Path, days: list[dict[str, Any]], said: str) -> None:
    """The file, the member, what is wrong, an example."""
    write(tmp_path, 2027, *days)
    with pytest.raises(SettingsError, match=rf"calendars/cn-2027\.json: {said}"):
        load_working_days(tmp_path)


def test_a_file_of_another_year_or_name_or_none_of_json_is_refused(tmp_path: Path) -> None:
    """A name by which a calendar would be looked for in vain must not be passed over."""
    write(tmp_path, 2026, name="cn-2027.json")
    with pytest.raises(SettingsError, match=r"cn-2027\.json: year is 2026, but the name of the file says 2027"):
        load_working_days(tmp_path)
    (tmp_path / "calendars" / "cn-2027.json").write_text('{\n"year": 2027,\n"days": [}', encoding="utf-8")
    with pytest.raises(SettingsError, match=r"cn-2027\.json: line 3: JSON is malformed.*holiday-cn"):
        load_working_days(tmp_path)
    (tmp_path / "calendars" / "cn-2027.json").rename(tmp_path / "calendars" / "2027.json")
    with pytest.raises(SettingsError, match=r"2027\.json: a calendar is named cn-<year>\.json"):
        load_working_days(tmp_path)


def test_a_missing_calendar_is_warned_of_by_the_ledgers_clock(tmp_path: Path) -> None:
    """From 1 November before the year, once for all ledgers; the warning says which file is to be put where."""
    ledgers = {"a": Ledger("甲"), "b": Ledger("乙")}

    def warned(at: datetime) -> list[str]:
        endpoints = {name: SimpleNamespace(redis=None, clock=FixedClock(at)) for name in ledgers}
        return missing_calendars(tmp_path, WorkingDays(frozenset({2098})), ledgers, endpoints)

    assert warned(datetime(2098, 10, 31, 15, 59, tzinfo=UTC)) == []
    (warning,) = warned(datetime(2098, 10, 31, 16, 0, tzinfo=UTC))
    assert str(tmp_path / "calendars" / "cn-2099.json") in warning
