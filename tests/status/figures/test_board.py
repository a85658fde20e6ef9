"""The figures of a board: sums by unit, section, day and week; updating them equals summing anew; pure."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.entries import Recorded
from events.envelope import read
from events.schema import (
    CompletionReturned,
    CompletionSubmitted,
    ExtensionGranted,
    ExtensionRequested,
    ProgressReported,
    TaskClosed,
    TaskReassigned,
    TaskReopened,
    Unit,
)
from services.status.core import evolve
from services.status.figures.board import BoardFigures, figures_of
from services.status.figures.deadlines import Day, Deadlines, Month, next_deadlines
from services.status.figures.units import UnitFigures, ranked
from services.status.lights import lit
from services.status.row import TrackedTask
from tests.status.figures.boards import NOW, board
from tests.status.tracked_tasks import (
    HELPER,
    LATE,
    LEAD,
    LEDGER,
    YEAR,
    YEARLY,
    after_each_example,
    at,
    opened,
    then,
)
from tests.test_folds import FILES


def test_the_overview_counts_what_the_ledger_has() -> None:
    """Tasks by light and state, those overdue, due soon and closed, units once, and every unit's part."""
    overview = figures_of(board(), LEDGER.zone).overview("台账", NOW, 12)
    assert overview.lights == {"red": 1, "yellow": 2, "green": 1, "blue": 1}
    assert overview.states == {"assigned": 3, "in-progress": 1, "submitted": 0, "returned": 0, "closed": 1}
    assert (overview.tasks, overview.overdue, overview.due_soon, overview.closed) == (5, 1, 1, 1)
    assert (overview.units, overview.obligations, overview.without_due) == (3, 10, 1)
    assert (overview.title, overview.at, overview.position) == ("台账", NOW, 12)


def test_sections_are_those_of_the_table_in_its_order() -> None:
    """Each section has its counts; tasks outside of any come under null."""
    overview = figures_of(board(), LEDGER.zone).overview("台账", NOW, 12)
    assert [(one.section, one.tasks) for one in overview.sections] == [(None, 1), ("一、保障", 2), ("二、就业", 2)]
    assert overview.sections[1].lights == {"red": 1, "yellow": 1, "green": 0, "blue": 0}
    assert overview.sections[2].states["closed"] == 1
    assert sum(one.tasks for one in overview.sections) == overview.tasks


def test_every_light_and_state_is_counted_also_with_none() -> None:
    """The figures of an empty ledger have every light and state, with 0, and thirteen months."""
    overview = BoardFigures(LEDGER.zone).overview("台账", NOW, 0)
    assert overview.lights == {"red": 0, "yellow": 0, "green": 0, "blue": 0}
    assert overview.states == {"assigned": 0, "in-progress": 0, "submitted": 0, "returned": 0, "closed": 0}
    assert (len(overview.months), overview.sections, overview.units) == (13, [], 0)
    many = figures_of({str(number): task for number, task in enumerate(after_each_example())}, LEDGER.zone)
    overview = many.overview("台账", NOW, 17)
    assert overview.lights == {"red": 7, "yellow": 3, "green": 6, "blue": 1}
    assert overview.states == {"assigned": 2, "in-progress": 12, "submitted": 1, "returned": 1, "closed": 1}


def test_deadlines_by_month() -> None:
    """Thirteen months from the current one, by the last day in time; what lies before and after is summed."""
    overview = figures_of(board(), LEDGER.zone).overview("台账", NOW, 12)
    assert [month.month for month in overview.months] == [
        *(f"2019-{month:02}" for month in range(1, 13)),
        "2020-01",
    ]
    assert overview.months[0] == Month("2019-01", 1, 0, 0)
    assert (overview.earlier, overview.beyond) == (Deadlines(2, 1, 1), Deadlines(1, 0, 0))
    due = sum(month.due for month in overview.months) + overview.earlier.due + overview.beyond.due
    assert due + overview.without_due == overview.tasks


def test_deadlines_by_day() -> None:
    """The calendar has the days with deadlines, both ends included, and no others."""
    figures = figures_of(board(), LEDGER.zone)
    last = date(2018, 12, 31)
    assert figures.calendar(last, last, 12).items == [Day(last, 2, 1, 1)]
    assert figures.calendar(date(2019, 1, 1), date(2019, 1, 30), 12).items == []
    found = figures.calendar(last, date(2021, 3, 31), 12)
    assert [one.day for one in found.items] == [last, date(2019, 1, 31), date(2021, 3, 31)]
    assert (found.total, found.next, found.position) == (3, None, 12)


def test_the_next_deadlines() -> None:
    """Open tasks that are not late, from a day on, the earliest first."""
    tasks = board().values()
    assert [task.row.task for task in next_deadlines(tasks, NOW.date(), 30)] == ["t-3"]
    assert [task.row.task for task in next_deadlines(tasks, NOW.date(), 1_000)] == ["t-3", "t-5"]
    assert next_deadlines(tasks, NOW.date(), 27) == []


def test_the_last_seven_days() -> None:
    """Each kind of happening counts a task once, if its last one was recorded within seven days."""
    task = then(
        opened(task="t-9"),
        ("2018-12-20", CompletionSubmitted(LEAD, "…")),
        ("2018-12-21", CompletionReturned(LEAD, "…")),
        ("2018-12-22", ExtensionRequested(LEAD, "…", at("2019-02-01"))),
        ("2018-12-23", ExtensionGranted("e-4")),
    )
    figures = figures_of({**board(), "t-9": task}, LEDGER.zone)
    week = figures.overview("台账", NOW, 12).week
    assert (week.since, week.new, week.closed, week.newly_overdue) == (NOW - timedelta(days=7), 1, 1, 1)
    assert (week.reported, week.returned, week.extended) == (1, 0, 0)
    week = figures.overview("台账", at("2018-12-28"), 12).week
    assert (week.returned, week.extended) == (0, 1)
    week = figures.overview("台账", at("2018-12-27"), 12).week
    assert (week.returned, week.extended) == (1, 1)


def test_a_week_has_what_is_still_so() -> None:
    """A task that was closed and reopened is not closed; one that was extended is not newly overdue."""
    late = lit(then(opened(), *LATE), LEDGER.lights, NOW)
    assert figures_of({"t": late}, LEDGER.zone).overview("台账", NOW, 2).week.newly_overdue == 1
    closed = then(late, ("2019-01-02", TaskClosed("implemented")))
    week = figures_of({"t": closed}, LEDGER.zone).overview("台账", NOW, 3).week
    assert (week.newly_overdue, week.closed) == (0, 1)
    reopened = lit(then(closed, ("2019-01-03", TaskReopened("…"))), LEDGER.lights, NOW)
    week = figures_of({"t": reopened}, LEDGER.zone).overview("台账", NOW, 4).week
    assert (week.newly_overdue, week.closed) == (1, 0)


def test_a_closed_task_is_no_longer_overdue() -> None:
    """A task that was closed late counts as closed, though its row still has the instant from which it was late."""
    late = then(opened(), *LATE)
    closed = then(late, ("2019-02-01", TaskClosed("implemented")))
    assert closed.row.overdue_since == YEAR.due
    found = [figures_of({"t": task}, LEDGER.zone).overview("台账", NOW, 2).overdue for task in (late, closed)]
    assert found == [1, 0]


def test_units_count_what_their_rows_show() -> None:
    """Led and joined tasks, those open, closed, red and due soon; the latest report; every row has the position."""
    found = {one.unit: one for one in figures_of(board(), LEDGER.zone).units(NOW, 12)}
    assert set(found) == {LEAD, HELPER, "市教育局"}
    assert msgspec.to_builtins(found[LEAD]) == {
        "unit": LEAD,
        "led": 3,
        "joined": 0,
        "open": 3,
        "closed": 0,
        "overdue": 1,
        "due_soon": 1,
        "on_time": 0,
        "counted": 1,
        "on_time_rate": 0.0,
        "mean_days_late": 3.0,
        "last_report_at": "2019-01-02T00:00:00+08:00",
        "position": 12,
    }
    helper = found[HELPER]
    assert (helper.led, helper.joined, helper.open, helper.closed, helper.overdue) == (0, 5, 4, 1, 1)
    assert (helper.counted, helper.on_time_rate, helper.mean_days_late) == (0, None, None)
    assert found["市教育局"].on_time_rate == 1.0


def test_a_unit_that_loses_its_part_loses_its_report() -> None:
    """The latest report of a unit is that of its present tasks; a unit without a task has no figures."""
    reported = then(opened(), ("2018-03-01", ProgressReported(HELPER, "…")))
    figures = figures_of({"t": reported, "u": opened(task="u")}, LEDGER.zone)

    def of_helper() -> tuple[int, datetime | None] | None:
        found = figures.unit(HELPER, NOW, 3)
        return (found.joined, found.last_report_at) if found is not None else None

    left = ("2018-04-01", TaskReassigned(LEAD, (Unit(LEAD, "lead"),), "…"))
    assert of_helper() == (2, at("2018-03-01"))
    figures.update("t", then(reported, left))
    assert of_helper() == (1, None)
    figures.update("u", then(opened(task="u"), left))
    assert of_helper() is None


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("unit", ["a", "b", "c", "d"]),
        ("-unit", ["d", "c", "b", "a"]),
        ("overdue", ["b", "d", "a", "c"]),
        ("-overdue", ["c", "a", "b", "d"]),
        ("on_time_rate", ["b", "a", "c", "d"]),
        ("-on_time_rate", ["a", "b", "c", "d"]),
        ("mean_days_late", ["c", "a", "b", "d"]),
        ("-mean_days_late", ["a", "c", "b", "d"]),
    ],
)
def test_units_are_ranked(sort: Any, order: list[str]) -> None:
    """By the figure, then by name; units without it are last in both directions."""
    figures = [made("d", 1, None, None), made("a", 2, 0.9, 8.0), made("c", 3, None, 2.5), made("b", 1, 0.5, None)]
    assert [one.unit for one in ranked(figures, sort)] == order


def made(unit: str, overdue: int, rate: float | None, days: float | None) -> UnitFigures:
    return UnitFigures(unit, 1, 0, 1, 0, overdue, 0, 0, 0, rate, days, None, 1)


@cache
def lives() -> list[list[TrackedTask]]:
    """Return the states of each task of the recorded log and of a few lives, event by event."""
    tasks: dict[str, list[TrackedTask]] = {}
    for position, line in enumerate((FILES / "log.ndjson").read_bytes().splitlines(), 1):
        entry = Recorded(position, read(line))
        states = tasks.setdefault(entry.event.subject, [])
        after = evolve(LEDGER, states[-1] if states else None, entry)
        if after is not None:
            states.append(after)
    yearly = opened(YEARLY, "2017-06-01", task="y")
    return [*filter(None, tasks.values()), after_each_example(), [yearly, then(yearly, *LATE)]]


@settings(deadline=None)  # a busy machine takes longer
@given(st.data())
def test_updating_equals_summing_anew(data: st.DataObject) -> None:
    """After any steps of any tasks, by events and by time alone, the figures are those of the present tasks."""
    reached = dict.fromkeys(range(len(lives())), -1)
    tasks: dict[str, TrackedTask] = {}
    figures = BoardFigures(LEDGER.zone)
    for number in data.draw(st.lists(st.sampled_from(sorted(reached)), min_size=1, max_size=30)):
        states = lives()[number]
        reached[number] = min(reached[number] + data.draw(st.integers(0, 4)), len(states) - 1)
        task = states[max(0, reached[number])]
        now = task.lit + timedelta(days=data.draw(st.sampled_from([0, 0, 20, 400])))
        task = lit(task, LEDGER.lights, now)
        tasks[task.row.task] = task
        figures.update(task.row.task, task)
    check(figures, tasks, NOW)


def check(figures: BoardFigures, tasks: Mapping[str, TrackedTask], now: datetime) -> None:
    """Assert that figures are those of exactly these tasks, and agree with a count of the rows."""
    fresh = figures_of(tasks, LEDGER.zone)
    assert ranked(figures.units(now, 1)) == ranked(fresh.units(now, 1))
    assert figures.overview("…", now, 1) == fresh.overview("…", now, 1)
    assert figures.calendar(date.min, date.max, 1) == fresh.calendar(date.min, date.max, 1)
    rows = [task.row for task in tasks.values()]
    for unit in figures.units(now, 1):
        own = [row for row in rows if unit.unit in row.unit_names]
        assert unit.led + unit.joined == unit.open + unit.closed == len(own)
        assert unit.overdue == sum(row.light == "red" for row in own)
        assert unit.due_soon == sum(row.light_reason == "due-soon" for row in own)
        led = [row for row in own for part in row.units if (part.unit, part.role) == (unit.unit, "lead")]
        assert unit.counted == sum(row.light in {"red", "blue"} for row in led)
        reports = [part.last_report_at for row in own for part in row.units if part.unit == unit.unit]
        assert unit.last_report_at == max(filter(None, reports), default=None)
