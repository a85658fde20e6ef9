"""Lists of tasks (分工方案): paragraphs with their units, in each form that has paragraphs."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import docx
import pytest
from docx.enum.style import WD_STYLE_TYPE
from hypothesis import given
from hypothesis import strategies as st

from events.ledger import Ledger
from services.schedule.document import read_document
from services.schedule.plan import Order
from services.schedule.planning import plan_tasks
from services.schedule.readers.word import read_paragraphs
from services.schedule.table import Row, Table
from tests.schedule.documents import page, paragraphs, saved

ORDER = Order("p", date(2020, 2, 1), "office")


def _page(lines: Sequence[str]) -> bytes:
    return ("<html><body>" + "".join(f"<p>{line}</p>" for line in lines) + "</body></html>").encode()


MAKERS: dict[str, Callable[[Sequence[str]], bytes]] = {
    "docx": paragraphs,
    "txt": lambda lines: "\n".join(lines).encode(),
    "html": _page,
}

Reader = Callable[..., Table]


@pytest.fixture(params=MAKERS)
def read(request: pytest.FixtureRequest) -> Reader:
    """Reads lines as paragraphs of a document; a test runs once for each format."""
    return lambda *lines: read_document(MAKERS[request.param](lines), f"list.{request.param}")


def said(row: Row) -> tuple[object, ...]:
    """Return what a row says: its number, title, units, deadline and section."""
    units = "；".join(cell.text for _, cell in row.units)
    return row.number, row.title.text, units, row.deadline.text if row.deadline else "", row.section


def test_units_in_brackets_and_in_lines_of_their_own(read: Reader) -> None:
    """A task each; sections are kept, and the title of the document is noted."""
    table = read(
        "2020年重点工作责任分解",
        "一、强化民生保障",
        "1.提高补贴标准。（牵头单位：市民政局；责任单位：市财政局、市残联）",
        "2.推进康复服务。（市残联、市卫生健康局按职责分工负责）",
        "二、强化就业",
        "3.建设康复中心。",
        "牵头单位：市残联",
        "完成时限：2020年底前",
    )
    assert table.refusals == ()
    assert [said(row) for row in table.rows] == [
        (1, "提高补贴标准。", "牵头单位：市民政局；责任单位：市财政局、市残联", "", "一、强化民生保障"),
        (2, "推进康复服务。", "市残联、市卫生健康局按职责分工负责", "", "一、强化民生保障"),
        (3, "建设康复中心。", "牵头单位：市残联", "2020年底前", "二、强化就业"),
    ]
    assert any("2020年重点工作责任分解" in note for note in table.notes)


@pytest.mark.parametrize(
    "numbers",
    [
        ("一、", "（一）", "（二）"),
        ("（一）", "1.", "2."),
        ("1.", "（1）", "（2）"),
        ("1．", "①", "②"),
        ("一、", "1、", "2、"),
    ],
    ids="".join,
)
def test_numbering(read: Reader, numbers: tuple[str, str, str]) -> None:
    """What a heading's number is does not matter, if that of its tasks is another."""
    section, first, second = numbers
    table = read(
        f"{section}强化民生保障",
        f"{first}提高补贴标准。（市民政局负责）",
        f"{second}推进康复服务。（市残联负责）",
    )
    assert [(row.title.text, bool(row.section)) for row in table.rows] == [
        ("提高补贴标准。", True),
        ("推进康复服务。", True),
    ]


def test_what_is_no_task_is_noted(read: Reader) -> None:
    """Slogans, introductions and signatures are none."""
    table = read(
        "各县（市、区）人民政府，市政府各部门：",
        "坚持以人民为中心，现将任务分工如下。",
        "1.提高补贴标准。（市民政局负责）",
        "2.推进康复服务。（市残联负责）",
        "让我们携手并进，再创佳绩！",
    )
    assert [row.title.text for row in table.rows] == ["提高补贴标准。", "推进康复服务。"]
    assert any("携手并进" in note for note in table.notes)
    assert any("现将任务分工如下" in note for note in table.notes)


def test_a_letter_is_no_list(read: Reader) -> None:
    """Paragraphs without units make a document without tasks."""
    table = read("关于开会的通知", "定于6月1日召开会议。", "请准时参加。")
    assert table.rows == ()
    assert [refusal.detail for refusal in table.refusals] == ["there is no header: 序号、工作任务、责任单位、时间进度"]


def test_the_rows_are_assigned(read: Reader) -> None:
    """A deadline in a task's text is its deadline."""
    table = read(
        "一、就业",
        "1.建成基地，2020年6月底前完成。（市残联牵头，市财政局配合）",
        "2.举办招聘会。（市残联负责，长期坚持）",
    )
    schedule = plan_tasks(table, ORDER, Ledger(""))
    assert schedule.refusals == ()
    assert [line.rule for line in schedule.lines] == ["month-end", "ongoing"]


def planned(*lines: str) -> list[tuple[str, str]]:
    """Return the units and the rule of each task that is assigned from lines of text."""
    schedule = plan_tasks(read_document("\n".join(lines).encode(), "a.txt"), ORDER, Ledger(""))
    assert schedule.refusals == ()
    return [(line.reading[0], line.rule) for line in schedule.lines]


BOTH = "市残联牵头（文中写明）；市民政局配合。"
FIRST = "市残联牵头（文中未写明，因列首位）；市民政局配合。"
ALONE = "市残联牵头（文中未写明，因列首位）。"


@pytest.mark.parametrize(
    ("line", "units", "rule"),
    [
        ("完成时限：2020年底前，牵头单位：市残联，配合单位：市民政局", BOTH, "year-end"),
        ("完成时限：2020年底前 责任单位：市残联、市民政局", FIRST, "year-end"),
        ("完成时限：2020年6月底前启动，2020年底前完成，责任单位：市残联", ALONE, "steps"),
        ("责任单位：市残联，完成时限：2020年底前，市民政局配合", FIRST, "year-end"),
        ("时限：2020年底前。责任单位：市残联。", ALONE, "year-end"),
        ("责任单位：市残联 完成时限：2020年底前 责任人：张三", f"{ALONE[:-1]}；张三为市残联责任人。", "year-end"),
        ("责任领导：李四；完成时限：2020年底前；责任单位：市残联", ALONE, "year-end"),
        ("召集人：李四；主抓单位：市残联；协助单位：市民政局；完成时限：2020年底前", BOTH, "year-end"),
    ],
)
def test_labels_in_one_line(line: str, units: str, rule: str) -> None:
    """Each label holds up to the next one, in any order; units after a time are none of its words."""
    assert planned("1.建设康复中心。", line) == [(units, rule)]


@pytest.mark.parametrize(
    ("inside", "units", "rule"),
    [
        ("市残联牵头，2020年6月底前市民政局配合完成", BOTH, "month-end"),
        ("市残联牵头，2020年底前完成，市民政局配合", BOTH, "year-end"),
        ("市残联牵头，6月底前完成；市民政局配合，12月底前完成", BOTH, "steps"),
        ("市残联牵头，长期坚持；市民政局", BOTH, "ongoing"),
        ("2020年底前完成，市残联牵头，市民政局配合", BOTH, "year-end"),
        ("完成时限：2020年底前，责任单位：市残联、市民政局", FIRST, "year-end"),
        ("市残联、市民政局，6月底前在全市落实到位", FIRST, "month-end"),
    ],
)
def test_times_among_the_units_of_a_bracket(inside: str, units: str, rule: str) -> None:
    """A clause that says when is the deadline; one that names a unit as well keeps its unit."""
    assert planned(f"1.建设康复中心。（{inside}）") == [(units, rule)]


def test_a_bracket_about_tasks_states_no_units() -> None:
    """What a unit's other projects are is part of the title."""
    assert [
        row.title.text
        for row in read_document("1.建设中心（含市残联牵头的项目）。（市残联负责）".encode(), "a.txt").rows
    ] == ["建设中心（含市残联牵头的项目）。"]


def test_lines_that_a_program_has_cut() -> None:
    """In a text whose lines are as long as each other, a paragraph goes on in the next one."""
    lines = (
        "1.提高困难残疾人生活补贴和重度残疾人护理补贴标准，惠及",
        "更多的困难家庭，做到应补尽补。（市民政局牵头，市残联配合）",
        "2.推进康复服务，使有需求的残疾儿童和持证的残疾人都能得",
        "到基本康复服务，不断提高服务的质量，让他们更快地融入社",
        "会。（市残联负责）",
    )
    assert [row.title.text for row in read_document("\n".join(lines).encode(), "a.txt").rows] == [
        "提高困难残疾人生活补贴和重度残疾人护理补贴标准，惠及更多的困难家庭，做到应补尽补。",
        "推进康复服务，使有需求的残疾儿童和持证的残疾人都能得到基本康复服务，不断提高服务的质量，让他们更快地融入社会。",
    ]


def test_a_bracket_that_two_paragraphs_share(read: Reader) -> None:
    """It is one, whatever the width of the lines."""
    table = read("1.提高补贴标准。（市民政局牵头，", "市残联配合）", "2.推进康复服务。（市残联负责）")
    assert [row.units[0][1].text for row in table.rows] == ["市民政局牵头，市残联配合", "市残联负责"]


def test_what_stands_below_no_task_is_noted(read: Reader) -> None:
    """Nothing is left out without a word."""
    table = read("1.提高认识。", "各单位要高度重视。", "2.推进康复服务。（市残联负责）")
    assert [row.title.text for row in table.rows] == ["推进康复服务。"]
    assert any("高度重视" in note for note in table.notes)


def test_numbers_that_word_gives() -> None:
    """Paragraphs of a numbered style are tasks as those whose number was typed, also of one that is based on it."""
    document = docx.Document()
    own = document.styles.add_style("任务", WD_STYLE_TYPE.PARAGRAPH)
    own.base_style = document.styles["List Number"]
    for text, style in (("提高补贴标准。", "List Number"), ("推进康复服务。", "List Number"), ("建设中心。", own)):
        document.add_paragraph(f"{text}（市民政局负责）", style=style)
    rows = read_document(saved(document), "a.docx").rows
    assert [(row.number, row.title.text) for row in rows] == [
        (1, "提高补贴标准。"),
        (2, "推进康复服务。"),
        (3, "建设中心。"),
    ]
    assert [one.text[:2] for one in read_paragraphs(saved(document))] == ["1.", "2.", "3."]


def test_a_paragraph_that_takes_its_number_off_has_none() -> None:
    """Its list is 0, whatever its style is."""
    document = docx.Document()
    paragraph: Any = document.add_paragraph("推进康复服务。", style="List Number")
    paragraph._p.get_or_add_pPr().get_or_add_numPr().get_or_add_numId().val = 0
    assert [one.text for one in read_paragraphs(saved(document))] == ["推进康复服务。"]


def test_struck_out_paragraphs() -> None:
    """What is struck out is no task, and is noted."""
    document = docx.Document()
    document.add_paragraph("1.推进康复服务。（市残联负责）")
    document.add_paragraph().add_run("2.提高补贴标准。（市民政局负责）").font.strike = True
    page = "<html><p>1.推进康复服务。（市残联负责）</p><p><s>2.提高补贴标准。（市民政局负责）</s></p>"
    for data, name, place in ((saved(document), "a.docx", "paragraph 2"), (page.encode(), "a.html", "the page")):
        table = read_document(data, name)
        assert [row.title.text for row in table.rows] == ["推进康复服务。"]
        assert table.notes == (f"{place}: “2.提高补贴标准。（市民政局负责）” is struck out; it is left out",)


def test_a_list_beside_a_table_is_noted() -> None:
    """Where a table has the tasks, paragraphs with units are not read; those in the table's cells are no others."""
    table = page([["序号", "工作任务", "完成时限"], ["1", "建成平台。（牵头单位：市民政局）", "2024年6月底前"]])
    read = read_document(table.replace(b"</body>", "<p>2.推进服务。（市残联负责）</p></body>".encode()), "a.html")
    assert [row.title.text for row in read.rows] == ["建成平台。"]
    (note,) = [note for note in read.notes if "stands outside the tables" in note]
    assert "推进服务" in note


PIECES = st.sampled_from(
    [
        "一、",
        "（一）",
        "1.",
        "①",
        "建成平台。",
        "（市民政局负责）",
        "牵头单位：市残联",
        "完成时限：6月底前",
        "\n",
        "（",
        "）",
        "；下同",
        " ",
    ]
)


@given(st.lists(PIECES, max_size=40), st.sampled_from(["docx", "txt", "html"]))
def test_any_paragraphs(pieces: list[str], form: str) -> None:
    """Whatever the paragraphs are, they give rows, notes or refusals, and each row is planned or refused."""
    table = read_document(MAKERS[form]("".join(pieces).split("\n")), f"a.{form}")
    assert table.rows or table.refusals
    schedule = plan_tasks(table, ORDER, Ledger(""))
    planned = {line.row for line in schedule.lines}
    refused = {refusal.row for refusal in schedule.refusals}
    assert planned | refused >= {row.number for row in table.rows}


def test_minutes_have_their_units_in_the_sentences(read: Reader) -> None:
    """Who begins a sentence and is to act has it as a task, with those that help; other sentences are noted."""
    table = read(
        "一、关于城区防汛",
        "1.由县住建局牵头，县财政局、县城管局配合，7月15日前完成易涝点改造。",
        "2.县水利局会同县应急局于7月20日前完成水库排查，县财政局保障资金。",
        "3.县教体局要于8月20日前完成校舍排查，并由县消防大队进行验收。",
        "4.责成县督查室跟踪督办。",
        "5.各乡镇要落实责任。",
        "会议指出，防汛工作事关重大。",
    )
    assert [tuple(cell.text for _, cell in row.units) for row in table.rows] == [
        ("县住建局牵头，县财政局、县城管局配合",),
        ("县水利局会同县应急局，县财政局",),
        ("县教体局，县消防大队",),
        ("县督查室",),
    ]
    assert not table.refusals
    assert all(any(words in note for note in table.notes) for words in ("各乡镇", "会议指出", "sentences"))


def test_sentences_name_no_units_where_a_paragraph_states_its_own(read: Reader) -> None:
    """A list with units in brackets has its tasks there."""
    table = read("1.加强防汛。（责任单位：县水利局）", "2.由县住建局牵头抓好落实。")
    assert [row.title.text for row in table.rows] == ["加强防汛。"]
