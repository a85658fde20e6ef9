"""Past boards and comparisons equal fresh folds of prefixes of the log; pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from events.entries import Recorded
from services.status.order import Sort
from services.status.past.board import PastBoard, PastTask
from services.status.past.comparison import Comparison
from services.status.past.facts import STATES
from services.status.past.selection import choose
from services.status.past.timeline import Moment, TaskTimeline
from services.status.row import Light, TaskRow
from services.status.turns import ALWAYS, NEVER, instant_of
from services.status.views import TaskQuery, select
from tests.status.past.histories import (
    MICROSECOND,
    START,
    TASKS,
    UNITS,
    dues,
    fresh,
    histories,
    recorded_at,
    timeline_of,
)
from tests.status.tracked_tasks import LEDGER

MEMBERS = (
    *("task", "title", "plan", "row", "section", "lead", "state", "light", "light_reason", "percent", "deadline"),
    *("due", "overdue_since", "position"),
)


def values(task: TaskRow | PastTask) -> dict[str, Any]:
    """Return what a list shows of a task."""
    return {name: getattr(task, name) for name in MEMBERS} | {"units": sorted(task.unit_names)}


def board(timeline: TaskTimeline, moment: Moment | int | datetime) -> PastBoard:
    """Return the board at a moment."""
    return PastBoard(timeline.views, moment if isinstance(moment, Moment) else timeline.at(moment))


def instants_near(timeline: TaskTimeline) -> list[datetime]:
    """Return the instants at which a light turns, and those just before."""
    turns = {
        int(instant)
        for name in ("red", "soon", "slow")
        for instant in timeline.views.facts[name]
        if instant not in {ALWAYS, NEVER}
    }
    return [instant_of(turn) - before for turn in sorted(turns) for before in (MICROSECOND, timedelta(0))]


queries = st.builds(
    TaskQuery,
    unit=st.none() | st.sampled_from([*UNITS, "雷州市"]),
    lead=st.none() | st.sampled_from(UNITS),
    light=st.none() | st.sampled_from(get_args(Light)),
    state=st.none() | st.sampled_from(STATES),
    section=st.none() | st.sampled_from(["一、民生", "三、…"]),
    due_before=st.none() | dues,
    due_after=st.none() | dues,
    q=st.none() | st.sampled_from(["任务", "任务1", "zj", "…"]),
    sort=st.sampled_from(get_args(Sort)),
    limit=st.integers(1, 3),
)


@given(histories())
@settings(max_examples=150, deadline=None)
def test_a_board_at_every_position(log: list[Recorded]) -> None:
    """At every position the board has the rows of a fresh fold, with the lights of that position's instant."""
    timeline = timeline_of(log)
    assert board(timeline, 0).position == 0
    for entry in log:
        expected = fresh(log, entry.position, recorded_at(entry))
        found = {task.task: task for task in board(timeline, entry.position).listed(LEDGER.zone)}
        assert {name: values(task) for name, task in found.items()} == {
            name: values(row) for name, row in expected.items()
        }


@given(histories(), st.data())
@settings(max_examples=150, deadline=None)
def test_a_board_at_any_instant(log: list[Recorded], data: st.DataObject) -> None:
    """At an instant, the events recorded by then count, and lights are those of that instant, to the microsecond."""
    timeline = timeline_of(log)
    near = [*instants_near(timeline), *(recorded_at(entry) for entry in log), START - MICROSECOND]
    for _ in range(10):
        instant = data.draw(st.sampled_from(near))
        position = sum(recorded_at(entry) <= instant for entry in log)
        expected = fresh(log, position, instant)
        found = board(timeline, instant)
        assert found.position == position
        assert [values(task) for task in sorted(found.listed(LEDGER.zone), key=lambda task: task.task)] == [
            values(row) for _, row in sorted(expected.items())
        ]


@given(histories(), queries, st.data())
@settings(max_examples=300, deadline=None)
def test_every_page_of_a_query(log: list[Recorded], query: TaskQuery, data: st.DataObject) -> None:
    """Filters, order, cursors and totals are those of the query on the rows of a fresh fold, page after page."""
    timeline = timeline_of(log)
    position = data.draw(st.integers(1, len(log)))
    moment = Moment(
        position, recorded_at(log[position - 1]) + data.draw(st.sampled_from([timedelta(0), timedelta(90)]))
    )
    past = board(timeline, moment)
    rows = fresh(log, moment.position, moment.instant)
    while True:
        expected = select(rows.values(), query)
        chosen = choose(past, query)
        assert [task.task for task in past.listed(LEDGER.zone, chosen.indexes)] == [row.task for row in expected.items]
        assert (chosen.next, chosen.total) == (expected.next, expected.total)
        if expected.next is None:
            break
        query = TaskQuery(
            **{**{name: getattr(query, name) for name in query.__struct_fields__}, "cursor": expected.next}
        )


def differences(now: dict[str, TaskRow], then: dict[str, TaskRow]) -> dict[str, list[str]]:
    """Return the changes of each task between two folds, from their rows alone."""
    found = {}
    for name, row in now.items():
        old = then.get(name)
        holds = {
            "new": old is None,
            "closed": row.state == "closed" and (old is None or old.state != "closed"),
            "newly-overdue": row.light == "red" and (old is None or old.light != "red"),
            "light": old is not None and row.light != old.light,
            "percent": old is not None and row.percent != old.percent,
            "deadline": old is not None and (row.deadline, row.due) != (old.deadline, old.due),
            "units": old is not None and duties(row) != duties(old),
        }
        found[name] = [kind for kind, holds_here in holds.items() if holds_here]
    return found


def duties(row: TaskRow) -> tuple[str, set[tuple[str, str]]]:
    return row.lead, {(part.unit, part.role) for part in row.units}


@given(histories(), st.data())
@settings(max_examples=200, deadline=None)
def test_a_comparison_of_two_boards(log: list[Recorded], data: st.DataObject) -> None:
    """The changes of every task, their counts, the values before and the absent tasks are those of two fresh folds."""
    timeline = timeline_of(log)
    first, second = (data.draw(st.integers(1, len(log))) for _ in range(2))
    moments = [Moment(position, recorded_at(log[position - 1])) for position in (first, second)]
    shown, other = (board(timeline, moment) for moment in moments)
    now, then = (fresh(log, moment.position, moment.instant) for moment in moments)
    comparison = Comparison(shown, other)
    expected = differences(now, then)
    tasks = [task.task for task in shown.listed(LEDGER.zone)]
    assert {task: comparison.changes(index) for index, task in enumerate(tasks)} == expected
    counts = comparison.counts(shown.positions > 0, other.positions > 0)
    kinds = [kind for kind in counts if kind != "absent"]
    assert counts == {kind: sum(kind in changes for changes in expected.values()) for kind in kinds} | {
        "absent": len(then.keys() - now.keys())
    }
    before = comparison.before(choose(shown, TaskQuery(limit=1_000)).indexes, LEDGER.zone)
    assert {task: values(old) for task, old in before.items()} == {
        task: values(row) for task, row in then.items() if task in now
    }


@given(histories(), st.lists(st.integers(0, 25), max_size=4), st.integers(1, 30))
@settings(max_examples=100, deadline=None)
def test_a_timeline_saved_in_pieces(log: list[Recorded], cuts: Sequence[int], chunk: int) -> None:
    """A timeline loaded from what any sequence of saves appended, chunk by chunk, is that of the whole log."""
    timeline = timeline_of(log)
    chunks: list[dict[str, bytes]] = []
    ends = sorted({*(cut for cut in cuts if cut < len(log)), *range(chunk, len(log), chunk), len(log)} - {0})
    for start, end in zip([0, *ends], ends, strict=False):
        if start // chunk == len(chunks):
            chunks.append(dict.fromkeys(timeline.parts, b""))
        for part, packed in timeline.packed(start, end):
            chunks[-1][part] += packed
    loaded = TaskTimeline()
    loaded.load(chunks)
    assert loaded.position == timeline.position
    for own, other in zip(loaded.views[:2], timeline.views[:2], strict=True):
        assert own.tobytes() == other.tobytes()
    for name in ("tasks", "headings", "assignments", "deadlines"):
        assert getattr(loaded.shared, name) == getattr(timeline.shared, name)
    for name in ("titles", "places", "sections"):
        assert getattr(loaded.shared.headings, name) == getattr(timeline.shared.headings, name)


@given(histories())
@settings(max_examples=100, deadline=None)
def test_the_days_that_have_events(log: list[Recorded]) -> None:
    """Each day of the ledger's zone on which events were recorded, in order, with their number."""
    days = [LEDGER.day(recorded_at(entry)) for entry in log]
    assert timeline_of(log).days(LEDGER.zone) == [(day, days.count(day)) for day in sorted(set(days))]


@given(histories())
@settings(max_examples=100, deadline=None)
def test_the_events_of_a_task(log: list[Recorded]) -> None:
    """The positions of a task's events, from its assignment on, up to any position."""
    timeline, folded = timeline_of(log), dict[str, list[int]]()
    for entry in log:
        if fresh(log, entry.position, recorded_at(entry)).keys() & {entry.event.subject}:
            folded.setdefault(entry.event.subject, []).append(entry.position)
    for task in TASKS:
        assert timeline.views.positions(task, len(log)) == folded.get(task, [])
        assert timeline.views.positions(task, 3) == [position for position in folded.get(task, []) if position <= 3]
