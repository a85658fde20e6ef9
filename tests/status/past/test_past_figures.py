"""The figures of past boards equal those of fresh folds of prefixes of the log; pure."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from events.entries import Recorded
from events.envelope import read
from services.status.core import evolve
from services.status.figures.board import figures_of
from services.status.figures.units import ranked
from services.status.lights import lit
from services.status.past.board import PastBoard
from services.status.past.figures import past_figures
from services.status.past.timeline import Moment, TaskTimeline
from services.status.row import TrackedTask
from tests.status.past.histories import histories, recorded_at, timeline_of
from tests.status.tracked_tasks import LEDGER
from tests.test_folds import FILES

STRIDE = 23
"""Positions between two that are compared: every one would take 20 seconds."""


def folded_figures(log: Sequence[Recorded], moment: Moment) -> Any:
    """Return units, overview and calendar of a prefix of a log, folded from its start."""
    tasks: dict[str, TrackedTask | None] = {}
    for entry in log[: moment.position]:
        tasks[entry.event.subject] = evolve(LEDGER, tasks.get(entry.event.subject), entry)
    shown = {name: lit(task, LEDGER.lights, moment.instant) for name, task in tasks.items() if task is not None}
    return all_figures(figures_of(shown, LEDGER.zone), moment)


def past(timeline: TaskTimeline, moment: Moment) -> Any:
    """Return units, overview and calendar of a past board."""
    return all_figures(past_figures(PastBoard(timeline.views, moment), LEDGER.zone), moment)


def all_figures(figures: Any, moment: Moment) -> Any:
    position, instant = moment.position, moment.instant
    days = figures.calendar(date.min, date.max, position)
    return ranked(figures.units(instant, position)), figures.overview("台账", instant, position), days


def shipped_log() -> list[Recorded]:
    """Return the recorded log: every type of event and kind of deadline."""
    lines = (FILES / "log.ndjson").read_bytes().splitlines()
    return [Recorded(position, read(line)) for position, line in enumerate(lines, 1)]


@given(histories(), st.data())
@settings(deadline=None)
def test_past_figures_are_those_of_a_fresh_fold(log: list[Recorded], data: st.DataObject) -> None:
    """At any position, as at any later instant, units, overview and calendar are those of the folded prefix."""
    timeline = timeline_of(log)
    position = data.draw(st.integers(1, len(log)))
    later = data.draw(st.sampled_from([timedelta(0), timedelta(days=1), timedelta(days=40), timedelta(days=900)]))
    moment = Moment(position, recorded_at(log[position - 1]) + later)
    assert past(timeline, moment) == folded_figures(log, moment)


def test_past_figures_of_the_recorded_log() -> None:
    """The same at positions all over a log that has every type of event."""
    log = shipped_log()
    timeline = timeline_of(log)
    for entry in (*log[::STRIDE], log[-1]):
        moment = Moment(entry.position, recorded_at(entry))
        assert past(timeline, moment) == folded_figures(log, moment)


def test_saved_happenings_give_the_same_figures() -> None:
    """A timeline that was saved in parts and loaded gives the same figures."""
    log = shipped_log()
    timeline, loaded = timeline_of(log), TaskTimeline()
    half = len(log) // 2
    loaded.load([dict(timeline.packed(0, half)), dict(timeline.packed(half, len(log)))])
    moment = Moment(len(log), recorded_at(log[-1]))
    assert past(loaded, moment) == past(timeline, moment)


def test_an_empty_board_has_no_figures() -> None:
    """Before the first event there is no unit, and every count is 0."""
    figures = past_figures(PastBoard(TaskTimeline().views, None), LEDGER.zone)
    instant = datetime.fromisoformat("2018-01-01T00:00:00+08:00")
    assert figures.units(instant, 0) == []
    assert figures.overview("台账", instant, 0).tasks == 0
