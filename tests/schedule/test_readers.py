"""What each format has of its own."""

from datetime import date, datetime
from io import BytesIO
from typing import Any

import docx
import openpyxl
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from services.schedule.document import read_document
from services.schedule.table import Row, Table
from tests.schedule.documents import Drawing, book, changed, package, page, parts, saved, separated, word

HEADER = ["序号", "工作任务", "责任单位", "完成时限"]

PLAIN: Drawing = [HEADER, ["1", "培训", "市残联", "长期"], ["2", "评估", "市民政局", "年底前"]]

DOCUMENT, SHEET = "word/document.xml", "xl/worksheets/sheet1.xml"


def only(data: bytes, name: str = "") -> Row:
    """Return the one row of a document in which nothing is wrong."""
    table = read_document(data, name)
    assert table.refusals == ()
    (row,) = table.rows
    return row


def with_title(xml: str) -> bytes:
    """Return a Word document of one row whose title has these paragraphs."""
    document = docx.Document(BytesIO(word(PLAIN[:2])))
    cell = document.tables[0].cell(1, 1)._tc
    cell.remove(cell.p_lst[0])
    for paragraph in parse_xml(f"<w:tc {nsdecls('w')}>{xml}</w:tc>"):
        cell.append(paragraph)
    return saved(document)


@pytest.mark.parametrize(
    ("xml", "text"),
    [
        ("<w:p><w:r><w:t>培</w:t></w:r><w:r><w:t>训</w:t></w:r></w:p>", "培训"),
        ("<w:p><w:r><w:t>培训</w:t></w:r></w:p><w:p/><w:p><w:r><w:t>评估</w:t></w:r></w:p>", "培训\n评估"),
        ("<w:p><w:r><w:t>培训</w:t><w:br/><w:t>评估</w:t></w:r></w:p>", "培训\n评估"),
        (
            "<w:p><w:ins><w:r><w:t>培训</w:t></w:r></w:ins><w:del><w:r><w:delText>评估</w:delText></w:r></w:del></w:p>",
            "培训",
        ),
        (
            "<w:p><w:moveFrom><w:r><w:t>评</w:t></w:r></w:moveFrom><w:moveTo><w:r><w:t>培训</w:t></w:r></w:moveTo></w:p>",
            "培训",
        ),
        ("<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>密</w:t></w:r><w:r><w:t>培训</w:t></w:r></w:p>", "培训"),
        ('<w:p><w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>培训</w:t></w:r></w:p>', "培训"),
        ("<w:p><w:hyperlink><w:r><w:t>培训</w:t></w:r></w:hyperlink></w:p>", "培训"),
        ("<w:sdt><w:sdtContent><w:p><w:r><w:t>培训</w:t></w:r></w:p></w:sdtContent></w:sdt>", "培训"),
        ("<w:p><w:r><w:instrText>PAGE</w:instrText></w:r><w:r><w:t>培训</w:t></w:r></w:p>", "培训"),
    ],
)
def test_the_text_of_a_word_cell(xml: str, text: str) -> None:
    """A cell is read as it is seen with all changes accepted."""
    assert only(with_title(xml)).title.text == text


def test_a_word_row_that_was_deleted() -> None:
    """A row that a tracked change takes away is none; one that it adds is one."""
    data = word(PLAIN)
    for change, count in (("del", 1), ("ins", 2)):
        document = docx.Document(BytesIO(data))
        document.tables[0].rows[2]._tr.get_or_add_trPr().append(parse_xml(f"<w:{change} {nsdecls('w')}/>"))
        assert len(read_document(saved(document), "").rows) == count


def test_a_word_table_inside_another() -> None:
    """A table in a cell is a table of its own, and no text of the cell."""
    document = docx.Document()
    outer = document.add_table(1, 1).cell(0, 0)
    outer.text = "附件"
    inner = outer.add_table(2, 4)
    for row, texts in zip(inner.rows, PLAIN, strict=False):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    table = read_document(saved(document), "")
    assert [row.title.place for row in table.rows] == ["table 2, row 2, column 2"]
    assert table.notes == ("table 1 has no header that is known; it is not read",)


def test_word_columns_that_are_out_of_line() -> None:
    """Cells whose edges are not in line with those of the headings are still the columns’, in their order."""
    drawing = [["序号", "<", "工作任务", "<", "责任单位", "时限"], ["1", "培训", "<", "<", "市残联", "长期"]]
    row = only(word(drawing))
    assert (row.title.text, row.units[0][1].text) == ("培训", "市残联")
    (refusal,) = read_document(
        word([drawing[0], ["1", "培训", "<", "市残联", "<", "长期"], ["2", "评估", "<", "<", "<", "长期"]]), ""
    ).refusals
    assert (refusal.row, refusal.detail) == (2, "“评估” stands below parts of several columns")


def test_a_word_cell_over_whole_columns() -> None:
    """A cell that is merged over several columns is in each of them, however many cells the row has."""
    drawing = [["序号", "工作任务", "<", "责任单位", "时限"], ["1", "就业", "培训", "市残联", "<"]]
    row = only(word(drawing))
    assert (row.title.text, row.section, row.units[0][1].text) == ("培训", "就业", "市残联")
    assert row.deadline is not None
    assert row.deadline.text == "市残联"


def test_word_numbers_that_are_no_text() -> None:
    """Numbers that Word counts itself are not in the file: the rows are counted."""
    table = read_document(word([HEADER, ["", "培训", "市残联", "长期"], ["", "评估", "市残联", "长期"]]), "")
    assert [row.number for row in table.rows] == [1, 2]
    assert "counted through" in table.notes[0]


def workbook(value: Any, shown: str = "General", column: int = 4) -> bytes:
    """Return a workbook of one row with this value in a cell."""
    made = openpyxl.load_workbook(BytesIO(book(任务=PLAIN[:2])))
    cell = made.worksheets[0].cell(2, column, value)
    cell.number_format = shown
    return saved(made)


@pytest.mark.parametrize(
    ("value", "shown", "text"),
    [
        (date(2018, 12, 31), "yyyy-mm-dd", "2018年12月31日"),
        (datetime(2018, 12, 31), 'yyyy"年"m"月"d"日";@', "2018年12月31日"),  # noqa: DTZ001 - as the library has it
        (date(2018, 12, 1), 'yyyy"年"m"月"', "2018年12月"),
        (date(2018, 12, 31), 'm"月"d"日"', "2018年12月31日"),
        (datetime(2018, 12, 31, 9, 30), "yyyy-mm-dd hh:mm", "2018年12月31日09:30"),  # noqa: DTZ001
        (2018, "General", "2018"),
        (2018.0, "General", "2018"),
        (2018.12, "General", "2018.12"),
        (0.6, "0%", "60%"),
        ("2018年12月底前", "@", "2018年12月底前"),
    ],
)
def test_the_value_of_a_sheets_cell(value: Any, shown: str, text: str) -> None:
    """A value is the text that is seen; a date says what its format shows of it."""
    row = only(workbook(value, shown))
    assert row.deadline is not None
    assert row.deadline.text == text
    assert row.deadline.place == "任务!D2"


@pytest.mark.parametrize(
    ("number", "text"), [(31, "2018年12月31日"), (57, "2018年12月"), (58, "2018年12月31日"), (14, "2018年12月31日")]
)
def test_date_formats_that_a_file_does_not_spell_out(number: int, text: str) -> None:
    """A date in a format that a Chinese Excel knows by number alone is a date."""
    styled = workbook(date(2018, 12, 31), "yyyy-mm-dd")
    data = changed(styled, "xl/styles.xml", 'numFmtId="164" ', f'numFmtId="{number}" ')
    row = only(changed(data, "xl/styles.xml", f'<numFmt numFmtId="{number}"', '<numFmt numFmtId="190"'))
    assert row.deadline is not None
    assert row.deadline.text == text


@pytest.mark.parametrize(
    ("value", "detail"),
    [
        ("=B2&C2", "“=B2&C2” is a formula"),
        ("=HYPERLINK(A1)", "is a formula"),
        (2018.1, "the number 2018.1 can be 2018.1月 or 2018.10月"),
        ("#REF!", "it holds the error #REF!"),
    ],
)
def test_cells_of_a_sheet_that_are_refused(value: Any, detail: str) -> None:
    """A formula’s kept result may be old; it, an error and a number with two readings are refused by name."""
    data = workbook(value)
    (refusal,) = read_document(data, "").refusals
    assert (refusal.row, refusal.column, refusal.place) == (1, "完成时限", "任务!D2")
    assert detail in refusal.detail


def test_formulas_that_do_not_matter() -> None:
    """A formula in a column that is not read is no refusal; where formulas count the rows, they are counted."""
    made = openpyxl.load_workbook(BytesIO(book(S=[[*HEADER, "备注"], *PLAIN[1:]])))
    sheet = made.worksheets[0]
    sheet["E2"], sheet["A3"] = "=NOW()", "=A2+1"
    table = read_document(saved(made), "")
    assert table.refusals == ()
    assert [row.number for row in table.rows] == [1, 2]
    assert table.notes == ("the rows are counted through from 1: in S!A3 is a formula, no number",)


def test_texts_that_sheets_share() -> None:
    """Texts that stand once in the workbook are read, with the parts that are formatted for themselves."""
    data = changed(
        book(S=PLAIN[:2]), SHEET, "<is><t>&#22521;&#35757;</t></is>", "<is><r><t>培</t></r><r><t>训</t></r></is>"
    )
    assert only(data).title.text == "培训"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    types = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
    data = changed(data, "[Content_Types].xml", "</Types>", types)
    data = changed(data, SHEET, 't="inlineStr"><is><r><t>培</t></r><r><t>训</t></r></is>', 't="s"><v>0</v>')
    strings = '<si><r><t>培</t></r><r><t>训</t></r><rPh sb="0" eb="1"><t>pei</t></rPh></si>'
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    data = package({**parts(data), "xl/sharedStrings.xml": f'<sst xmlns="{main}">{strings}</sst>'.encode()})
    assert only(data).title.text == "培训"


def test_what_is_hidden_in_a_workbook() -> None:
    """Hidden sheets, rows and columns are not read, and are told."""
    made = openpyxl.load_workbook(
        BytesIO(book(公开=[[*HEADER, "时间节点"], [*PLAIN[1], "旧"], [*PLAIN[2], "旧"]], 草稿=PLAIN))
    )
    made["草稿"].sheet_state = "hidden"
    made["公开"].row_dimensions[2].hidden = True
    made["公开"].column_dimensions["E"].hidden = True
    table = read_document(saved(made), "")
    assert [row.title.place for row in table.rows] == ["公开!B3"]
    assert table.notes == (
        "公开: the row 2 is hidden; it is not read",
        "公开: the column E is hidden; it is not read",
        "the sheet 草稿 is hidden; it is not read",
    )


def test_cells_far_apart() -> None:
    """Empty rows take nothing, however many; a merged row may go over all columns of a sheet."""
    made = openpyxl.load_workbook(BytesIO(book(S=[["分工表"], *PLAIN])))
    sheet = made.worksheets[0]
    sheet["A1048576"] = "注：略"
    data = changed(
        saved(made), SHEET, "</sheetData>", '</sheetData><mergeCells count="1"><mergeCell ref="A1:XFD1"/></mergeCells>'
    )
    table = read_document(data, "")
    assert len(table.rows) == 2
    assert table.notes == ("S!A1048576: “注：略” is no task",)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_separated_text(separator: str, encoding: str) -> None:
    """Text is read in any of the separators and encodings that spreadsheets write."""
    table = read_document(separated(PLAIN, separator, encoding), "table.csv")
    assert (len(table.rows), table.refusals, table.notes) == (2, (), ())
    assert table.rows[0].title.text == "培训"


def test_separated_text_with_quotes() -> None:
    """A cell in quotes may hold separators and lines; rows are told by the line they begin in."""
    table = read_document(
        separated(
            [["分工表", "", "", ""], ["序号", "工作\n任务", "责任单位", "时限"], ["1", "培训,\n评估", "甲,乙", "x"]]
        ),
        "",
    )
    (row,) = table.rows
    assert (row.title.text, row.title.place, row.units[0][1].text) == ("培训,\n评估", "line 4, column 2", "甲,乙")


def test_separated_text_out_of_step() -> None:
    """A row with a cell too few or too many is refused: nobody can tell which."""
    table = read_document(
        "序号,工作任务,责任单位,时限\n1,培训,市残联\n2,培训,甲,乙,长期\n3,培训,市残联,长期\n".encode(), ""
    )
    assert [row.number for row in table.rows] == [3]
    assert [(refusal.row, refusal.place) for refusal in table.refusals] == [
        (1, "line 2, column 3"),
        (2, "line 3, column 5"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "gb2312", "gbk", "utf-16"])
def test_encodings_of_a_page(encoding: str) -> None:
    """A page is read in the encoding that it states, or by its mark."""
    assert len(read_document(page(PLAIN, encoding=encoding), "page").rows) == 2


def test_a_page_that_states_no_encoding_or_a_wrong_one() -> None:
    """A page is read as any text where what it states is not so."""
    data = page(PLAIN).decode().replace('<meta charset="utf-8">', "")
    assert len(read_document(data.encode("gb18030"), "").rows) == 2
    assert len(read_document(page(PLAIN).decode().encode("gb18030"), "").rows) == 2


def test_a_page_inside_a_page() -> None:
    """A table of layout around the table is noted; scripts and comments are no text; cells need no end tags."""
    rows = "".join("<tr>" + "".join(f"<td>&nbsp;{text}" for text in row) for row in PLAIN)
    data = f"<table><tr><td>导航<script>x</script><!-- y --><table>{rows}</table></table>".encode()
    table = read_document(data, "page.html")
    assert [row.title.text for row in table.rows] == ["培训", "评估"]
    assert table.notes == ("table 1 has no header that is known; it is not read",)


def test_a_page_whose_cells_go_on_to_the_end() -> None:
    """rowspan=0 and more rows than there are go to the end of the table."""
    for span in ("0", "65534"):
        data = (
            page(PLAIN).decode().replace("<td rowspan=1 colspan=1><p>市残联", f"<td rowspan={span} colspan=1><p>市残联")
        )
        data = data.replace("<td rowspan=1 colspan=1><p>市民政局</p></td>", "")
        assert [row.units[0][1].text for row in read_document(data.encode(), "").rows] == ["市残联", "市残联"]


def test_lines_of_cells_are_told_from_separated_text() -> None:
    """Text is a cell a line where its header is, else by separators."""
    table: Table = read_document("\n".join("\t".join(row) for row in PLAIN).encode(), "table.txt")
    assert [row.title.place for row in table.rows] == ["line 2, column 2", "line 3, column 2"]
