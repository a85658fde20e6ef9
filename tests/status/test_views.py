"""Which rows a query wants, in which order, page by page; pure."""

import base64
from collections.abc import Callable
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from events.deadline import Fixed, Ongoing
from events.schema import CompletionSubmitted, DeadlinePassed, ProgressReported, TaskClosed
from services.status.order import BadCursorError, Sort
from services.status.row import TaskRow
from services.status.views import Selected, TaskQuery, overview, select
from tests.status.tracked_tasks import HELPER, LEAD, YEAR, at, opened, then

SORTS: tuple[Sort, ...] = get_args(Sort)


def made(task: str, number: int | None, **changes: Any) -> TaskRow:
    """Return an assigned task's row under another id and number."""
    return replace(opened(task=task).row, row=number, **changes)


def board() -> dict[str, TaskRow]:
    """Return five rows of all kinds, in no order."""
    closed = then(opened(task="t-3", lead="市教育局"), ("2018-11-01", TaskClosed("implemented")))
    late = then(opened(task="t-1"), ("2019-01-01", DeadlinePassed(YEAR.due)))
    submitted = then(opened(Fixed("…", at("2018-07-01")), task="t-4"), ("2018-02-01", CompletionSubmitted(LEAD, "…")))
    reported = then(
        opened(Ongoing("…"), task="t-2", lead="市教育局"), ("2018-02-01", ProgressReported("市教育局", "…", 30.5))
    )
    rows = [
        replace(closed.row, row=1, position=6),
        replace(late.row, row=3, title="无障碍改造"),
        replace(submitted.row, row=2, percent=80, position=9),
        replace(reported.row, row=10, plan="a-plan", position=12),
        made("u-1", None, units=(opened().row.units[0],), position=1),
    ]
    return {row.task: row for row in rows}


def names(page: Selected[TaskRow]) -> list[str]:
    return [row.task for row in page.items]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        (TaskQuery(), ["t-2", "u-1", "t-3", "t-4", "t-1"]),
        (TaskQuery(unit=HELPER), ["t-2", "t-3", "t-4", "t-1"]),
        (TaskQuery(unit=LEAD), ["u-1", "t-4", "t-1"]),
        (TaskQuery(unit="市残"), []),
        (TaskQuery(lead="市教育局"), ["t-2", "t-3"]),
        (TaskQuery(lead=HELPER), []),
        (TaskQuery(light="blue"), ["t-3"]),
        (TaskQuery(light="red"), ["t-1"]),
        (TaskQuery(state="submitted"), ["t-4"]),
        (TaskQuery(state="returned"), []),
        (TaskQuery(due_before=at("2018-07-01")), []),
        (TaskQuery(due_before=at("2018-07-01T00:00:01")), ["t-4"]),
        (TaskQuery(due_before=at("2030-01-01")), ["u-1", "t-3", "t-4", "t-1"]),
        (TaskQuery(q="无障碍"), ["t-1"]),
        (TaskQuery(q="t-"), ["t-2", "t-3", "t-4", "t-1"]),
        (TaskQuery(q="没有"), []),
        (TaskQuery(lead=LEAD, state="assigned", q="t-"), ["t-1"]),
    ],
    ids=str,
)
def test_a_query_wants_rows(query: TaskQuery, wanted: list[str]) -> None:
    """Each filter keeps the rows it names, several keep what all of them want, and none keeps all."""
    page = select(board().values(), query)
    assert (names(page), page.next) == (wanted, None)


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("row", ["t-2", "u-1", "t-3", "t-4", "t-1"]),
        ("task", ["t-1", "t-2", "t-3", "t-4", "u-1"]),
        ("due", ["t-4", "t-1", "t-3", "u-1", "t-2"]),
        ("-due", ["t-2", "u-1", "t-3", "t-1", "t-4"]),
        ("percent", ["t-1", "t-3", "u-1", "t-2", "t-4"]),
        ("-percent", ["t-4", "t-2", "u-1", "t-3", "t-1"]),
        ("position", ["u-1", "t-1", "t-3", "t-4", "t-2"]),
        ("-position", ["t-2", "t-4", "t-3", "t-1", "u-1"]),
    ],
)
def test_rows_are_sorted(sort: Sort, order: list[str]) -> None:
    """Every order is total: by plan and number, id, due (none last), percent (none as 0) or position, then by id."""
    assert names(select(board().values(), TaskQuery(sort=sort))) == order


def test_every_sort_is_shown() -> None:
    """There are eight orders; each is pinned above."""
    assert sorted(SORTS) == sorted(["row", "task", "due", "-due", "percent", "-percent", "position", "-position"])


rows = st.builds(
    lambda number, plan, due, percent, position, light: made(
        "", number, plan=plan, due=due, percent=percent, position=position, light=light
    ),
    st.none() | st.integers(0, 3),
    st.sampled_from(["zj-2017", "zj-2018", "计划"]),
    st.none() | st.sampled_from([at("2018-07-01"), at("2019-01-01"), at("2018-07-01T00:00:00.000001")]),
    st.none() | st.integers(0, 100) | st.floats(0, 100),
    st.integers(1, 5),
    st.sampled_from(["red", "green"]),
)


def walk(rows: dict[str, TaskRow], query: TaskQuery) -> list[list[str]]:
    """Return the tasks on each page, following `next` to the end."""
    pages = []
    while True:
        page = select(rows.values(), query)
        pages.append(names(page))
        if page.next is None:
            return pages
        query = replace(query, cursor=page.next)


@given(
    st.dictionaries(st.text(max_size=4), rows, max_size=12),
    st.sampled_from(SORTS),
    st.integers(1, 14),
    st.sampled_from([None, "red", "green"]),
)
def test_pages_hold_each_wanted_row_once(drawn: dict[str, TaskRow], sort: Sort, limit: int, light: Any) -> None:
    """Walking the pages gives every wanted row once, in the order of one big page, whatever the limit; all are full."""
    board = {task: replace(row, task=task) for task, row in drawn.items()}
    query = TaskQuery(sort=sort, light=light)
    whole = names(select(board.values(), query))
    pages = walk(board, replace(query, limit=limit))
    assert [task for page in pages for task in page] == whole
    assert sorted(whole) == sorted(task for task, row in board.items() if light in {None, row.light})
    assert all(len(page) == limit for page in pages[:-1])
    assert len(pages) == max(1, -(-len(whole) // limit))


def test_a_page_goes_on_from_where_it_was() -> None:
    """A cursor is a place in the order: rows that come in behind it do not show again, those ahead do."""
    rows = {name: made(name, number) for number, name in enumerate("bcd", 1)}
    first = select(rows.values(), TaskQuery(sort="task", limit=2))
    rows |= {name: made(name, 9) for name in ("a", "ca", "e")}
    assert names(select(rows.values(), TaskQuery(sort="task", limit=9, cursor=first.next))) == ["ca", "d", "e"]


def written(*parts: object) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(parts)).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "没有",
        "bm90IGpzb24=",
        written(),
        written("row"),
        written("task", "t-1"),
        written("size", "t-1", "t-1"),
        written("task", None, "t-1"),
        written("row", 7, "t-1"),
        written("row", ["zj-2017", "7"], "t-1"),
        base64.urlsafe_b64encode(b"[" * 10_000).decode(),
    ],
    ids=lambda cursor: cursor[:20],
)
def test_a_cursor_that_no_page_gave_is_refused(cursor: str) -> None:
    """Anything but a page's own `next` raises BadCursorError, whatever it is."""
    with pytest.raises(BadCursorError):
        select(board().values(), TaskQuery(cursor=cursor))


@pytest.mark.parametrize("sort", SORTS[1:])
def test_a_cursor_of_another_order_is_refused(sort: Sort) -> None:
    """A place in one order is none in another, also where both count in numbers."""
    for other in SORTS:
        cursor = select(board().values(), TaskQuery(sort=other, limit=1)).next
        if other != sort:
            with pytest.raises(BadCursorError):
                select(board().values(), TaskQuery(sort=sort, cursor=cursor))


def test_the_overview_counts_what_the_ledger_has() -> None:
    """Tasks by light and state, those overdue and not closed, units once, and every unit's part as an obligation."""
    assert overview(board()) == {
        "tasks": 5,
        "lights": {"red": 1, "yellow": 1, "green": 2, "blue": 1},
        "states": {"assigned": 2, "in-progress": 1, "submitted": 1, "returned": 0, "closed": 1},
        "overdue": 1,
        "units": 3,
        "obligations": 9,
    }


def test_a_closed_task_is_no_longer_overdue() -> None:
    """A task that was closed late counts as closed, though its row still has the instant from which it was late."""
    late = then(opened(), ("2019-01-01", DeadlinePassed(YEAR.due)))
    closed = then(late, ("2019-02-01", TaskClosed("implemented")))
    assert closed.row.overdue_since == YEAR.due
    count: Callable[[TaskRow], int] = lambda row: overview({"t": row})["overdue"]  # noqa: E731
    assert (count(late.row), count(closed.row)) == (1, 0)
