"""The index of a list answers as filtering and sorting every row does; pure."""

from datetime import timedelta
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from services.status.index import FEW, NEAR, Index
from services.status.order import BadCursorError, Sort
from services.status.row import Light, State, TaskRow, UnitRow
from services.status.views import TaskQuery, select
from tests.status.tracked_tasks import at, opened

SORTS: tuple[Sort, ...] = get_args(Sort)

UNITS = ("市残联", "市民政局", "徐闻县")

DUES = (at("2018-07-01"), at("2019-01-01"), at("2019-01-01T00:00:00.000001"), at("2018-07-01T12:00:00"))

BEYOND = "\U0010fffd"
"""The last character there is."""

TITLES = ("建立就业基地", "Cafe\u0301 des communes", "Café", "t-1", "", f"两行\n{BEYOND}")

PLAIN = opened().row

tasks = st.sampled_from([*(f"t-{number}" for number in range(12)), "Café", "0"])

rows = st.builds(
    replace,
    st.just(PLAIN),
    task=tasks,
    title=st.sampled_from(TITLES),
    plan=st.sampled_from(["zj-2017", "zj-2018", "计划"]),
    section=st.sampled_from([None, "一、就业", "二、康复"]),
    row=st.none() | st.integers(0, 3),
    lead=st.sampled_from(UNITS),
    units=st.lists(st.sampled_from(UNITS), unique=True, max_size=3).map(
        lambda names: tuple(UnitRow(name, "cooperating") for name in names)
    ),
    state=st.sampled_from(get_args(State)),
    light=st.sampled_from(get_args(Light)),
    percent=st.none() | st.integers(0, 100) | st.floats(0, 100),
    due=st.none() | st.sampled_from(DUES),
    position=st.integers(1, 5),
)

bounds = st.none() | st.sampled_from([*DUES, at("2018-06-30"), at("2030-01-01")])

queries = st.builds(
    TaskQuery,
    unit=st.none() | st.sampled_from([*UNITS, "市教育局"]),
    lead=st.none() | st.sampled_from(UNITS),
    light=st.none() | st.sampled_from(get_args(Light)),
    state=st.none() | st.sampled_from(get_args(State)),
    section=st.none() | st.sampled_from(["一、就业", "三、其他"]),
    due_before=bounds,
    due_after=bounds,
    q=st.none() | st.sampled_from(["", "t-1", "就业", "Cafe\u0301", "é", "没有", "行\n", BEYOND]),
    sort=st.sampled_from(SORTS),
    limit=st.integers(1, 5),
)

puts = st.tuples(st.just("put"), rows)
removals = st.tuples(st.just("remove"), tasks)
replacements = st.tuples(st.just("replace"), st.lists(rows, max_size=8))
changes = st.lists(st.one_of(puts, puts, puts, removals, replacements), max_size=12)


def changed(index: Index[TaskRow], board: dict[str, TaskRow], change: tuple[str, Any]) -> dict[str, TaskRow]:
    """Change an index, and return the board that it should equal."""
    what, value = change
    if what == "put":
        index.put(value)
        return board | {value.task: value}
    if what == "replace":
        other = {row.task: row for row in value}
        index.replace(other)
        return other
    if value in board:
        index.remove(value)
    return {task: row for task, row in board.items() if task != value}


@settings(max_examples=300)
@given(st.lists(rows, max_size=14), changes, queries, st.sampled_from([0, 3, FEW]), st.sampled_from([0, 2, NEAR]))
def test_an_index_selects_what_a_scan_selects(
    first: list[TaskRow], happened: list[tuple[str, Any]], query: TaskQuery, few: int, near: int
) -> None:
    """After any changes, every page of any query is the one that filtering and sorting all rows gives, total included.

    `few` and `near` decide between the ways to a page: sorting what matches, walking the order, or its array.
    """
    board = {row.task: row for row in first}
    index = Index(board.values(), few, near)
    for change in happened:
        board = changed(index, board, change)
        assert index.select(query) == select(board.values(), query)
    page = index.select(query)
    assert page == select(board.values(), query)
    while page.next is not None:
        query = replace(query, cursor=page.next)
        page = index.select(query)
        assert page == select(board.values(), query)
    assert dict(index) == board


@given(st.lists(rows, min_size=1, max_size=14), changes, st.sampled_from(SORTS))
def test_a_cursor_is_a_place_in_a_changing_list(
    first: list[TaskRow], happened: list[tuple[str, Any]], sort: Sort
) -> None:
    """A cursor of an earlier state goes on at its place, whether or not the task that it names is still there."""
    board = {row.task: row for row in first}
    index = Index(board.values(), 0)
    query = TaskQuery(sort=sort, cursor=index.select(TaskQuery(sort=sort, limit=1)).next)
    for change in happened:
        board = changed(index, board, change)
        assert index.select(query) == select(board.values(), query)


def test_many_tasks_are_walked_and_few_are_sorted() -> None:
    """More than FEW matches, and fewer: the pages are those of a scan, at the beginning, in the middle, at the end."""
    board = [
        replace(PLAIN, task=f"t-{number:05}", row=number % 97, light="red" if number % 7 == 0 else "green", due=due)
        for number, due in ((number, DUES[number % 4] + timedelta(days=number % 11)) for number in range(3 * FEW))
    ]
    index = Index(board)
    for query in (TaskQuery(sort="-due"), TaskQuery(light="red"), TaskQuery(light="green", sort="due", q="t-01")):
        for _ in range(4):
            page = index.select(query)
            assert page == select(board, query)
            assert page.next is not None
            query = replace(query, cursor=page.next)  # noqa: PLW2901 - the next page of the same query


@pytest.mark.parametrize("cursor", ["x", "WyJkdWUiLG51bGwsInQtMSJd"])
def test_a_cursor_that_no_page_gave_is_refused(cursor: str) -> None:
    """A cursor is refused whatever the index has, also where it has nothing."""
    for index in (Index[TaskRow](), Index([PLAIN])):
        with pytest.raises(BadCursorError, match="is not one that a page gave"):
            index.select(TaskQuery(sort="due", cursor=cursor))
