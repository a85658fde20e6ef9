"""Working days: by the State Council's calendars, and by weekends where there is none."""

from datetime import date, timedelta

import pytest

from events.working_days import LIBRARY, WorkingDays

NEW_YEAR = WorkingDays(frozenset({2027}), {date(2026, 12, 31): False, date(2027, 1, 1): False, date(2027, 1, 9): True})


def test_what_a_calendar_names_is_so_and_other_days_follow_the_week() -> None:
    """Holidays, worked weekends (调休), the December before; else Monday to Friday."""
    days = [date(2026, 12, 30) + timedelta(days=number) for number in range(12)]
    worked = [day.isoformat()[5:] for day in days if NEW_YEAR.is_working(day)]
    assert worked == ["12-30", "01-04", "01-05", "01-06", "01-07", "01-08", "01-09"]


def test_a_calendar_wins_over_the_library() -> None:
    """The library has 2018-02-16, Spring Festival, as a holiday; a calendar that does not name it has it worked."""
    assert not LIBRARY.is_working(date(2018, 2, 16))
    assert WorkingDays(frozenset({2018})).is_working(date(2018, 2, 16))


def test_a_year_without_a_calendar_is_not_known_and_counts_monday_to_friday() -> None:
    """2099-01-01 is a Thursday."""
    assert (LIBRARY.known(2018), LIBRARY.known(2099), NEW_YEAR.known(2027)) == (True, False, True)
    assert LIBRARY.is_working(date(2099, 1, 1))
    assert not LIBRARY.is_working(date(2099, 1, 3))


@pytest.mark.parametrize(("count", "day"), [(0, "2018-02-14"), (1, "2018-02-22"), (3, "2018-02-24"), (4, "2018-02-26")])
def test_working_days_are_counted_from_the_day_after(count: int, day: str) -> None:
    """Over Spring Festival of 2018: 15 to 21 February rest, Saturday the 24th is worked."""
    assert LIBRARY.after(date(2018, 2, 14), count).isoformat() == day


@pytest.mark.parametrize(
    ("today", "years"),
    [("2098-10-31", [2098]), ("2098-11-01", [2098, 2099]), ("2018-12-31", []), ("2027-11-01", [2028])],
)
def test_a_calendar_is_lacking_this_year_and_from_november_on_the_next(today: str, years: list[int]) -> None:
    """The notice for a year is published in October or November of the year before."""
    assert list(NEW_YEAR.lacking(date.fromisoformat(today))) == years
