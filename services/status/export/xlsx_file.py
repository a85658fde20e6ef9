"""Tables as a workbook (XLSX): texts as texts, numbers and days as such, the headings fixed while scrolling."""

import io
from collections.abc import Iterable
from datetime import datetime, time
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from services.status.export.cells import is_formula, visible
from services.status.export.sheets import About, Sheet, SheetColumn, Value

MOST_CHARACTERS = 32_767
"""Characters of one cell, by Excel's limits; what is longer ends with an ellipsis."""

DAY = "yyyy-mm-dd"

A4 = 9
"""A paper size, by the number that workbooks have for it."""

HEADING = Font(name="黑体", bold=True)

TEXT = Alignment(vertical="top", wrap_text=True)


def xlsx_file(sheets: Iterable[Sheet], about: About) -> bytes:
    """Return tables as the sheets of one workbook, which names ledger, day and position in its properties."""
    book = Workbook(write_only=True)
    book.properties.title = visible(f"{about.title} {about.at:%Y-%m-%d}")
    book.properties.creator = "duban"
    book.properties.description = f"{about.at.isoformat()} · {about.word('task.position')} {about.position}"
    book.properties.created = book.properties.modified = about.at.replace(tzinfo=None)
    for sheet in sheets:
        _write(book, sheet, about)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _write(book: Workbook, sheet: Sheet, about: About) -> None:
    page: Any = book.create_sheet(sheet.name)
    page.freeze_panes = "A2"
    page.print_title_rows = "1:1"
    page.page_setup.orientation, page.page_setup.paperSize = "landscape", A4
    page.page_setup.fitToHeight = 0
    page.sheet_properties.pageSetUpPr.fitToPage = True
    for number, column in enumerate(sheet.columns, 1):
        page.column_dimensions[get_column_letter(number)].width = column.width + 2
    last = get_column_letter(len(sheet.columns))
    page.auto_filter.ref = f"A1:{last}{len(sheet.rows) + 1}"
    page.append([_heading(page, column, about) for column in sheet.columns])
    for row in sheet.rows:
        page.append([_cell(page, value) for value in row])


def _heading(page: Any, column: SheetColumn, about: About) -> Any:
    cell = WriteOnlyCell(page, about.word(column.key))
    cell.font, cell.alignment = HEADING, TEXT
    return cell


def _cell(page: Any, value: Value) -> Any:
    match value:
        case None | int() | float():
            return value
        case str():
            return _text(page, visible(value))
        case _:
            cell = WriteOnlyCell(page, datetime.combine(value, time()))
            cell.number_format = DAY
            return cell


def _text(page: Any, text: str) -> Any:
    """Return a cell that is text by its type, whatever it begins with; a spreadsheet that edits it keeps it so."""
    if len(text) > MOST_CHARACTERS:
        text = text[: MOST_CHARACTERS - 1] + "…"
    cell = WriteOnlyCell(page, text)
    cell.data_type = "s"
    cell.alignment = TEXT
    if is_formula(text):
        cell.quotePrefix = True
    return cell
