"""The clock events of a task, and their instants."""

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.deadline import (
    MONTHS,
    Ambiguous,
    Deadline,
    Every,
    Fixed,
    Milestone,
    Milestones,
    Ongoing,
    Recurring,
    Triggered,
    Unspecified,
    add_months,
)
from events.envelope import Event
from events.ledger import Ledger
from events.schema import (
    DeadlineClarified,
    DeadlineNeared,
    DeadlinePassed,
)
from services.ingest.task import Task
from services.ingest.timers import clock_events
from tests.events import strategies
from tests.examples import EXAMPLES, LEAD, TASK, reported
from tests.ingest.task_events import CLOCKS, COUNTY, LEDGER, about, assigned_on, example, folded, in_china

SAID = tuple[str, datetime]


def said(task: Task, until: datetime, ledger: Ledger = LEDGER) -> list[Event]:
    """Return the clock events of a task up to an instant."""
    return list(itertools.takewhile(lambda event: event.time <= until, clock_events(TASK, task, ledger)))


def heard(events: Sequence[Event]) -> list[SAID]:
    """Return days left (or “passed”) and instant of each clock event."""
    return [
        (str(event.data.days_left) if isinstance(event.data, DeadlineNeared) else "passed", event.time)
        for event in events
    ]


EVER = in_china(2090, 1, 1)

YEAR_END = Fixed("2018年12月底前完成", in_china(2019, 1, 1))


def test_a_fixed_deadline_nears_and_passes() -> None:
    """Thirty, seven and one day before the due instant there is a reminder; at that instant the passing."""
    events = said(assigned_on(in_china(2017, 8, 1), YEAR_END), EVER)
    assert heard(events) == [
        ("30", in_china(2018, 12, 2)),
        ("7", in_china(2018, 12, 25)),
        ("1", in_china(2018, 12, 31)),
        ("passed", in_china(2019, 1, 1)),
    ]
    assert [event.id for event in events] == [
        f"neared:{TASK}:2019-01-01T00:00:00+08:00:30",
        f"neared:{TASK}:2019-01-01T00:00:00+08:00:7",
        f"neared:{TASK}:2019-01-01T00:00:00+08:00:1",
        f"passed:{TASK}:2019-01-01T00:00:00+08:00",
    ]
    assert {event.source for event in events} == {"duban/clock"}
    assert {event.subject for event in events} == {TASK}
    assert events[0].data == DeadlineNeared(in_china(2019, 1, 1), 30)
    assert events[3].data == DeadlinePassed(in_china(2019, 1, 1))


def test_the_canonical_examples_are_what_the_clock_says() -> None:
    """The examples of the clock's two types have the ids, instants and data that the clock gives them."""
    task = folded(*list(EXAMPLES.values())[:8])
    events = {event.id: event for event in said(task, EVER)}
    for name in CLOCKS:
        assert events[example(name).id] == example(name)


def test_instants_are_written_in_the_ledgers_zone() -> None:
    """However a source wrote the due instant, its clock events have the same ids and the ledger's offset."""
    utc = Fixed("2018年12月底前完成", datetime(2018, 12, 31, 16, tzinfo=UTC))
    events = said(assigned_on(in_china(2017, 8, 1), utc), EVER)
    assert events == said(assigned_on(in_china(2017, 8, 1), YEAR_END), EVER)
    assert [event.id for event in events][-1] == f"passed:{TASK}:2019-01-01T00:00:00+08:00"
    assert {event.time.utcoffset() for event in events} == {timedelta(hours=8)}


def test_an_ambiguous_deadline_reminds_on_the_strict_reading() -> None:
    """Reminders count back from the strict reading, the passing is that of the loose one."""
    deadline = Ambiguous("2018年12月前完成", in_china(2018, 12, 1), in_china(2019, 1, 1))
    assert heard(said(assigned_on(in_china(2017, 8, 1), deadline), EVER)) == [
        ("30", in_china(2018, 11, 1)),
        ("7", in_china(2018, 11, 24)),
        ("1", in_china(2018, 11, 30)),
        ("passed", in_china(2019, 1, 1)),
    ]


def test_milestones_follow_one_another() -> None:
    """Each step nears and passes by itself; a step is not announced before the one ahead of it has passed."""
    steps = Milestones("两步", (Milestone("启动", in_china(2018, 7, 1)), Milestone("完成", in_china(2018, 7, 20))))
    assert heard(said(assigned_on(in_china(2017, 8, 1), steps), EVER)) == [
        ("30", in_china(2018, 6, 1)),
        ("7", in_china(2018, 6, 24)),
        ("1", in_china(2018, 6, 30)),
        ("passed", in_china(2018, 7, 1)),
        ("7", in_china(2018, 7, 13)),
        ("1", in_china(2018, 7, 19)),
        ("passed", in_china(2018, 7, 20)),
    ]


def test_a_recurring_deadline_has_no_end() -> None:
    """Every occurrence after the deadline was recorded nears and passes; those of the years before are not owed."""
    deadline = Recurring("每季度末", "quarter", in_china(2010, 1, 1))
    assert heard(said(assigned_on(in_china(2018, 3, 20), deadline), in_china(2018, 9, 30))) == [
        ("7", in_china(2018, 3, 25)),
        ("1", in_china(2018, 3, 31)),
        ("passed", in_china(2018, 4, 1)),
        ("30", in_china(2018, 6, 1)),
        ("7", in_china(2018, 6, 24)),
        ("1", in_china(2018, 6, 30)),
        ("passed", in_china(2018, 7, 1)),
        ("30", in_china(2018, 9, 1)),
        ("7", in_china(2018, 9, 24)),
        ("1", in_china(2018, 9, 30)),
    ]


@pytest.mark.parametrize("report", [reported(), about(example("completion.submitted"), LEAD)])
def test_a_report_of_the_lead_meets_an_occurrence(report: Event) -> None:
    """A report or submission of the lead inside the period spares the task the rest of that occurrence."""
    task = assigned_on(in_china(2018, 1, 1), Recurring("每年12月底前", "year", in_china(2018, 1, 1)))
    task = folded(msgspec.structs.replace(report, time=in_china(2018, 6, 1)), task=task)
    assert heard(said(task, in_china(2020, 1, 1)))[-1] == ("passed", in_china(2020, 1, 1))
    assert ("passed", in_china(2019, 1, 1)) not in heard(said(task, in_china(2020, 1, 1)))


def test_a_cooperating_unit_meets_no_occurrence() -> None:
    """Only the lead's reports count."""
    task = assigned_on(in_china(2018, 1, 1), Recurring("每年12月底前", "year", in_china(2018, 1, 1)))
    task = folded(reported(unit=COUNTY, time=in_china(2018, 6, 1)), task=task)
    assert ("passed", in_china(2019, 1, 1)) in heard(said(task, in_china(2020, 1, 1)))


def test_an_early_report_does_not_meet_the_first_occurrence() -> None:
    """A report before the first period has begun meets nothing."""
    task = assigned_on(in_china(2015, 1, 1), Recurring("每年12月底前", "year", in_china(2018, 1, 1)))
    early = folded(reported(time=in_china(2016, 12, 31)), task=task)
    assert ("passed", in_china(2018, 1, 1)) in heard(said(early, in_china(2018, 1, 1)))
    in_time = folded(reported(time=in_china(2017, 1, 1)), task=task)
    assert said(in_time, in_china(2018, 1, 1)) == []


def test_a_report_counts_for_a_deadline_clarified_in_its_period() -> None:
    """Where a deadline becomes a recurring one, a report already made in the running period meets it."""
    task = assigned_on(in_china(2018, 1, 1), Triggered("适时", "适时"))
    task = folded(reported(time=in_china(2018, 3, 1)), task=task)
    yearly = DeadlineClarified(Recurring("每年12月底前", "year", in_china(2018, 1, 1)), "上级要求")
    event = msgspec.structs.replace(example("deadline.clarified"), time=in_china(2018, 4, 1), data=yearly)
    assert heard(said(folded(event, task=task), in_china(2020, 1, 1)))[0] == ("30", in_china(2019, 12, 2))


@pytest.mark.parametrize("deadline", [Ongoing("持续实施"), Triggered("适时", "适时"), Unspecified("")])
def test_what_has_no_due_is_never_told(deadline: Deadline) -> None:
    """An ongoing, triggered or unspecified deadline neither nears nor passes."""
    assert said(assigned_on(in_china(2017, 8, 1), deadline), EVER) == []


def test_nothing_is_said_of_a_closed_task() -> None:
    """A closed task has no clock events; a reopened one gets the passing of its due, but no missed reminder."""
    task = folded(example("task.closed"), task=assigned_on(in_china(2017, 8, 1), YEAR_END))
    assert said(task, EVER) == []
    assert heard(said(folded(example("task.reopened"), task=task), EVER)) == [("passed", in_china(2019, 1, 1))]


def test_nothing_recurs_while_a_task_is_closed() -> None:
    """Of what recurs, a reopened task owes no occurrence of the time when it was closed."""
    task = assigned_on(in_china(2017, 8, 1), Recurring("每月底前", "month", in_china(2017, 9, 1)))
    task = folded(*said(task, in_china(2019, 2, 1)), example("task.closed"), example("task.reopened"), task=task)
    assert heard(said(task, in_china(2019, 4, 1)))[0] == ("7", in_china(2019, 3, 25))


def test_reminders_that_were_past_already_are_left_out() -> None:
    """A deadline recorded late has only the reminders that still lie ahead, but passes all the same."""
    assert heard(said(assigned_on(in_china(2018, 12, 25), YEAR_END), EVER)) == [
        ("7", in_china(2018, 12, 25)),
        ("1", in_china(2018, 12, 31)),
        ("passed", in_china(2019, 1, 1)),
    ]
    assert heard(said(assigned_on(in_china(2019, 8, 1), YEAR_END), EVER)) == [("passed", in_china(2019, 1, 1))]


def test_a_new_deadline_starts_afresh() -> None:
    """An extension or clarification has reminders and a passing of its own, also when the old due has passed."""
    task = assigned_on(in_china(2017, 8, 1), YEAR_END)
    task = folded(*said(task, EVER), task=task)
    assert said(task, EVER) == []
    later = DeadlineClarified(Fixed("2019年6月底前完成", in_china(2019, 7, 1)), "延后")
    event = msgspec.structs.replace(example("deadline.clarified"), time=in_china(2019, 2, 1), data=later)
    assert heard(said(folded(event, task=task), EVER)) == [
        ("30", in_china(2019, 6, 1)),
        ("7", in_china(2019, 6, 24)),
        ("1", in_china(2019, 6, 30)),
        ("passed", in_china(2019, 7, 1)),
    ]


def test_the_same_due_is_never_told_twice() -> None:
    """A deadline that returns to a due that has passed gets no second passing, in any offset."""
    task = assigned_on(in_china(2017, 8, 1), YEAR_END)
    task = folded(*said(task, EVER), task=task)
    for due in (in_china(2019, 1, 1), datetime(2018, 12, 31, 16, tzinfo=UTC)):
        back = DeadlineClarified(Fixed("2018年底前", due), "维持原期限")
        event = msgspec.structs.replace(example("deadline.clarified"), time=in_china(2018, 10, 1), data=back)
        assert said(folded(event, task=task), EVER) == []


def test_days_to_remind_are_the_ledgers() -> None:
    """The days of reminders are configured; a reminder of the day itself comes before the passing."""
    task = assigned_on(in_china(2017, 8, 1), YEAR_END)
    none = msgspec.structs.replace(LEDGER, remind_days=())
    assert heard(said(task, EVER, none)) == [("passed", in_china(2019, 1, 1))]
    some = msgspec.structs.replace(LEDGER, remind_days=(0, 90))
    assert [name for name, _ in heard(said(task, EVER, some))] == ["90", "0", "passed"]


instants = st.integers(0, 4 * 365 * 24).map(lambda hours: in_china(2017, 1, 1) + timedelta(hours=hours))

dues = st.lists(instants, min_size=1, max_size=5, unique=True).map(sorted)

deadlines = st.one_of(
    instants.map(lambda due: Fixed("x", due)),
    dues.filter(lambda two: len(two) > 1).map(lambda two: Ambiguous("x", two[0], two[1])),
    st.builds(Recurring, st.just("x"), st.sampled_from(list(MONTHS)), instants),
    dues.map(lambda some: Milestones("x", tuple(Milestone("x", due) for due in some))),
    st.just(Ongoing("x")),
)
"""Deadlines that fall due often within the years that the clock goes through."""

remind_days = st.lists(st.integers(0, 100), max_size=4).map(
    lambda days: msgspec.structs.replace(LEDGER, remind_days=tuple(days))
)


@given(deadline=st.one_of(deadlines, strategies.deadlines), since=instants, ledger=remind_days)
def test_what_the_clock_says_is_in_order(deadline: Deadline, since: datetime, ledger: Ledger) -> None:
    """For any deadline, the instants of clock events never run back."""
    times = [event.time for event in itertools.islice(clock_events(TASK, assigned_on(since, deadline), ledger), 40)]
    assert times == sorted(times)


@given(deadline=deadlines, since=instants, looks=st.lists(instants, min_size=1, max_size=5), ledger=remind_days)
def test_a_clock_that_looks_late_says_the_same(
    deadline: Deadline, since: datetime, looks: list[datetime], ledger: Ledger
) -> None:
    """However often clock events are computed, the result is the same, each event once, and complete."""
    whole = said(assigned_on(since, deadline), max(looks), ledger)
    task = assigned_on(since, deadline)
    spoken: list[Event] = []
    for now in sorted(looks):
        words = said(task, now, ledger)
        task = folded(*words, task=task)
        assert said(task, now, ledger) == []
        spoken += words
    assert [event.id for event in spoken] == [event.id for event in whole]
    assert len({event.id for event in spoken}) == len(spoken)


@given(
    every=st.sampled_from(list(MONTHS)),
    first=st.integers(0, 60).map(lambda month: add_months(in_china(2013, 1, 1), month)),
    since=instants,
    steps=st.lists(st.tuples(st.booleans(), st.integers(1, 24 * 100)), max_size=20),
)
def test_an_occurrence_passes_unless_the_lead_reported(
    every: Every, first: datetime, since: datetime, steps: list[tuple[bool, int]]
) -> None:
    """Exactly the occurrences in whose period the lead made no report have a passing, whatever comes between."""
    task = assigned_on(since, Recurring("x", every, first))
    now = since
    reports: list[datetime] = []
    passed: list[datetime] = []
    for report, hours in steps:
        now += timedelta(hours=hours)
        words = said(task, now)
        passed += [event.data.due for event in words if isinstance(event.data, DeadlinePassed)]
        task = folded(*words, task=task)
        if report:
            reports.append(now)
            task = folded(reported(number=len(reports), time=now), task=task)
    occurrences = [add_months(first, MONTHS[every] * count) for count in range(200)]
    assert passed == [
        due
        for due in occurrences
        if since < due <= now and not any(add_months(due, -MONTHS[every]) <= at < due for at in reports)
    ]
