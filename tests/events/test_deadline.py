import calendar
from datetime import UTC, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.deadline import (
    MONTHS,
    Ambiguous,
    Deadline,
    Due,
    Fixed,
    Milestone,
    Milestones,
    Ongoing,
    Recurring,
    Triggered,
    Unspecified,
    add_months,
    last_day,
    next_due,
    period,
)
from tests.events import strategies

CHINA = timezone(timedelta(hours=8))

BEFORE = datetime(2017, 8, 1, tzinfo=CHINA)


def at(year: int, month: int, day: int, hour: int = 0) -> datetime:
    """Return the first instant of a day, or of an hour of it, in 湛江."""
    return datetime(year, month, day, hour, tzinfo=CHINA)


FIRST_STEP, LAST_STEP = at(2018, 7, 1), at(2020, 1, 1)

STEPS = Milestones("两步", (Milestone("启动", FIRST_STEP), Milestone("完成", LAST_STEP)))

AMBIGUOUS = Ambiguous("2018年12月前完成", at(2018, 12, 1), at(2019, 1, 1))

FIXED = Fixed("2018年12月底前完成", at(2019, 1, 1))


@pytest.mark.parametrize(
    ("deadline", "after", "due"),
    [
        (FIXED, None, Due(at(2019, 1, 1), at(2019, 1, 1))),
        (FIXED, BEFORE, Due(at(2019, 1, 1), at(2019, 1, 1))),
        (FIXED, at(2019, 1, 1) - timedelta(microseconds=1), Due(at(2019, 1, 1), at(2019, 1, 1))),
        (FIXED, at(2019, 1, 1), None),
        (AMBIGUOUS, None, Due(at(2019, 1, 1), at(2018, 12, 1))),
        (AMBIGUOUS, at(2018, 12, 15), Due(at(2019, 1, 1), at(2018, 12, 1))),
        (AMBIGUOUS, at(2019, 1, 1), None),
        (STEPS, None, Due(FIRST_STEP, FIRST_STEP)),
        (STEPS, FIRST_STEP, Due(LAST_STEP, LAST_STEP)),
        (STEPS, LAST_STEP, None),
        (Ongoing("持续实施"), None, None),
        (Triggered("按省的要求及时制定", "按省的要求"), BEFORE, None),
        (Unspecified(""), None, None),
    ],
)
def test_next_due_of_each_kind(deadline: Deadline, after: datetime | None, due: Due | None) -> None:
    """A due is exclusive; what is ambiguous reminds on the strict reading and passes on the loose one."""
    assert next_due(deadline, after) == due


@pytest.mark.parametrize(
    ("every", "first", "after", "due"),
    [
        ("year", at(2018, 1, 1), None, at(2018, 1, 1)),
        ("year", at(2018, 1, 1), at(2018, 1, 1), at(2019, 1, 1)),
        ("year", at(2018, 1, 1), at(2031, 6, 6), at(2032, 1, 1)),
        ("year", at(2020, 2, 29), at(2020, 2, 29), at(2021, 3, 1)),
        ("year", at(2020, 2, 29), at(2023, 12, 1), at(2024, 2, 29)),
        ("half-year", at(2018, 1, 1), at(2018, 1, 1), at(2018, 7, 1)),
        ("quarter", at(2018, 1, 1), at(2018, 11, 11), at(2019, 1, 1)),
        ("month", at(2018, 1, 31), at(2018, 1, 31), at(2018, 3, 1)),
        ("month", at(2018, 1, 31), at(2018, 3, 1), at(2018, 3, 31)),
        ("month", at(2018, 1, 29), at(2018, 1, 29), at(2018, 3, 1)),
        ("month", at(2018, 1, 29), at(2018, 3, 1), at(2018, 3, 29)),
        ("month", at(2018, 1, 31, 17), at(2018, 1, 31, 17), at(2018, 2, 28, 17)),
        ("month", at(2018, 1, 1), datetime(2018, 1, 31, 16, tzinfo=UTC), at(2018, 3, 1)),
        ("month", at(2018, 1, 1), datetime(2018, 1, 31, 15, tzinfo=UTC), at(2018, 2, 1)),
    ],
)
def test_recurring_deadlines_come_again(every: str, first: datetime, after: datetime | None, due: datetime) -> None:
    """A recurring deadline falls due on its first day and then a period later, by the calendar of its own zone."""
    assert next_due(Recurring("", every, first), after) == Due(due, due)  # type: ignore[arg-type]


@given(strategies.deadlines, st.none() | strategies.instants)
def test_next_due_lies_ahead(deadline: Deadline, after: datetime | None) -> None:
    """The next due is later than the instant asked about, and reminders never count back from a later one."""
    due = next_due(deadline, after)
    if due is not None:
        assert after is None or due.passes > after
        assert due.reminds <= due.passes


@given(strategies.deadlines, strategies.instants)
def test_nothing_falls_due_between(deadline: Deadline, after: datetime) -> None:
    """Walking from due to due comes by the same next due as asking for it: none is skipped, whatever the instant."""
    due = next_due(deadline)
    for _ in range(200):
        if due is None or due.passes > after:
            assert next_due(deadline, after) == due
            return
        due = next_due(deadline, due.passes)


@given(strategies.recurring, st.integers(1, 40))
def test_occurrences_rise_and_do_not_drift(deadline: Recurring, count: int) -> None:
    """The last days in time are whole months apart, and leave the first one's day for shorter months only."""
    first, months = deadline.first, MONTHS[deadline.every]
    due = next_due(deadline)
    assert due is not None
    assert due.passes == first
    for number in range(1, count + 1):
        following = next_due(deadline, due.passes)
        assert following is not None
        assert period(deadline, following.passes) == due.passes
        due = following
        last = last_in_time(due.passes)
        total = last_in_time(first).year * 12 + last_in_time(first).month - 1 + number * months
        assert (last.year, last.month - 1) == divmod(total, 12)
        length = calendar.monthrange(last.year, last.month)[1]
        ends = first.day == 1 and first.time() == time()
        assert last.day == (length if ends else min(last_in_time(first).day, length))
        assert due.passes.timetz() == first.timetz()


def last_in_time(due: datetime) -> datetime:
    """Return the last microsecond before a due instant."""
    return due - timedelta(microseconds=1) if due.time() == time() else due


@pytest.mark.parametrize(
    ("first", "zone", "dues"),
    [
        ("2018-02-28T16:00:00Z", "Asia/Shanghai", ["2018-03-01T00:00:00+08:00", "2018-04-01T00:00:00+08:00"]),
        ("2018-03-01T00:00:00+08:00", "Asia/Shanghai", ["2018-03-01T00:00:00+08:00", "2018-04-01T00:00:00+08:00"]),
        ("2018-11-01T00:00:00-04:00", "America/New_York", ["2018-11-01T00:00:00-04:00", "2018-12-01T00:00:00-05:00"]),
        ("2018-10-01T04:00:00Z", "America/New_York", ["2018-10-01T00:00:00-04:00", "2018-11-01T00:00:00-04:00"]),
    ],
)
def test_recurring_deadlines_are_stepped_in_the_ledgers_zone(first: str, zone: str, dues: list[str]) -> None:
    """The same instant gives the same dues, whatever offset it is written with; clocks that change keep midnight."""
    deadline = Recurring("每月底前", "month", datetime.fromisoformat(first))
    one = next_due(deadline, zone=ZoneInfo(zone))
    assert one is not None
    two = next_due(deadline, one.passes, ZoneInfo(zone))
    assert two is not None
    assert [one.passes.isoformat(), two.passes.isoformat()] == dues
    assert period(deadline, two.passes, ZoneInfo(zone)).isoformat() == dues[0]


@given(strategies.milestones)
def test_milestones_fall_due_in_their_order(deadline: Milestones) -> None:
    """Each milestone is due once, in the order of the table, and after the last there is none."""
    dues = []
    due = next_due(deadline)
    while due is not None:
        dues.append(due.passes)
        due = next_due(deadline, due.passes)
    assert dues == [milestone.due for milestone in deadline.milestones]


@pytest.mark.parametrize("dues", [(LAST_STEP, FIRST_STEP), (FIRST_STEP, FIRST_STEP)], ids=["backwards", "twice"])
def test_milestones_out_of_order_are_refused(dues: tuple[datetime, ...]) -> None:
    """Milestones that do not fall due one after another are an error, not a puzzle."""
    with pytest.raises(ValueError, match="one after another"):
        Milestones("", tuple(Milestone("", due) for due in dues))


@given(strategies.instants, st.integers(-1_000, 1_000))
def test_adding_months_keeps_the_wall_clock(instant: datetime, months: int) -> None:
    """Months later it is the same time of day on the same day, or on the last one of a shorter month."""
    later = add_months(instant, months)
    assert (later.year * 12 + later.month) - (instant.year * 12 + instant.month) == months
    assert later.day == min(instant.day, calendar.monthrange(later.year, later.month)[1])
    assert later.timetz() == instant.timetz()


@pytest.mark.parametrize(
    ("due", "day"),
    [
        ("2019-01-01T00:00:00+08:00", "2018-12-31"),
        ("2018-12-31T16:00:00Z", "2018-12-31"),
        ("2019-01-01T00:00:00.000001+08:00", "2019-01-01"),
        ("2018-12-31T12:00:00+08:00", "2018-12-31"),
        ("2020-03-01T00:00:00+08:00", "2020-02-29"),
        ("1986-05-04T00:00:00+08:00", "1986-05-03"),
    ],
)
def test_the_last_day_in_time_is_the_one_before_an_exclusive_instant(due: str, day: str) -> None:
    """A due instant at the ledger's midnight has the day before as its last day; any other has its own."""
    assert str(last_day(datetime.fromisoformat(due), ZoneInfo("Asia/Shanghai"))) == day
