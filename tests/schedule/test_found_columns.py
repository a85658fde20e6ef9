"""Tables whose columns are found by what they hold, periods as columns, and what in a table is no task."""

from collections.abc import Callable
from datetime import date
from io import BytesIO

import docx
import msgspec
import openpyxl
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font

from events.deadline import Fixed, Milestones
from events.envelope import parse
from events.ledger import Ledger
from events.schema import TaskAssigned
from services.schedule.document import read_document
from services.schedule.plan import Order, Schedule
from services.schedule.planning import plan_tasks
from services.schedule.preview import preview_rows, refuse_marked
from services.schedule.table import Row, Table
from tests.schedule.documents import Drawing, page, saved
from tests.schedule.test_rows import MAKERS

ORDER = Order("p", date(2024, 3, 1), "office")
HEADER = ["序号", "工作任务", "责任单位", "完成时限"]
Reader = Callable[..., Table]


@pytest.fixture(params=MAKERS)
def read(request: pytest.FixtureRequest) -> Reader:
    """Reads drawings as tables of one document; a test runs once for each format."""
    return lambda *drawings: read_document(MAKERS[request.param](*drawings), "tables")


def said(row: Row) -> tuple[str, str, str]:
    """Return a row's title, units and deadline."""
    return row.title.text, "；".join(cell.text for _, cell in row.units), row.deadline.text if row.deadline else ""


def planned(table: Table, ledger: Ledger | None = None) -> Schedule:
    """Return the table's tasks."""
    return plan_tasks(table, ORDER, ledger or Ledger(""))


def test_figures_without_words_about_the_work(read: Reader) -> None:
    """The title says for whom, and how much of what; a sum is no task."""
    found = read(
        [
            ["序号", "乡镇", "村名", "改厕任务（户）", "其中：新建", "验收标准", "责任单位", "完成时限"],
            ["1", "城郊乡", "河东村", "420", "3.5", "三格化粪池", "城郊乡政府", "6月底前"],
            ["2", "永安镇", "胡集村", "510", "", "双瓮式", "永安镇政府", "8月底前"],
            ["合计", "", "", "930", "", "", "", ""],
        ]
    )
    assert [said(row)[0] for row in found.rows] == [
        "城郊乡河东村：改厕任务420户，其中新建3.5，验收标准：三格化粪池",
        "永安镇胡集村：改厕任务510户，验收标准：双瓮式",
    ]
    assert not found.refusals
    assert any("合计" in note for note in found.notes)
    assert any("改厕任务" in note and "read as that of the tasks" in note for note in found.notes)


@pytest.mark.parametrize(
    ("headings", "ends"),
    [
        (("第一季度", "第二季度", "第三季度", "第四季度"), ("2024-04-01", "2024-10-01", "2025-01-01")),
        (("一季度", "二季度", "三季度", "四季度"), ("2024-04-01", "2024-10-01", "2025-01-01")),
        (("3月", "4月", "5月", "6月"), ("2024-04-01", "2024-06-01", "2024-07-01")),
        (("2024年", "2025年", "2026年", "2027年"), ("2025-01-01", "2027-01-01", "2028-01-01")),
    ],
    ids=lambda texts: texts[0],
)
def test_periods_as_columns(read: Reader, headings: tuple[str, ...], ends: tuple[str, ...]) -> None:
    """Each cell's words are a milestone at the end of its column's period; one alone is a fixed deadline."""
    table = read(
        [
            ["序号", "工作任务", "责任单位", *headings],
            ["1", "建成平台", "市民政局", "完成招标", "", "完成建设", "投入使用"],
            ["2", "开展培训", "市残联", "", "", "", "开展两期"],
        ]
    )
    first, second = (parse(bytes(line.event)).data for line in planned(table).lines)
    assert isinstance(first, TaskAssigned)
    assert isinstance(second, TaskAssigned)
    assert isinstance(first.deadline, Milestones)
    assert [str(step.due.date()) for step in first.deadline.milestones] == list(ends)
    assert first.deadline.milestones[1].text == f"{headings[2]}：完成建设"
    assert isinstance(second.deadline, Fixed)
    assert str(second.deadline.due.date()) == ends[2]


def steps(read: Reader, headings: Drawing, *cells: str, issued: date = date(2024, 3, 1)) -> Schedule:
    """Plan a table of one task with these rows of period headings; < goes on from the left."""
    columns = [["序号", "工作任务", "责任单位"], *[["^"] * 3] * (len(headings) - 1)]
    rows = [[*column, *heading] for column, heading in zip(columns, headings, strict=True)]
    return plan_tasks(read([*rows, ["1", "建成平台", "市民政局", *cells]]), Order("p", issued, "office"), Ledger(""))


def due(schedule: Schedule) -> list[str]:
    """Return the days on which the only task falls due."""
    (line,) = schedule.lines
    data = parse(bytes(line.event)).data
    assert isinstance(data, TaskAssigned)
    match data.deadline:
        case Milestones(milestones=milestones):
            return [str(step.due.date()) for step in milestones]
        case Fixed(due=day):
            return [str(day.date())]
        case other:
            return [type(other).__name__]


@pytest.mark.parametrize(
    ("headings", "cells", "dues"),
    [
        (
            [["2024年", "<", "2025年", "<"], ["上半年", "下半年", "上半年", "下半年"]],
            ("招标", "", "建设", "完成"),
            ["2024-07-01", "2025-07-01", "2026-01-01"],
        ),
        (
            [["2024年", "<", "2025年", "<"], ["三季度", "四季度", "一季度", "二季度"]],
            ("", "", "完成", ""),
            ["2025-04-01"],
        ),
        ([["2024年第四季度", "第一季度", "第二季度"]], ("", "建设", "完成"), ["2025-04-01", "2025-07-01"]),
        ([["11月", "12月", "1月"]], ("", "", "完成"), ["2025-02-01"]),
        ([["2024年度目标", "2025年度目标"]], ("招标", "完成"), ["2025-01-01", "2026-01-01"]),
        ([["第一季度", "第二季度", "第三季度"]], ("招标", "完成", "<"), ["2024-04-01", "2024-10-01"]),
        ([["6月底前", "9月末", "2024年底前"]], ("招标", "建设", "完成"), ["2024-07-01", "2024-10-01", "2025-01-01"]),
    ],
)
def test_the_year_of_a_period(read: Reader, headings: Drawing, cells: tuple[str, ...], dues: list[str]) -> None:
    """It is named by the heading, by one above it, or by the column before; after a year's end the next one goes on."""
    assert due(steps(read, headings, *cells)) == dues


def test_periods_of_a_year_that_nobody_names(read: Reader) -> None:
    """At a year's end they may be those of the next, unless the title says of which they are."""
    late = date(2023, 12, 20)
    assert due(steps(read, [["完成时限"]], "2024年6月底前", issued=late)) == ["2024-07-01"]
    assert due(steps(read, [["第一季度", "第二季度"]], "", "", issued=late)) == ["Unspecified"]
    (refused,) = steps(read, [["第一季度", "第二季度"]], "招标", "完成", issued=late).refusals
    assert "of which year “第一季度” is" in refused.detail
    table = read(
        [
            ["2024年重点工作任务表", "<", "<", "<", "<"],
            ["序号", "工作任务", "责任单位", "第一季度", "第二季度"],
            ["1", "建成平台", "市民政局", "招标", "完成"],
        ]
    )
    assert due(plan_tasks(table, Order("p", late, "office"), Ledger(""))) == ["2024-04-01", "2024-07-01"]


@pytest.mark.parametrize(
    ("cells", "dues"),
    [
        (("3月20日前报送", "完成"), ["2024-03-21", "2024-07-01"]),
        (("", "5月15日前完成招标，6月底前开工"), ["2024-05-16", "2024-07-01"]),
        (("持续推进", "完成"), ["2024-07-01"]),
        (("持续推进", "长期坚持"), ["Ongoing"]),
        (("", "6月20日前报送"), ["Ambiguous"]),
    ],
)
def test_what_a_periods_cell_says_of_its_time(read: Reader, cells: tuple[str, ...], dues: list[str]) -> None:
    """A limit of its own is due instead of the period's end, and by what goes on nothing is due."""
    assert due(steps(read, [["第一季度", "第二季度"]], *cells)) == dues


@pytest.mark.parametrize(
    ("headings", "cells", "detail"),
    [
        (["第一季度", "第二季度"], ("启动", "2024年12月底前完成"), "is after “第二季度”"),
        (["第一季度", "第二季度"], ("每月底前报送", "完成"), "no day within “第一季度”"),
        (["第二季度", "第一季度"], ("启动", "完成"), "does not follow"),
        (["第一季度", "第二季度"], ("启动", "3月底前完成"), "one after another"),
    ],
)
def test_periods_that_are_refused(read: Reader, headings: list[str], cells: tuple[str, ...], detail: str) -> None:
    """What contradicts its column, or columns that contradict each other, are refused with their row."""
    (refused,) = steps(read, [headings], *cells).refusals
    assert (refused.row, refused.column) == (1, "时间进度")
    assert detail in refused.detail


def test_the_part_of_the_work_that_a_period_must_reach(read: Reader) -> None:
    """It is read in a period's cell as in a phrase."""
    (line,) = steps(read, [["6月底前", "12月底前"]], "完成30%", "完成100%").lines
    data = parse(bytes(line.event)).data
    assert isinstance(data, TaskAssigned)
    assert isinstance(data.deadline, Milestones)
    assert [step.percent for step in data.deadline.milestones] == [30, 100]


def test_numbers_in_a_periods_cell_are_marked(read: Reader) -> None:
    """They may have been a time."""
    (line,) = steps(read, [["第一季度", "第二季度"]], "完成招标2个", "完成").lines
    assert line.passed_over == ("完成招标2个", "完成")
    assert "number-passed-over" in line.marks


@pytest.mark.parametrize(
    "names",
    [
        ("市住房和城乡建设局", "市人力资源和社会保障局、市财政局"),
        ("市发展和改革委员会牵头，市规划和自然资源局配合", "市住房和城乡建设局和市水务局"),
        ("市教育局及各县（市、区）政府", "市文化和旅游局"),
    ],
)
def test_names_in_which_and_stands_are_names(read: Reader, names: tuple[str, str]) -> None:
    """A column of them is found by its cells."""
    rows = [["1", "建成全市平台。", names[0], "2024年6月底前"], ["2", "开展全员培训。", names[1], "持续推进"]]
    table = read([["序号", "事项", "承接方", "何时"], *rows])
    assert [said(row)[1] for row in table.rows] == list(names)


@pytest.mark.parametrize("heading", ["谁来办", "哪家干", "承接方"])
def test_a_column_of_names_is_the_units_column_whatever_it_is_called(read: Reader, heading: str) -> None:
    """That it was found by its cells is noted."""
    table = read(
        [
            ["序号", "事项", heading, "何时"],
            ["1", "建成全市平台。", "市民政局、市财政局", "2024年6月底前"],
            ["2", "开展全员培训。", "市残联", "持续推进"],
        ]
    )
    assert [said(row) for row in table.rows] == [
        ("建成全市平台。", "市民政局、市财政局", "2024年6月底前"),
        ("开展全员培训。", "市残联", "持续推进"),
    ]
    assert any(f"“{heading}” is read as that of the units" in note for note in table.notes)
    assert any("“何时” is read as that of the deadlines" in note for note in table.notes)


def test_a_wide_table(read: Reader) -> None:
    """Of 17 columns those that are needed are read."""
    others = [
        "建设地点",
        "建设性质",
        "建设规模",
        "总投资",
        "已完成投资",
        "资金来源",
        "前期情况",
        "联系人",
        "电话",
        "形象进度",
        "存在问题",
        "备注",
    ]
    table = read(
        [
            ["序号", "项目名称", *others[:6], "建设单位", *others[6:], "竣工时间", "监管情况"],
            [
                "1",
                "市福利院扩建",
                "赤坎区",
                "扩建",
                "100张",
                "2000",
                "100",
                "财政",
                "市民政局",
                *"无无1无无无",
                "2024年12月",
                "无",
            ],
            [
                "2",
                "市康复中心新建",
                "霞山区",
                "新建",
                "200张",
                "5000",
                "100",
                "财政",
                "市残联",
                *"无无1无无无",
                "2025年6月",
                "无",
            ],
        ]
    )
    assert [said(row) for row in table.rows] == [
        ("市福利院扩建", "市民政局", "2024年12月"),
        ("市康复中心新建", "市残联", "2025年6月"),
    ]


def test_requirements_beside_tasks(read: Reader) -> None:
    """具体要求 is the title, 工作任务 the section."""
    table = read(
        [
            ["工作任务", "具体要求", "责任科室", "时限要求"],
            ["队伍建设", "招录社工10名。", "人事科", "2024年6月底前"],
            ["^", "开展培训。", "办公室", "2024年12月底前"],
        ]
    )
    assert [(row.title.text, row.section) for row in table.rows] == [
        ("招录社工10名。", "队伍建设"),
        ("开展培训。", "队伍建设"),
    ]


@pytest.mark.parametrize("same", ["同上", "〃", "″", "（同上）"])
def test_ditto(read: Reader, same: str) -> None:
    """It stands for the cell above."""
    table = read(
        [
            ["工作任务", "责任单位", "完成时限"],
            ["建成平台", "市民政局", "2024年6月底前"],
            ["开展培训", same, same],
        ]
    )
    assert said(table.rows[1]) == ("开展培训", "市民政局", "2024年6月底前")


def test_ditto_with_nothing_above_is_refused(read: Reader) -> None:
    """Nothing says who it is: neither the heading nor the name of a section does."""
    table = read(
        [
            HEADER,
            ["一、民生保障", "<", "<", "<"],
            ["1", "开展培训", "同上", "2024年6月底前"],
            ["2", "评估", "市残联", "同上"],
        ]
    )
    schedule = planned(table)
    assert [(refusal.row, refusal.column) for refusal in schedule.refusals] == [(1, "责任单位")]
    assert [line.row for line in schedule.lines] == [2]


def test_ditto_below_a_section(read: Reader) -> None:
    """It stands for the last row of the section before, not for the section's name."""
    table = read(
        [
            HEADER,
            ["1", "建成平台", "市民政局", "2024年6月底前"],
            ["二、就业", "<", "<", "<"],
            ["2", "开展培训", "同上", "同上"],
        ]
    )
    assert said(table.rows[1]) == ("开展培训", "市民政局", "2024年6月底前")


def test_units_in_brackets_in_the_tasks_cell(read: Reader) -> None:
    """They are read there, and the title is without them."""
    table = read(
        [
            ["序号", "工作任务", "完成时限"],
            ["1", "建成平台。（牵头单位：市民政局；责任单位：市财政局）", "2024年6月底前"],
            ["2", "开展培训。（市残联负责）", "2024年6月底前"],
        ]
    )
    assert [row.title.text for row in table.rows] == ["建成平台。", "开展培训。"]
    assert [line.reading[0] for line in planned(table).lines] == [
        "市民政局牵头（文中写明）；市财政局配合。",
        "市残联牵头（文中写明）。",
    ]
    assert not any("outside" in note for note in table.notes)


def test_how_to_fill_in_is_no_task(read: Reader) -> None:
    """Instructions and who filled it in are noted."""
    table = read(
        [
            ["2024年任务表", "<", "<"],
            ["工作任务", "责任单位", "完成时限"],
            ["建成平台", "市民政局", "2024年6月底前"],
            ["填表说明：请于每月5日前报送", "<", "<"],
            ["填表单位：市民政局", "<", "<"],
        ]
    )
    assert [row.title.text for row in table.rows] == ["建成平台"]
    assert sum("填表" in note for note in table.notes) == 2


def _struck_word() -> bytes:
    document = docx.Document()
    table = document.add_table(2, 4)
    for at, text in enumerate(HEADER):
        table.cell(0, at).text = text
    for at, text in enumerate(("1", "建成平台", "市民政局", "2024年6月底前")):
        table.cell(1, at).text = text
    table.cell(1, 2).paragraphs[0].add_run("、市财政局").font.strike = True
    return saved(document)


def _struck_page() -> bytes:
    rows: Drawing = [HEADER, ["1", "建成平台", "市民政局@", "2024年6月底前"]]
    return page(rows).replace(b"@", "<s>、市财政局</s>".encode())


@pytest.mark.parametrize(("name", "data"), [("a.docx", _struck_word()), ("a.html", _struck_page())])
def test_struck_out_text_is_left_out_with_a_note(name: str, data: bytes) -> None:
    """The text that stays is read."""
    table = read_document(data, name)
    assert [said(row) for row in table.rows] == [("建成平台", "市民政局", "2024年6月底前")]
    assert any("市财政局" in note for note in table.notes)


def test_struck_out_text_of_a_sheet() -> None:
    """A cell that is struck out is left out; one of which a part is so is not read as it stands."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (HEADER, ["1", "建成平台", "市民政局", "2024年6月底前"], ["2", "开展培训", "市残联", "2024年6月底前"]):
        sheet.append(row)
    for column in range(1, 5):
        sheet.cell(3, column).font = Font(strike=True)
    table = read_document(saved(book), "a.xlsx")
    assert [row.title.text for row in table.rows] == ["建成平台"]
    sheet.cell(2, 3).value = CellRichText("市民政局", TextBlock(InlineFont(strike=True), "、市财政局"))
    stream = BytesIO()
    book.save(stream)
    table = read_document(stream.getvalue(), "a.xlsx")
    assert table.rows == ()
    assert [(refusal.place, "struck out" in refusal.detail) for refusal in table.refusals] == [("Sheet!C2", True)]


@pytest.mark.parametrize(
    ("units", "deadline", "marks"),
    [
        ("市民政局", "2024年6月底前", ()),
        ("市民政局、市财政局", "2024年6月底前", ("lead-inferred",)),
        ("市民政局牵头，市财政局配合", "2024年6月底前", ()),
        ("市水务局", "2024年6月底前", ("unit-unknown",)),
        ("市民政局", "每年培训300人，2024年6月底前", ("number-passed-over",)),
    ],
)
def test_what_a_person_should_look_at(read: Reader, units: str, deadline: str, marks: tuple[str, ...]) -> None:
    """The marks of a row; with --strict it is refused for them."""
    schedule = planned(read([HEADER, ["1", "建成平台", units, deadline]]), Ledger("", units=("市民政局", "市财政局")))
    (line,) = schedule.lines
    assert line.marks == marks
    kept, refused = refuse_marked(preview_rows(schedule, {}))
    assert (len(kept), len(refused)) == ((0, 1) if marks else (1, 0))


@pytest.mark.parametrize(
    ("heading", "units", "person"),
    [
        ("责任单位及责任人", "市民政局 张三", "张三"),
        ("责任单位", "市民政局（张三）、市财政局", "张三"),
        ("责任单位", "市民政局", None),
    ],
)
def test_a_person_in_charge_is_assigned(read: Reader, heading: str, units: str, person: str | None) -> None:
    """Only an assignment that names one is of the second version."""
    (line,) = planned(
        read([["序号", "工作任务", heading, "完成时限"], ["1", "建成平台", units, "2024年6月底前"]])
    ).lines
    event = msgspec.json.decode(bytes(line.event))
    assert event["type"].endswith("v2" if person else "v1")
    assert event["data"]["units"][0].get("person") == person


def test_a_leader_among_the_units_is_the_tasks(read: Reader) -> None:
    """As one in a column of leaders is."""
    units = "牵头负责领导：王某某。牵头责任单位：省商务厅。"
    (line,) = planned(read([HEADER, ["1", "建成平台", units, "2024年6月底前"]])).lines
    assert msgspec.json.decode(bytes(line.event))["leader"] == "王某某"
