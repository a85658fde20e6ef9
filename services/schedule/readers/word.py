"""Tables of a Word document (.docx)."""

from collections.abc import Iterator
from io import BytesIO

from docx import Document
from docx.oxml.ns import qn
from lxml.etree import _Element as Element

from services.schedule.grid import Cell, Grid, cell, rectangle, struck_out
from services.schedule.limits import MOST_COLUMNS, Measure
from services.schedule.outline import Paragraph
from services.schedule.readers.numerals import Numbers
from services.schedule.text import UnreadableError

_TABLE, _ROW, _CELL, _PARAGRAPH, _RUN, _TEXT = map(qn, ("w:tbl", "w:tr", "w:tc", "w:p", "w:r", "w:t"))
_VALUE = qn("w:val")
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_WRAPPERS = frozenset(map(qn, ("w:sdt", "w:sdtContent", "w:customXml", "w:ins", "w:moveTo", "w:smartTag")))
_LEFT_OUT = frozenset(map(qn, ("w:del", "w:moveFrom", "w:rt", "w:rPr", "w:pPr", "w:tcPr"))) | {_FALLBACK, _TABLE}
"""What is no text of the cell: what a tracked change takes away, readings, properties, tables of their own."""

_SIGNS = {qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:tab"): " ", qn("w:noBreakHyphen"): "-"}
_FALSE = ("0", "false", "off", "none")


def read_word(data: bytes) -> list[Grid]:
    """Read every table, also one inside another’s cell; tracked changes are read as accepted."""
    measure = Measure()
    tables = [
        table
        for table in Document(BytesIO(data)).element.body.iter(_TABLE)
        if next(table.iterancestors(_FALLBACK), None) is None
    ]
    return [_read_table(table, f"table {number}", measure) for number, table in enumerate(tables, 1)]


def read_paragraphs(data: bytes) -> list[Paragraph]:
    """Read the paragraphs that stand in no table, with the numbers that Word gives them."""
    document = Document(BytesIO(data))
    numbers = Numbers(document)
    found = []
    for count, element in enumerate(_inside(document.element.body, _PARAGRAPH), 1):
        gone: list[str] = []
        text = cell("".join(_text(element, gone)), "").text
        if text or gone:
            seen = numbers.before(element) + text if text else ""
            found.append(Paragraph(seen, f"paragraph {count}", tuple(gone)))
    return found


def _read_table(table: Element, name: str, measure: Measure) -> Grid:
    rows: list[list[Cell]] = []
    struck: list[str] = []
    for element in _inside(table, _ROW):
        if element.find(f"{qn('w:trPr')}/{qn('w:del')}") is None:
            row = _read_row(element, f"{name}, row {len(rows) + 1}", rows[-1] if rows else [], struck)
            measure.add(len(row), f"{name}, row {len(rows) + 1}")
            rows.append(row)
    return rectangle(name, rows, tuple(struck))


def _read_row(element: Element, place: str, above: list[Cell], struck: list[str]) -> list[Cell]:
    """Return a row’s cells by the columns of the grid; a cell’s place counts the cells that are seen.

    What is struck out in them is no text of theirs; notes of it go to `struck`.
    """
    row = [Cell("", f"{place}, before column 1")] * _number(element.find(qn("w:trPr")), "w:gridBefore", 0)
    for column, tc in enumerate(_inside(element, _CELL), 1):
        properties = tc.find(qn("w:tcPr"))
        merged = _property(properties, "w:vMerge", "continue")
        beside = _property(properties, "w:hMerge", "continue")
        if merged == "continue" and len(row) < len(above):
            read = above[len(row)]
        elif beside == "continue" and row:
            read = row[-1]
        else:
            gone: list[str] = []
            read = cell("".join(_text(tc, gone)), f"{place}, column {column}")
            struck += struck_out(gone, read.place)
        row += [read] * _number(properties, "w:gridSpan", 1)
        if len(row) > MOST_COLUMNS:
            break
    return row


def _inside(parent: Element, tag: str) -> Iterator[Element]:
    """Find the children with a tag, also in content controls and tracked insertions."""
    for child in parent:
        if child.tag == tag:
            yield child
        elif child.tag in _WRAPPERS:
            yield from _inside(child, tag)


def _text(parent: Element, gone: list[str]) -> Iterator[str]:
    for child in parent:
        if child.tag in _LEFT_OUT or (child.tag == _RUN and _says(child, "w:vanish")):
            continue
        if child.tag == _TEXT:
            yield child.text or ""
        elif child.tag in _SIGNS:
            yield _SIGNS[child.tag]
        elif child.tag == _RUN and (_says(child, "w:strike") or _says(child, "w:dstrike")):
            gone.append("".join(_text(child, gone)))
        else:
            yield from _text(child, gone)
            if child.tag == _PARAGRAPH:
                yield "\n"


def _says(run: Element, tag: str) -> bool:
    """Return whether a run is hidden (w:vanish), or struck out."""
    return (_property(run.find(qn("w:rPr")), tag, "true") or "false") not in _FALSE


def _property(properties: Element | None, tag: str, default: str) -> str | None:
    found = None if properties is None else properties.find(qn(tag))
    return None if found is None else found.get(_VALUE, default)


def _number(properties: Element | None, tag: str, default: int) -> int:
    number = int(_property(properties, tag, "") or default)
    if not 0 <= number <= MOST_COLUMNS:
        raise UnreadableError(f"a cell goes over {number:,} columns; there can be {MOST_COLUMNS}")
    return number
