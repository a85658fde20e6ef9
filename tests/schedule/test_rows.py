from collections.abc import Callable

import pytest

from services.schedule.document import read_document
from services.schedule.table import Row, Table
from tests.schedule.documents import Drawing, book, page, separated, word

HEADER = ["序号", "工作任务", "责任单位", "完成时限"]

TASK = ["培训", "市残联", "长期"]

Reader = Callable[..., Table]

MAKERS: dict[str, Callable[..., bytes]] = {
    "docx": word,
    "xlsx": lambda *drawings: book(**{f"表{at}": drawing for at, drawing in enumerate(drawings, 1)}),
    "html": page,
}


@pytest.fixture(params=MAKERS)
def read(request: pytest.FixtureRequest) -> Reader:
    """Reads drawings as tables of one document; a test runs once for each format."""
    return lambda *drawings: read_document(MAKERS[request.param](*drawings), "tables")


def said(row: Row) -> tuple[object, ...]:
    """Return what a row says: its number, title, units, deadline and section."""
    units = tuple((role, cell.text) for role, cell in row.units)
    return row.number, row.title.text, units, row.deadline and row.deadline.text, row.section


CITY: Drawing = [
    ["2018年市政府重点工作责任分工表", "<", "<", "<", "<", "<", "<", "<"],
    ["序号", "重点任务", "具体措施", "责任分工", "<", "<", "完成时限\n（2018年）", "备注"],
    ["^", "^", "^", "分管领导", "牵头单位", "配合单位", "^", "^"],
    ["一、保障和改善民生", "<", "<", "<", "<", "<", "<", "<"],
    ["1", "完善社会救助", "提高低保标准", "张三", "市民政局", "市财政局", "6月底前", ""],
    ["2", "^", "扩大救助范围", "^", "^", "市残联、市财政局", "^", "每季报送"],
    ["序号", "重点任务", "具体措施", "责任分工", "<", "<", "完成时限\n（2018年）", "备注"],
    ["^", "^", "^", "分管领导", "牵头单位", "配合单位", "^", "^"],
    ["3", "", "发放补贴", "李四", "市残联", "", "12月底前", ""],
    ["二、促进就业", "<", "<", "<", "<", "<", "<", "<"],
    ["", "", "", "", "", "", "", ""],
    ["4", "稳定就业", "举办招聘会", "王五", "市人社局", "<", "持续推进", ""],
    ["合计", "4项", "", "", "", "", "", ""],
    ["注：各单位按季度报送进展。", "<", "<", "<", "<", "<", "<", "<"],
]


def test_a_citys_form(read: Reader) -> None:
    """A header of two rows, merged tasks, units and deadlines, sections, a header again, a total and a note."""
    table = read(CITY)
    assert table.refusals == ()
    civil, finance = ("lead", "市民政局"), ("cooperating", "市财政局")
    assert [said(row) for row in table.rows] == [
        (1, "提高低保标准", (civil, finance), "6月底前", "一、保障和改善民生／完善社会救助"),
        (
            2,
            "扩大救助范围",
            (civil, ("cooperating", "市残联、市财政局")),
            "6月底前",
            "一、保障和改善民生／完善社会救助",
        ),
        (3, "发放补贴", (("lead", "市残联"),), "12月底前", "一、保障和改善民生／完善社会救助"),
        (4, "举办招聘会", ((None, "市人社局"),), "持续推进", "二、促进就业／稳定就业"),
    ]
    assert [row.leader.text for row in table.rows if row.leader] == ["张三", "张三", "李四", "王五"]
    assert [note.partition(": ")[2] for note in table.notes] == [
        "“合计 4项” is no task",
        "“注：各单位按季度报送进展。” is no task",
    ]


def test_columns_in_any_order(read: Reader) -> None:
    """Columns are found by their headings, and a deliverable is kept."""
    drawing = [
        ["完成时间", "成果形式", "责任 部门", "工作内容", "编号"],
        ["年底前", "实施方案", "市民政局", "制定方案", "１."],
        ["长期", "", "市残联", "开展培训", "（2）"],
        ["长期", "", "市残联", "开展评估", "三"],
    ]
    table = read(drawing)
    assert (table.refusals, table.notes) == ((), ())
    assert [said(row)[:2] for row in table.rows] == [(1, "制定方案"), (2, "开展培训"), (3, "开展评估")]
    assert [row.deliverable.text for row in table.rows if row.deliverable] == ["实施方案", "", ""]


def test_a_column_that_the_table_does_not_have(read: Reader) -> None:
    """Without a column of units a row has none, without one of deadlines None; a cell that is empty is a cell."""
    table = read(
        [["序号", "重点任务", "完成时限"], ["1", "制定方案", ""]], [["序号", "任务", "责任单位"], ["2", "培训", ""]]
    )
    assert table.refusals == ()
    first, second = table.rows
    assert first.units == ()
    assert first.deadline is not None
    assert first.deadline.text == ""
    assert [(role, cell.text) for role, cell in second.units] == [(None, "")]
    assert second.deadline is None


def test_a_table_goes_on(read: Reader) -> None:
    """A table without a header has the columns, and the section, of the one before it."""
    table = read(
        [HEADER, ["一、就业", "<", "<", "<"], ["1", "培训", "市残联", "长期"]],
        [["2", "评估", "市残联", "年底前"], ["3", "总结", "市残联", "年底前"]],
        [["附件1", "附件2", "附件3", "附件4"]],
    )
    assert table.refusals == ()
    assert [(row.number, row.section) for row in table.rows] == [(1, "一、就业"), (2, "一、就业"), (3, "一、就业")]
    assert len(table.notes) == 1
    assert "no header that is known" in table.notes[0]


def test_a_table_goes_on_in_another_width(read: Reader) -> None:
    """A table that goes on with the numbers is read where it has as many cells, however wide they are; else refused."""
    first, wide = [HEADER, ["1", *TASK]], [["2", "<", "评估", "市残联", "年底前", "<"]]
    table = read(first, wide, [["3", "总结", "市残联", "年底前"]])
    assert (table.refusals, table.notes) == ((), ())
    assert [(row.number, row.title.text, row.units[0][1].text) for row in table.rows] == [
        (1, "培训", "市残联"),
        (2, "评估", "市残联"),
        (3, "总结", "市残联"),
    ]
    table = read(first, [["2", "评估", "市残联", "年底前", "每季报送"]])
    assert [row.number for row in table.rows] == [1]
    assert [refusal.detail for refusal in table.refusals] == [
        "the numbers go on here, but the columns are not those of the table before"
    ]


@pytest.mark.parametrize("parts", [("1.1", "1.2", "2.1"), ("（1）", "（2）", "（1）")])
def test_a_number_with_parts_is_a_section(read: Reader, parts: tuple[str, str, str]) -> None:
    """What names neither units nor a deadline above 1.1 or （1） is what they are parts of."""
    first, second, third = parts
    table = read(
        [HEADER, ["1", "就业", "", ""], [first, *TASK], [second, *TASK], ["2", "康复", "", ""], [third, *TASK]]
    )
    assert table.refusals == ()
    assert [(row.number, row.section) for row in table.rows] == [(1, "1、就业"), (2, "1、就业"), (3, "2、康复")]
    table = read([HEADER, ["1", "就业", "市残联", ""], [first, *TASK]])
    assert table.rows[0].title.text == "就业"


def test_rows_that_only_add_to_a_task(read: Reader) -> None:
    """Below a merged task, a row with units alone names who else has it, one with a deadline alone what comes next."""
    table = read(
        [
            [*HEADER, "备注"],
            ["1", "培训", "市残联", "6月底前启动", ""],
            ["^", "^", "市民政局", "^", "^"],
            ["^", "^", "^", "12月底前完成", "^"],
            ["2", "评估", "市残联", "长期", ""],
            ["^", "^", "市民政局", "年底前", "^"],
        ]
    )
    assert table.refusals == ()
    assert [said(row)[1:4] for row in table.rows] == [
        ("培训", ((None, "市残联"), (None, "市民政局")), "6月底前启动\n12月底前完成"),
        ("评估", ((None, "市残联"),), "长期"),
        ("评估", ((None, "市民政局"),), "年底前"),
    ]


def test_two_tables_with_titles(read: Reader) -> None:
    """A title inside a table is no row of the table before it."""
    title, wide = ["分工表", "<", "<", "<"], [HEADER, ["1", *TASK]]
    table = read([title, *wide], [title, HEADER, ["2", *TASK]])
    assert (table.refusals, table.notes) == ((), ())
    assert [(row.number, row.section) for row in table.rows] == [(1, None), (2, None)]


def test_no_table_is_known(read: Reader) -> None:
    """A document without a header that is known is refused; what it has instead is noted."""
    table = read([["姓名", "电话"], ["张三", "123"]])
    assert table.rows == ()
    assert [(refusal.row, refusal.detail) for refusal in table.refusals] == [
        (0, "there is no header: 序号、工作任务、责任单位、时间进度")
    ]


def counted(table: Table) -> str:
    assert table.refusals == ()
    assert [row.number for row in table.rows] == list(range(1, len(table.rows) + 1))
    return table.notes[0] if table.notes else ""


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([["1", *TASK], ["二、就业", "<", "<", "<"], ["1", *TASK], ["2", *TASK]], "begin anew"),
        ([["1.1", *TASK], ["1.2", *TASK]], "is part of a number"),
        ([["", *TASK], ["", *TASK]], "does not number them"),
        ([["1", *TASK], ["^", *TASK]], "is that of several rows"),
    ],
)
def test_rows_that_are_counted(read: Reader, rows: Drawing, why: str) -> None:
    """Where numbers do not tell rows apart, the rows are counted through, and the table says why."""
    assert why in counted(read([HEADER, *rows]))


def test_rows_without_a_column_of_numbers(read: Reader) -> None:
    """A table need not number its rows; each of several tables may begin with 1."""
    assert "does not number" in counted(read([HEADER[1:], TASK, TASK]))
    assert "begin anew" in counted(read([HEADER, ["1", *TASK]], [HEADER, ["1", *TASK]]))


def test_numbers_that_are_wrong(read: Reader) -> None:
    """A number that is there twice, or is none, is refused where numbers do tell rows apart."""
    table = read([HEADER, ["1", *TASK], ["3", *TASK], ["3", *TASK], ["x", *TASK], ["", *TASK], ["7", "", "", ""]])
    assert [row.number for row in table.rows] == [1, 3]
    assert [(refusal.row, refusal.column) for refusal in table.refusals] == [
        (3, "序号"),
        (4, "序号"),
        (5, "序号"),
        (7, "工作任务"),
    ]


def test_sections_within_sections(read: Reader) -> None:
    """A section is part of the one above it, by how both are numbered."""
    wide = ["<", "<", "<"]
    table = read(
        [
            *(HEADER, ["第一部分 民生", *wide], ["一、社会保障", *wide], ["（一）救助", *wide], ["1", *TASK]),
            *(
                ["（二）福利", *wide],
                ["2", *TASK],
                ["二", "就业", "", ""],
                ["3", *TASK],
                ["第二部分 经济", *wide],
                ["4", *TASK],
            ),
        ]
    )
    assert table.refusals == ()
    assert [row.section for row in table.rows] == [
        "第一部分 民生／一、社会保障／（一）救助",
        "第一部分 民生／一、社会保障／（二）福利",
        "第一部分 民生／二、就业",
        "第二部分 经济",
    ]


def test_columns_that_are_not_read_are_told(read: Reader) -> None:
    """A column that is not known, and one without a heading, is noted where something stands in it."""
    table = read([[*HEADER, "完成情况", ""], ["1", *TASK, "已完成", "改"]])
    assert len(table.rows) == 1
    assert [note.partition(": ")[2] for note in table.notes] == [
        "the column “完成情况” is not read",
        "a column without a heading is not read",
    ]


def test_a_column_of_tasks_by_another_name(read: Reader) -> None:
    """Where units and deadlines have their columns, the only other one is that of the tasks; the table says so."""
    table = read(
        [
            ["序号", "建议提案", "主办单位", "会办单位", "办理时限"],
            ["1", "增设公交站", "市交通局", "市公安局", "年底前"],
        ]
    )
    assert [said(row)[:2] for row in table.rows] == [(1, "增设公交站")]
    assert [note.partition(": ")[2] for note in table.notes] == ["the column “建议提案” is read as that of the tasks"]


def test_what_stands_around_a_table(read: Reader) -> None:
    """Lines for who filled a form in are neither headings nor tasks."""
    above, below = ["填报单位：市府办", "", "", "2018年3月1日"], ["制表人：张三", "", "审核：李四", ""]
    header = [*HEADER[:2], "责任分工", "时限"]
    table = read([above, header, ["1", *TASK], ["", "", "", ""], ["续表", "<", "<", "<"], header, ["2", *TASK], below])
    assert [(row.number, row.section) for row in table.rows] == [(1, None), (2, None)]
    assert table.refusals == ()
    assert [note.partition(": ")[2] for note in table.notes] == [
        "“填报单位：市府办 2018年3月1日” stands above the table; it is not read",
        "“续表” is no task",
        "“制表人：张三 审核：李四” is no task",
    ]


def test_two_columns_of_numbers(read: Reader) -> None:
    """Where coarse tasks and fine ones have numbers, those of the fine ones are the rows’."""
    table = read(
        [
            ["序号", "重点任务", "序号", "具体措施", "责任单位"],
            ["一", "就业", "1", "培训", "市残联"],
            ["^", "^", "2", "招聘", "市人社局"],
            ["二", "教育", "3", "建校", "市教育局"],
        ]
    )
    assert [said(row)[:2] for row in table.rows] == [(1, "培训"), (2, "招聘"), (3, "建校")]


def test_two_columns_of_deadlines(read: Reader) -> None:
    """The one that says when a task is done is the deadline; where both do, the table is refused."""
    for header in (
        [["任务", "责任单位", "时间进度", "完成时限"]],
        [["任务", "责任单位", "完成时限", "<"], ["^", "^", "启动时间", "完成时间"]],
    ):
        table = read([*header, ["培训", "市残联", "6月启动", "年底前"]])
        assert [row.deadline.text for row in table.rows if row.deadline] == ["年底前"]
    table = read([["任务", "责任单位", "完成时限", "办结时限"], ["培训", "市残联", "6月", "12月"]])
    assert table.rows == ()
    assert [(refusal.row, refusal.column) for refusal in table.refusals] == [(0, "办结时限")]


def test_a_heading_over_two_columns(read: Reader) -> None:
    """Where one heading stands over two columns of tasks, the finer one is the title."""
    table = read(
        [
            ["序号", "工作任务", "<", "责任单位", "时限"],
            ["1", "就业", "培训", "市残联", "长期"],
            ["2", "^", "招聘", "市人社局", "长期"],
        ]
    )
    assert [(row.title.text, row.section) for row in table.rows] == [("培训", "就业"), ("招聘", "就业")]


def test_items_are_numbers_or_tasks(read: Reader) -> None:
    """What 项目 heads shows in its cells."""
    table = read([["项目", "工作任务", "责任单位", "时限"], ["1", "培训", "市残联", "长期"]])
    assert (table.rows[0].number, table.rows[0].section, table.notes) == (1, None, ())
    table = read([["序号", "项目", "工作任务", "责任单位"], ["5", "就业", "培训", "市残联"]])
    assert (table.rows[0].number, table.rows[0].title.text, table.rows[0].section) == (5, "培训", "就业")


def test_cells_that_are_too_long(read: Reader) -> None:
    """A cell that no event can hold is refused, and the other rows come."""
    table = read([HEADER, ["1", "长" * 20_001, "市残联", "长期"], ["2", *TASK]])
    assert [row.number for row in table.rows] == [2]
    assert [(refusal.row, refusal.column) for refusal in table.refusals] == [(1, "工作任务")]


def test_what_a_saved_table_has_lost() -> None:
    """As .csv, what was merged stands in its first row only: a section still holds, an empty cell is empty."""
    table = read_document(separated(CITY), "city.csv")
    assert table.refusals == ()
    assert [(row.number, row.section) for row in table.rows] == [
        (1, "一、保障和改善民生／完善社会救助"),
        (2, "一、保障和改善民生／完善社会救助"),
        (3, "一、保障和改善民生／完善社会救助"),
        (4, "二、促进就业／稳定就业"),
    ]
    assert [row.deadline.text for row in table.rows if row.deadline] == ["6月底前", "", "12月底前", "持续推进"]
