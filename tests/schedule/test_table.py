from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.schedule.document import read_document
from services.schedule.grid import Cell
from services.schedule.table import Row, RowRefusal, Table

HEADER = "附件\n分工表\n\t序号\n\t工作任务\n\t责任单位\n\t时间进度\n"

FIRST = "\n\t1\n\t开展改造。\n\t市残联\n\t持续实施\n"

ROW = Row(1, Cell("开展改造。", "line 9"), ((None, Cell("市残联", "line 10")),), Cell("持续实施", "line 11"))


def read_table(text: str) -> Table:
    return read_document(text.encode(), "table.txt")


@pytest.mark.parametrize(
    "changed",
    [
        lambda text: text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\r"),
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "  \n") + "\n \n",
        lambda text: text.replace("\t", "    "),
        lambda text: text.replace("序号", "序　号").replace("\t1", "\t１."),
        lambda text: text.rstrip(),
    ],
)
def test_row(changed: Callable[[str], str]) -> None:
    """A row has its cells’ lines; line ends, a byte order mark and spaces around cells do not matter."""
    table = read_table(changed(HEADER + FIRST))
    assert table.refusals == ()
    assert table.rows == (ROW,)


def test_an_empty_cell() -> None:
    """A line with nothing but a tab is an empty cell, not the end of the row."""
    table = read_table(HEADER + FIRST.replace("持续实施", ""))
    assert table.refusals == ()
    assert table.rows[0].deadline == Cell("", "line 11")


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("", RowRefusal(0, "序号", "line 1", "there is no header: 序号、工作任务、责任单位、时间进度")),
        (FIRST, RowRefusal(0, "序号", "line 1", "there is no header: 序号、工作任务、责任单位、时间进度")),
        (
            HEADER + "\n\t2\n\t开展\n\t市残联\n",
            RowRefusal(2, "时间进度", "line 10", "the cell is missing: 3 of 4 are there"),
        ),
        (HEADER + "\n\t2\n", RowRefusal(2, "工作任务", "line 8", "the cell is missing: 1 of 4 are there")),
        (
            HEADER + "\n\t2\n\t开展\n\t市残联\n\t长期\n\t备注\n",
            RowRefusal(2, "时间进度", "line 12", "“备注” is a cell too many: there are 4 columns"),
        ),
        (
            HEADER + "\n\t二a\n\t开展\n\t市残联\n\t长期\n",
            RowRefusal(1, "序号", "line 8", "“二a” is not a number up to 1,000,000"),
        ),
        (
            HEADER + "\n\t9999999\n\t开展\n\t市残联\n\t长期\n",
            RowRefusal(9999999, "序号", "line 8", "“9999999” is not a number up to 1,000,000"),
        ),
        (HEADER + "\n\t2\n\t\n\t市残联\n\t长期\n", RowRefusal(2, "工作任务", "line 9", "the cell is empty")),
    ],
)
def test_refusals(text: str, refusal: RowRefusal) -> None:
    """What is wrong is told with its row, column and line."""
    assert read_table(text).refusals == (refusal,)


def test_the_other_rows_still_come() -> None:
    """A number that is there twice is refused the second time, and the rows around it are read."""
    table = read_table(HEADER + FIRST + FIRST + FIRST.replace("1", "2"))
    assert [row.number for row in table.rows] == [1, 2]
    assert table.refusals == (RowRefusal(1, "序号", "line 13", "the number 1 is there twice; first in line 8"),)


def test_what_is_no_task() -> None:
    """A section is told with its rows, and a note, a total and a section without rows are told as such."""
    table = read_table(HEADER + "\n\t一、改造\n" + FIRST + "\n合计1项\n\n注：略\n\n二、其他\n")
    assert table.rows[0].section == "一、改造"
    assert table.refusals == ()
    assert table.notes == (
        "line 15: “合计1项” is no task",
        "line 17: “注：略” is no task",
        "line 19: “二、其他” is no task, and no row follows it",
    )


CELLS = st.lists(st.sampled_from(["1", "2", "３", "x", "开展改造。", "市残联", "序号"]), min_size=2, max_size=6)


@given(st.lists(CELLS))
@example([["1", "1"], ["序号", "序号", "x", "序号", "x"], ["1", "1", "开展改造。", "1", "市残联"]])
def test_nothing_is_dropped(rows: list[list[str]]) -> None:
    """Whatever follows the header, each block of lines is a row or a refusal."""
    table = read_table(HEADER + "".join("\n" + "".join(f"\t{cell}\n" for cell in cells) for cells in rows))
    told = {row.title.place for row in table.rows} | {refusal.place for refusal in table.refusals}
    line = 8
    for cells in rows:
        assert told & {f"line {at}" for at in range(line, line + len(cells))}
        line += len(cells) + 1
    assert len({row.number for row in table.rows}) == len(table.rows)


@given(st.text())
def test_total(text: str) -> None:
    """Any text is a table; one without a header has nothing but that refusal."""
    table = read_table(text)
    assert table.rows or table.refusals or table.notes
