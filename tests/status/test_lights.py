"""The light that time gives a row; pure."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from events.deadline import Ambiguous, Deadline, Fixed, Ongoing, Percent, Triggered
from events.ledger import LightRules
from events.schema import (
    DeadlinePassed,
    ProgressReported,
    TaskClosed,
    TaskUrged,
)
from services.common.upcoming import Upcoming
from services.status.core import evolve
from services.status.lights import light, next_change, proportional, relight
from services.status.row import Light, Reason, TrackedTask
from services.status.turns import micros
from tests.status.tracked_tasks import HELPER, LATE, LEAD, LEDGER, YEARLY, ZONE, at, opened, recorded, then

RULES = LightRules()

SECOND = timedelta(seconds=1)


def lamp(task: TrackedTask, now: datetime, rules: LightRules = RULES) -> tuple[Light, Reason]:
    return light(task, rules, now)


def half_way() -> TrackedTask:
    """Return a task of 100 days whose lead has reported all of it, so that only the due instant counts."""
    task = opened(Fixed("…", at("2018-04-11")), "2018-01-01")
    return then(task, ("2018-01-02", ProgressReported(LEAD, "…", 100)))


def test_red_from_the_due_instant_on() -> None:
    """The due instant is exclusive: yellow until then, red from it on, whether or not the clock has spoken."""
    due = at("2018-04-11")
    assert lamp(half_way(), due - SECOND) == ("yellow", "due-soon")
    assert lamp(half_way(), due) == ("red", "overdue")
    assert lamp(then(half_way(), ("2018-04-11", DeadlinePassed(due))), due) == ("red", "overdue")


def test_yellow_from_thirty_days_before() -> None:
    """Green until 30 days before the due instant, yellow from exactly then."""
    turn = at("2018-04-11") - timedelta(days=30)
    assert lamp(half_way(), turn - SECOND) == ("green", "on-track")
    assert lamp(half_way(), turn) == ("yellow", "due-soon")


def test_an_ambiguous_deadline_warns_on_its_strict_reading() -> None:
    """Yellow counts back from the strict instant, red from the loose one on."""
    task = then(
        opened(Ambiguous("12月前", at("2018-12-01"), at("2019-01-01"))),
        ("2018-01-02", ProgressReported(LEAD, "…", 100)),
    )
    assert lamp(task, at("2018-11-01") - SECOND) == ("green", "on-track")
    assert lamp(task, at("2018-11-01")) == ("yellow", "due-soon")
    assert lamp(task, at("2018-12-15")) == ("yellow", "due-soon")
    assert lamp(task, at("2019-01-01")) == ("red", "overdue")


@pytest.mark.parametrize(
    ("day", "percent", "expected"),
    [
        (0, None, ("green", "on-track")),
        (10, 7, ("green", "on-track")),
        (10, 6, ("yellow", "behind")),
        (10, None, ("yellow", "behind")),
        (30, 21, ("green", "on-track")),
        (30, 20, ("yellow", "behind")),
        (50, 35, ("green", "on-track")),
        (50, 34.9, ("yellow", "behind")),
        (60, 42, ("green", "on-track")),
        (60, 41, ("yellow", "behind")),
        (69, 48, ("green", "on-track")),
        (69, 47, ("yellow", "behind")),
    ],
)
def test_yellow_below_seventy_per_cent_of_proportional_progress(
    day: int, percent: float | None, expected: tuple[Light, Reason]
) -> None:
    """Behind is who has less than 70 % of the part of the time that is over, in whole per cent."""
    task = opened(Fixed("…", at("2018-04-11")), "2018-01-01")
    task = replace(task, row=replace(task.row, percent=percent))
    assert lamp(task, at("2018-01-01") + timedelta(days=day)) == expected


@pytest.mark.parametrize("day", range(1, 100))
def test_the_border_of_behind_is_exact(day: int) -> None:
    """With 100 days and whole per cent, the border is 0.7 per day, rounded down, and nothing below it."""
    task = opened(Fixed("…", at("2018-04-11")), "2018-01-01")
    expected = 7 * day // 10
    rules = LightRules(yellow_days=0)
    for percent, lamps in ((expected, ("green", "on-track")), (expected - 1, ("yellow", "behind"))):
        reported = replace(task, row=replace(task.row, percent=percent))
        if percent >= 0:
            assert lamp(reported, at("2018-01-01") + timedelta(days=day), rules) == lamps


def test_proportional_progress_is_the_part_of_the_time() -> None:
    """From 0 when a task is opened to 100 when it is due, and no further; a task without time owes all of it."""
    opened_at, half, due = map(micros, (at("2018-01-01"), at("2018-02-20"), at("2018-04-11")))
    assert proportional(opened_at, due, opened_at - 1) == 0
    assert proportional(opened_at, due, opened_at) == 0
    assert proportional(opened_at, due, half) == 50
    assert proportional(opened_at, due, due) == proportional(opened_at, due, due + 1) == 100
    assert proportional(opened_at, opened_at, opened_at) == 100


@pytest.mark.parametrize("reporter", [None, LEAD, HELPER])
def test_ongoing_tasks_are_yellow_after_ninety_days_of_silence(reporter: str | None) -> None:
    """An ongoing task turns yellow 90 days after its last report, or after it was opened if there was none."""
    task = opened(Ongoing("持续实施"), "2018-01-01")
    if reporter is not None:
        task = then(task, ("2018-02-01", ProgressReported(reporter, "…")))
    turn = (at("2018-01-01") if reporter is None else at("2018-02-01")) + timedelta(days=90)
    assert lamp(task, turn - SECOND) == ("green", "on-track")
    assert lamp(task, turn) == ("yellow", "silent")
    assert lamp(then(task, ("2019-01-01", ProgressReported(LEAD, "…"))), at("2019-01-02")) == ("green", "on-track")


def test_a_triggered_task_waits_in_green() -> None:
    """A deadline without an instant never passes and never nears; only ongoing tasks are asked for reports."""
    assert lamp(opened(Triggered("适时", "适时")), at("2030-01-01")) == ("green", "on-track")


def test_blue_is_closed_whatever_else() -> None:
    """A closed task is blue, also past its due and silent for years."""
    closed = then(opened(), *LATE, ("2019-02-01", TaskClosed("not-implemented")))
    assert lamp(closed, at("2030-01-01")) == ("blue", "closed")


def test_a_recurring_task_is_not_late_before_the_clock_says_so() -> None:
    """A recurring occurrence passes by its event alone: until then it may have been met by a report on its way."""
    task = opened(YEARLY, "2017-06-01")
    assert lamp(task, at("2018-01-01")) == ("yellow", "due-soon")


def test_a_ledger_has_its_own_borders() -> None:
    """Days, part and silence come from the ledger's configuration."""
    rules = LightRules(yellow_days=10, behind=1.0, silent_days=7)
    due = at("2018-04-11")
    assert lamp(half_way(), due - timedelta(days=10) - SECOND, rules) == ("green", "on-track")
    assert lamp(half_way(), due - timedelta(days=10), rules) == ("yellow", "due-soon")
    half = replace(half_way(), row=replace(half_way().row, percent=49))
    assert lamp(half, at("2018-02-20"), rules) == ("yellow", "behind")
    assert lamp(opened(Ongoing("…"), "2018-01-01"), at("2018-01-08"), rules) == ("yellow", "silent")


def test_an_event_lights_its_task_at_its_recorded_instant() -> None:
    """A row's light is that of the instant at which the ledger recorded its last event, not of the source's `time`."""
    entry = recorded(2, "2018-04-11", TaskUrged((LEAD,), "…"))
    late = evolve(LEDGER, half_way(), replace(entry, event=replace(entry.event, time=at("2018-02-01"))))
    assert late is not None
    assert (late.row.light, late.lit) == ("red", at("2018-04-11"))


def test_relighting_tells_only_what_is_new() -> None:
    """Time changes light and reason alone; the position and the other members stay."""
    task = half_way()
    assert relight(task, RULES, at("2018-01-03")) is None
    later = relight(task, RULES, at("2018-04-01"))
    assert later is not None
    assert later.row == replace(task.row, light="yellow", light_reason="due-soon")
    assert relight(later, RULES, at("2018-04-02")) is None


instants = st.datetimes(datetime(2017, 1, 1), datetime(2020, 1, 1)).map(lambda instant: instant.replace(tzinfo=ZONE))  # noqa: DTZ001 - the zone follows

deadlines = st.one_of(
    instants.map(lambda due: Fixed("…", due)),
    instants.map(lambda due: Ambiguous("…", due, due + timedelta(days=31))),
    st.just(Ongoing("…")),
    st.just(Triggered("…", "…")),
    st.just(YEARLY),
)

rule_sets = st.builds(LightRules, st.integers(0, 60), st.floats(0, 1) | st.just(0.7), st.integers(0, 120))

percents = st.none() | st.integers(0, 100) | st.floats(0, 100)


@settings(max_examples=400)
@given(deadlines, instants, percents, instants, st.lists(instants, max_size=20), rule_sets)
def test_the_next_change_is_the_first(
    deadline: Deadline,
    opening: datetime,
    percent: Percent | None,
    now: datetime,
    between: list[datetime],
    rules: LightRules,
) -> None:
    """Up to the microsecond before `next_change` the light is as it was; there it is another; it ends after a few."""
    task = opened(deadline, opening.isoformat())
    task = replace(task, row=replace(task.row, percent=percent))
    for _ in range(5):
        turn = next_change(task, rules, now)
        before = lamp(task, now, rules)
        inside = [instant for instant in between if now <= instant and (turn is None or instant < turn)]
        assert {lamp(task, instant, rules) for instant in inside} <= {before}
        if turn is None:
            assert lamp(task, max(now, at("2999-01-01")), rules) == before
            return
        assert turn > now
        assert lamp(task, turn - timedelta.resolution, rules) == before
        assert lamp(task, turn, rules) != before
        now = turn
    raise AssertionError("a light changed more than four times by time alone")


def test_a_light_that_time_does_not_change_has_no_next_change() -> None:
    """Red and blue stay, whatever time it is; so does a task that only an event can change."""
    late = then(opened(), *LATE)
    closed = then(late, ("2019-02-01", TaskClosed("implemented")))
    for task in (late, closed, opened(Triggered("适时", "适时"))):
        assert next_change(task, RULES, at("2018-01-01")) is None


@given(st.lists(st.tuples(st.sampled_from("abc"), st.none() | instants)), instants)
def test_the_tasks_whose_lights_change_are_found(puts: list[tuple[str, datetime | None]], now: datetime) -> None:
    """After any number of changes, the tasks up to an instant are those whose last instant is up to it, in order."""
    changes = Upcoming()
    for name, instant in puts:
        changes.put(name, instant)
    last = {name: instant for name, instant in puts if instant is not None and dict(puts)[name] == instant}
    wanted = sorted((instant, name) for name, instant in last.items() if instant <= now)
    assert changes.until(now) == Upcoming(dict(puts)).until(now) == [name for _, name in wanted]
