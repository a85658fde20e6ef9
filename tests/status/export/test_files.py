"""Registers and figures as CSV, XLSX and DOCX, opened and read back."""

import time
from datetime import datetime
from typing import Any

import pytest
from msgspec.structs import replace

from services.status.export.csv_file import csv_file
from services.status.export.register import register
from services.status.export.sheets import (
    About,
    Sheet,
    SheetColumn,
    overview_sheet,
    task_sheet,
    unit_names,
    unit_sheet,
)
from services.status.export.xlsx_file import MOST_CHARACTERS, xlsx_file
from services.status.figures.units import ranked
from tests.status.export.reading import ABOUT, FIGURES, ROWS, csv_rows, document, texts, values, workbook
from tests.status.figures.boards import NOW
from tests.status.tracked_tasks import COUNTIES, HELPER, LEAD, LEDGER

ENGLISH = ABOUT._replace(language="en")

HEADINGS = [
    "序号",
    "工作任务",
    "牵头单位",
    "责任单位",
    "时间进度",
    "完成时限",
    "进展（%）",
    "灯",
    "说明",
    "状态",
    "最近反馈",
]

HOSTILE = ['=HYPERLINK("http://x")', "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "＝1", "bell\x07", "a\nb", "<b>&amp;"]

ODD = Sheet("单元格", [SheetColumn("task.title", 20)], [[text] for text in HOSTILE])


def tasks(about: About = ABOUT, *, more: bool = True) -> Sheet:
    return task_sheet(ROWS, about, LEDGER.groups, more=more)


def test_a_register_as_csv() -> None:
    """The source table's columns come first; the light is a shape and a word, days are ISO, unknowns are empty."""
    headings, *rows = csv_rows(csv_file(tasks(), ABOUT))
    assert headings[: len(HEADINGS)] == HEADINGS
    assert len(rows) == len(ROWS)
    late = dict(zip(headings, rows[1], strict=True))
    assert late["序号"] == "2"
    assert (late["牵头单位"], late["责任单位"]) == (LEAD, f"{LEAD}、{HELPER}")
    assert (late["时间进度"], late["完成时限"]) == ("2018年12月底前完成", "2018-12-31")
    assert (late["灯"], late["说明"], late["状态"]) == ("▲ 逾期", "超过时限", "已交办")
    assert (late["进展（%）"], late["最近反馈"], late["板块"]) == ("", "", "一、保障")
    closed = dict(zip(headings, rows[0], strict=True))
    assert (closed["灯"], closed["办理结果"], closed["销号日期"]) == ("■ 办结", "已落实", "2018-12-30")


def test_a_register_in_english() -> None:
    """Its own words are English; titles, units and phrases stay as they are."""
    headings, *rows = csv_rows(csv_file(tasks(ENGLISH), ENGLISH))
    assert headings[:3] == ["No.", "Task", "Lead unit"]
    late = dict(zip(headings, rows[1], strict=True))
    assert (late["Light"], late["Reason"], late["Lead unit"]) == ("▲ overdue", "past its due date", LEAD)


def test_csv_has_no_formula() -> None:
    """A text that a spreadsheet would compute begins with a quote; every text is quoted, so none breaks out."""
    body = csv_file(ODD, ABOUT)
    _, *rows = csv_rows(body)
    shown = [row[0] for row in rows]
    assert shown[:7] == ["'" + text for text in HOSTILE[:7]]
    assert shown[7:] == ["bell␇", "a\nb", "<b>&amp;"]
    assert all(line.startswith(b'"') for line in body.removeprefix(b"\xef\xbb\xbf").split(b"\r\n") if line)


def test_a_register_as_workbook() -> None:
    """Days and numbers are such; the headings stay in sight and on each page; day and position are its properties."""
    book = workbook(xlsx_file([tasks()], ABOUT))
    (page,) = book.worksheets
    headings, *rows = values(page)
    assert (page.title, page.freeze_panes, page.print_title_rows) == ("督查台账", "A2", "$1:$1")
    assert headings[: len(HEADINGS)] == HEADINGS
    late = dict(zip(headings, rows[1], strict=True))
    assert (late["序号"], late["完成时限"], late["进展（%）"]) == (2, datetime(2018, 12, 31), None)  # noqa: DTZ001
    soon = dict(zip(headings, rows[2], strict=True))
    assert (soon["进展（%）"], soon["最近反馈"]) == (100, datetime(2019, 1, 2))  # noqa: DTZ001
    assert "2019-01-03" in book.properties.title
    assert "12" in book.properties.description


def test_a_workbook_has_no_formula() -> None:
    """Every text is a text by its type, also after it is edited; control characters are shown."""
    (page,) = workbook(xlsx_file([ODD], ABOUT)).worksheets
    cells = [row[0] for row in page.iter_rows(min_row=2)]
    assert {cell.data_type for cell in cells} <= {"s", "inlineStr"}
    assert [cell.value for cell in cells[:5]] == HOSTILE[:5]
    assert all(cell.quotePrefix for cell in cells[:7])
    assert cells[7].value == "bell␇"


def test_a_long_text_fits_a_workbook() -> None:
    """What is longer than a cell holds ends with an ellipsis."""
    long = Sheet("单元格", [SheetColumn("task.title", 20)], [["长" * (MOST_CHARACTERS + 1)]])
    (page,) = workbook(xlsx_file([long], ABOUT)).worksheets
    assert page["A2"].value == "长" * (MOST_CHARACTERS - 1) + "…"


def test_a_register_as_document() -> None:
    """Turned A4, the headings on each page, no row split; title, day and number of tasks above, position below."""
    found = document(register(tasks(more=False), ABOUT))
    (section,), (table,) = found.sections, found.tables
    assert (section.page_width.mm, section.page_height.mm) == pytest.approx((297, 210), abs=0.1)
    assert texts(found)[:2] == ["湛江市残疾人工作重点任务督查台账", "截至2019年1月3日　共5项"]
    assert [cell.text for cell in table.rows[0].cells] == HEADINGS
    assert [cell.text for cell in table.rows[2].cells][5:10] == ["2018-12-31", "—", "▲ 逾期", "超过时限", "已交办"]
    assert len(table.rows) == len(ROWS) + 1
    head = table.rows[0]._tr.trPr.xml
    assert "tblHeader" in head
    assert all("cantSplit" in row._tr.trPr.xml for row in table.rows)
    assert "PAGE" in section.footer._element.xml
    assert "截至2019年1月3日　日志序号 12" in section.footer.paragraphs[0].text


def test_a_document_shows_what_xml_cannot_hold() -> None:
    """Control characters have pictures, line breaks and tabs are elements, markup is text."""
    (table,) = document(register(ODD, ABOUT)).tables
    shown = [row.cells[0].text for row in table.rows][1:]
    assert shown[7:] == ["bell␇", "a\nb", "<b>&amp;"]
    assert shown[4] == "\t=1"


def test_the_fonts_are_named_for_chinese_script() -> None:
    """Title, text and headings have the fonts of official documents, for Chinese and Latin script."""
    xml = document(register(tasks(more=False), ABOUT)).element.xml
    for font in ("方正小标宋简体", "仿宋", "黑体"):
        assert f'w:eastAsia="{font}"' in xml


def test_units_as_a_table() -> None:
    """One row a unit; the rate is in per cent."""
    sheet = unit_sheet(ranked(FIGURES.units(NOW, 12), "-on_time_rate"), ABOUT)
    headings, first, second, third = csv_rows(csv_file(sheet, ABOUT))
    assert headings[0] == "责任单位"
    assert dict(zip(headings, first, strict=True))["按时率（%）"] == "100.0"
    assert (second[0], third[0]) == (LEAD, HELPER)
    assert dict(zip(headings, second, strict=True))["平均逾期（天）"] == "3.0"
    assert dict(zip(headings, third, strict=True))["按时率（%）"] == ""


def test_the_overview_as_a_table() -> None:
    """One figure a row, with its group; the same figures as the overview."""
    sheet = overview_sheet(FIGURES.overview("台账", NOW, 12), ABOUT)
    _, *rows = csv_rows(csv_file(sheet, ABOUT))
    figures = {(group, name): value for group, name, value in rows}
    assert figures["台账", "工作任务"] == "5"
    assert figures["灯", "▲ 逾期"] == "1"
    assert figures["板块", "一、保障"] == "2"
    assert figures["到期月份", "2019-01"] == "1"
    assert figures["近7日", "新增逾期"] == "1"


def test_a_group_stands_for_its_members() -> None:
    """Where all members have a duty, the register has the group's name, as the source table does."""
    part = ROWS[0].units[0]
    units = tuple(replace(part, unit=name) for name in (LEAD, *COUNTIES, HELPER))
    whole = replace(ROWS[0], units=units)
    assert unit_names(whole, LEDGER.groups) == [LEAD, "各县（市、区）政府", HELPER]
    assert unit_names(replace(whole, units=units[:5]), LEDGER.groups) == [LEAD, *COUNTIES[:4]]


@pytest.mark.parametrize("make", [csv_file, lambda sheet, about: xlsx_file([sheet], about), register])
def test_five_thousand_rows_take_seconds(make: Any) -> None:
    """A register of 5,000 tasks with eleven units each is made in a few seconds of processor time."""
    part = ROWS[0].units[0]
    wide = replace(ROWS[1], units=tuple(replace(part, unit=name) for name in (LEAD, *COUNTIES, HELPER)))
    before = time.process_time()
    assert make(task_sheet([wide] * 5_000, ABOUT, LEDGER.groups, more=make is not register), ABOUT)
    assert time.process_time() - before < 8
