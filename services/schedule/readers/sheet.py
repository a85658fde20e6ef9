"""Sheets of a workbook (.xlsx)."""

import re
import warnings
from bisect import bisect_left, bisect_right
from datetime import date, datetime
from io import BytesIO
from typing import Any
from zipfile import ZipFile

from msgspec import Struct
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.numbers import BUILTIN_FORMATS, STRIP_RE, is_date_format
from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import from_excel
from openpyxl.worksheet._reader import WorkSheetParser
from openpyxl.worksheet.cell_range import CellRange
from openpyxl.xml.constants import ARC_STYLE, SHEET_MAIN_NS
from openpyxl.xml.functions import fromstring

from services.schedule.grid import Cell, Grid, cell, struck_out
from services.schedule.limits import MOST_CELLS, MOST_COLUMNS, Measure
from services.schedule.readers.strikes import has_struck_run, struck_styles, struck_texts
from services.schedule.text import UnreadableError

_DATE, _MONTH = "yyyy年m月d日", "yyyy年m月"
_CHINESE = dict.fromkeys([*range(28, 32), 36, *range(50, 55), 56, 58], _DATE) | dict.fromkeys([27, 57], _MONTH)
"""Date formats that a Chinese Excel has by number and a file does not spell out (ECMA-376, part 1, 18.8.30)."""

_MOST_ROWS = 1_048_576
"""Of a sheet, the empty ones included (Excel’s limit)."""

_STRUCK = "struck"
"""The kind of a cell with a text of its own of which a part is struck out."""

_OCTOBER = re.compile(r"(?:19|20)[0-9]{2}\.1")
"""A number that was 2018.1 or 2018.10 when it was typed."""


class _Parser(WorkSheetParser):
    """The parser of a sheet, without what takes time and says nothing about the table."""

    def parse_formula(self, element: Any) -> str:
        return "=" + (element.findtext(f"{{{SHEET_MAIN_NS}}}f") or "")

    def parse_cell(self, element: Any) -> Any:
        found = super().parse_cell(element)
        if element.get("t") == "inlineStr" and has_struck_run(element.find(f"{{{SHEET_MAIN_NS}}}is")):
            found["data_type"] = _STRUCK
        return found

    def parse_formatting(self, element: Any) -> None:
        """Leave it out."""

    parse_extensions = parse_sheet_protection = parse_legacy = parse_formatting


class _Book(Struct, frozen=True):
    """What the sheets of a workbook share: texts, the number format of each style, the day from which dates count.

    `struck` are the styles that strike a cell out, `partly` the texts of which a part is struck out.
    """

    strings: list[str]
    formats: list[str]
    epoch: datetime
    struck: frozenset[int] = frozenset()
    partly: frozenset[str] = frozenset()

    def read(self, found: dict[str, Any], place: str) -> Cell:
        """Return a cell as it is seen; a formula, an error and a number with two readings are faults."""
        value, kind = found["value"], found["data_type"]
        if kind == _STRUCK or (kind == "s" and value in self.partly):
            return Cell("", place, f"a part of “{value[:100]}” is struck out: write what holds into the cell anew")
        if kind == "f":
            return Cell("", place, f"“{value[:100]}” is a formula, and its result may be old: write the value there")
        if kind == "e":
            return Cell("", place, f"it holds the error {value}")
        shown = self.formats[found["style_id"]] if found["style_id"] < len(self.formats) else "General"
        if isinstance(value, int | float) and kind == "n" and is_date_format(shown):
            try:
                value = from_excel(value, self.epoch)
            except (ValueError, OverflowError):
                return Cell("", place, f"{value} is shown as a date, but is none")
        if isinstance(value, datetime | date):
            return Cell(_date(value, STRIP_RE.sub("", shown).lower()), place)
        if isinstance(value, float):
            text = f"{value * 100:.15g}%" if shown.endswith("%") else f"{value:.15g}"
            doubt = (
                f"the number {text} can be {text}月 or {text}0月: write it as text" if _OCTOBER.fullmatch(text) else ""
            )
            return Cell(text, place, doubt)
        return cell(str(value), place)


def _date(value: date, shown: str) -> str:
    """Return a date with what its format shows of it: a day, a month (typed without a day), a time."""
    text = f"{value.year}年{value.month}月"
    if "d" in shown or "y" not in shown:
        text += f"{value.day}日"
    if isinstance(value, datetime) and value.time() != value.min.time():
        text += f"{value:%H:%M}"
    return text


def read_sheets(data: bytes) -> list[Grid]:
    """Read the sheets that are seen; hidden sheets, rows and columns are noted, not read."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the library, about parts that are not read here
        reader = ExcelReader(BytesIO(data), read_only=True, keep_links=False)
        reader.read_manifest()
        reader.read_strings()
        reader.read_workbook()
        strings = reader.shared_strings
        struck, partly = struck_styles(reader.archive), struck_texts(reader.archive, strings)
        book = _Book(strings, _formats(reader.archive), reader.wb.epoch, struck, partly)
        measure = Measure()
        return [
            _read_sheet(reader.archive, relation.target, sheet.name, book, measure)
            if sheet.state == "visible"
            else Grid(sheet.name, (), (f"the sheet {sheet.name} is hidden; it is not read",))
            for sheet, relation in reader.parser.find_sheets()
            if relation.Type.endswith("/worksheet")
        ]


def _formats(archive: ZipFile) -> list[str]:
    """Return the number format of each style."""
    if ARC_STYLE not in archive.namelist():
        return []
    root = fromstring(archive.read(ARC_STYLE))
    named = {style.get("numFmtId"): style.get("formatCode") for style in root.iter(f"{{{SHEET_MAIN_NS}}}numFmt")}
    known = {str(number): text for number, text in {**BUILTIN_FORMATS, **_CHINESE}.items()}
    styles = root.iterfind(f"{{{SHEET_MAIN_NS}}}cellXfs/{{{SHEET_MAIN_NS}}}xf")
    return [(named | known).get(style.get("numFmtId")) or "General" for style in styles]


def _read_sheet(archive: ZipFile, part: str, name: str, book: _Book, measure: Measure) -> Grid:
    """Return the rows in which something stands; a merged area is where its first cell is."""
    cells: dict[int, dict[int, Cell]] = {}
    struck: list[str] = []
    with archive.open(part) as source:
        parser = _Parser(source, book.strings)
        for count, (at, found) in enumerate(parser.parse()):
            if count > _MOST_ROWS:
                raise UnreadableError(f"{name} has more rows than a sheet can have")
            row = {}
            for one in found:
                if one["value"] is not None and one["row"] == at:
                    read = book.read(one, f"{name}!{get_column_letter(one['column'])}{at}")
                    if one["style_id"] in book.struck:
                        struck += struck_out([read.text], read.place)
                        read = Cell("", read.place)
                    row[one["column"]] = read
            if row:
                measure.add(max(row), f"{name}!{at}")
                cells[at] = row
    notes = _hide(cells, parser, name)
    width = max((max(row) for row in cells.values() if row), default=0)
    _merge(cells, parser, width, name)
    rows = tuple(
        tuple(row.get(column) or Cell("", f"{name}!{get_column_letter(column)}{at}") for column in range(1, width + 1))
        for at, row in sorted(cells.items())
    )
    return Grid(name, rows, (*notes, *struck))


def _merge(cells: dict[int, dict[int, Cell]], parser: _Parser, width: int, name: str) -> None:
    """Repeat the first cell of each merged area over what is there of the area."""
    covered, there = 0, sorted(cells)
    for area in parser.merged_cells.mergeCell if parser.merged_cells else ():
        left, top, right, bottom = CellRange(area.ref).bounds
        if (right - left + 1) * (bottom - top + 1) > MOST_CELLS:
            raise UnreadableError(f"{name}!{area.ref} is merged: more than {MOST_CELLS:,} cells")
        if (first := cells.get(top, {}).get(left)) is None:
            continue
        rows = there[bisect_left(there, top) : bisect_right(there, bottom)]
        covered += len(rows) * (min(right, width) - left + 1)
        if covered > MOST_CELLS:
            raise UnreadableError(f"{name}: the merged cells cover more than {MOST_CELLS:,} others")
        for at in rows:
            cells[at].update(dict.fromkeys(range(left, min(right, width) + 1), first))


def _hide(cells: dict[int, dict[int, Cell]], parser: _Parser, name: str) -> tuple[str, ...]:
    """Take out what is hidden; return notes on it."""
    rows = [int(at) for at, row in parser.row_dimensions.items() if row.get("hidden") in ("1", "true")]
    rows = [at for at in rows if cells.pop(at, None)]
    columns = {
        at
        for column in parser.column_dimensions.values()
        if column.get("hidden") in ("1", "true")
        for at in range(int(column["min"]), min(int(column["max"]), MOST_COLUMNS) + 1)
    }
    popped = {at: [row.pop(at, None) for row in cells.values()] for at in columns}
    columns = {at for at, parts in popped.items() if any(parts)}
    notes = [f"{name}: the row {at} is hidden; it is not read" for at in rows]
    notes += [f"{name}: the column {get_column_letter(at)} is hidden; it is not read" for at in sorted(columns)]
    return tuple(notes)
