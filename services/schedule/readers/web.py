"""Tables of a web page (.html)."""

import codecs
import re
from collections.abc import Iterator

from lxml import html
from lxml.etree import _Element as Element

from services.schedule.grid import Cell, Grid, cell, rectangle, struck_out
from services.schedule.limits import MOST_COLUMNS, MOST_ROWS, Measure
from services.schedule.outline import Paragraph
from services.schedule.readers.encoded import decode
from services.schedule.text import UnreadableError

_HEAD = 4096
"""Bytes in which a page says its encoding (HTML: 1,024; old pages have more before it)."""

_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([\w-]+)", re.ASCII)
_CHINESE = frozenset({"gb2312", "gbk", "gb18030"})
_LINES = frozenset({"p", "div", "li", "br", "h1", "h2", "h3", "h4", "tr"})
_LEFT_OUT = frozenset({"table", "script", "style", "template", "rt", "rp"})
_PARTS = frozenset({"thead", "tbody", "tfoot"})
_STRUCK = frozenset({"s", "strike", "del"})
_LINE_THROUGH = re.compile(r"text-decoration[^;]*:[^;]*line-through", re.IGNORECASE)
_SPACE = re.compile(r"[\t\n\f\r ]+")


def read_web(data: bytes) -> list[Grid]:
    """Read every table, also one inside another’s cell."""
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    page = html.document_fromstring(_decode(data).encode(), parser=parser)
    measure = Measure()
    return [_read_table(table, f"table {number}", measure) for number, table in enumerate(page.iter("table"), 1)]


def read_blocks(data: bytes, *, whole: bool) -> list[Paragraph]:
    """Read the paragraphs of a page; with `whole` also those in tables, which old pages are laid out with."""
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    page = html.document_fromstring(_decode(data).encode(), parser=parser)
    body = page.find("body")
    gone: list[str] = []
    text = "".join(_text(page if body is None else body, gone, whole=whole))
    lines = cell(text, "").text.split("\n")
    found = [Paragraph(line, f"paragraph {number}") for number, line in enumerate(lines, 1) if line]
    return [*found, *(Paragraph("", "the page", (words,)) for words in gone)]


def _decode(data: bytes) -> str:
    """Read a page in the encoding that its mark or its head states; without one, as any text."""
    stated = _CHARSET.search(data[:_HEAD])
    if stated is None or data.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return decode(data)
    name = stated[1].decode().lower()
    try:
        return data.decode("gb18030" if name in _CHINESE else name)
    except (UnicodeError, LookupError):
        return decode(data)


def _read_table(table: Element, name: str, measure: Measure) -> Grid:
    rows: list[list[Cell]] = []
    struck: list[str] = []
    reaching: dict[int, tuple[Cell, int]] = {}
    for element in _rows(table):
        place = f"{name}, row {len(rows) + 1}"
        row: list[Cell] = []
        for data in element:
            if data.tag not in {"td", "th"}:
                continue
            _reach(row, reaching)
            gone: list[str] = []
            read = cell("".join(_text(data, gone)), f"{place}, column {len(row) + 1}")
            struck += struck_out(gone, read.place)
            down = _span(data, "rowspan") or MOST_ROWS
            for _ in range(_span(data, "colspan") or 1):
                if down > 1:
                    reaching[len(row)] = (read, down - 1)
                row.append(read)
            if len(row) > MOST_COLUMNS:
                break
        _reach(row, reaching)
        measure.add(len(row), place)
        rows.append(row)
    return rectangle(name, rows, tuple(struck))


def _rows(table: Element) -> Iterator[Element]:
    for child in table:
        if child.tag == "tr":
            yield child
        elif child.tag in _PARTS:
            yield from (row for row in child if row.tag == "tr")


def _reach(row: list[Cell], reaching: dict[int, tuple[Cell, int]]) -> None:
    """Continue the cells from above that span into this row."""
    while reached := reaching.pop(len(row), None):
        above, rows = reached
        if rows > 1:
            reaching[len(row)] = (above, rows - 1)
        row.append(above)


def _span(data: Element, name: str) -> int:
    """Return how far a cell goes; 0, and so for what is no number, is what the page leaves open."""
    text = data.get(name, "1").strip()
    if not (text.isascii() and text.isdigit()):
        return 1
    span = int(text[:6])
    if name == "colspan" and span > MOST_COLUMNS:
        raise UnreadableError(f"a cell goes over {span:,} columns; there can be {MOST_COLUMNS}")
    return span


def _text(parent: Element, gone: list[str], *, whole: bool = False) -> Iterator[str]:
    """Find the pieces of an element’s text; what is struck out goes to `gone`, tables are left out unless `whole`."""
    yield _SPACE.sub(" ", parent.text or "")
    for child in parent:
        if child.tag in _STRUCK or _LINE_THROUGH.search(child.get("style", "")):
            gone.append("".join(_text(child, gone)))
        elif child.tag not in _LEFT_OUT or (whole and child.tag == "table"):
            line = "\n" if child.tag in _LINES or (whole and child.tag == "td") else ""
            yield line
            yield from _text(child, gone, whole=whole)
            yield line
        yield _SPACE.sub(" ", child.tail or "")
