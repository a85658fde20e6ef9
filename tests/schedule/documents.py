"""Documents as offices make them, from one drawing: rows of texts; < goes on from the left, ^ from above."""

import csv
from collections.abc import Iterator, Sequence
from io import BytesIO, StringIO
from itertools import takewhile
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import docx
import openpyxl
from msgspec import Struct

Drawing = Sequence[Sequence[Any]]

_DOCUMENT = "word/document.xml"

SEED = (Path(__file__).parents[2] / "deploy" / "ledgers" / "zhanjiang-2017-key-tasks.txt").read_text(encoding="utf-8")

SEED_ROWS: Drawing = [block.strip().split("\n\t") for block in SEED.partition("\t")[2].split("\n\n") if block.strip()]
"""The 2017 table, its header first."""


class Area(Struct, frozen=True):
    """A text and the cells it covers, from 0, the last ones included."""

    text: Any
    top: int
    left: int
    bottom: int
    right: int


def areas(drawing: Drawing) -> Iterator[Area]:
    """Find the cells of a drawing, merged ones with all they cover."""
    for top, row in enumerate(drawing):
        for left, text in enumerate(row):
            if text not in ("<", "^"):
                width = len(list(takewhile(lambda right: right == "<", row[left + 1 :])))
                below = takewhile(lambda lower: len(lower) > left and lower[left] == "^", drawing[top + 1 :])  # noqa: B023 - used up in this turn
                yield Area(text, top, left, top + len(list(below)), left + width)


def word(*drawings: Drawing) -> bytes:
    """Make a Word document with a table for each drawing."""
    document = docx.Document()
    for drawing in drawings:
        document.add_paragraph("重点任务分工表")
        table = document.add_table(len(drawing), max(map(len, drawing)))
        cells = [row.cells for row in table.rows]
        for area in areas(drawing):
            cell = cells[area.top][area.left]
            if (area.top, area.left) != (area.bottom, area.right):
                cell = cell.merge(cells[area.bottom][area.right])
            cell.text = str(area.text)
    return saved(document)


def paragraphs(lines: Sequence[str]) -> bytes:
    """Make a Word document of paragraphs."""
    document = docx.Document()
    for line in lines:
        document.add_paragraph(line)
    return saved(document)


def long_word(drawing: Drawing) -> bytes:
    """Make a Word document of many rows without the time that the library takes for each."""
    head, row, tail = parts(word(drawing[:2]))[_DOCUMENT].decode().partition("</w:tr>")
    row += tail[: tail.index("</w:tr>") + 7]
    rows = "".join(
        "<w:tr>" + "".join(f"<w:tc><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:tc>" for text in texts) + "</w:tr>"
        for texts in drawing[1:]
    )
    return changed(word(drawing[:2]), _DOCUMENT, head + row, head + "</w:tr>" + rows)


def book(**drawings: Drawing) -> bytes:
    """Make a workbook with a sheet for each drawing."""
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.worksheets[0])
    for name, drawing in drawings.items():
        sheet = workbook.create_sheet(name)
        for area in areas(drawing):
            if area.text != "":
                sheet.cell(area.top + 1, area.left + 1, area.text)
            if (area.top, area.left) != (area.bottom, area.right):
                sheet.merge_cells(None, area.top + 1, area.left + 1, area.bottom + 1, area.right + 1)
    return saved(workbook)


def saved(document: Any) -> bytes:
    """Return what a library’s document is as a file."""
    stream = BytesIO()
    document.save(stream)
    return stream.getvalue()


def page(*drawings: Drawing, encoding: str = "utf-8") -> bytes:
    """Make a web page with a table for each drawing."""
    text = f'<!DOCTYPE html>\n<html><head><meta charset="{encoding}"><title>通知</title></head><body>'
    for drawing in drawings:
        rows: list[str] = ["" for _ in drawing]
        for area in areas(drawing):
            content = str(area.text).replace("&", "&amp;").replace("<", "&lt;").replace("\n", "<br>")
            down, right = area.bottom - area.top + 1, area.right - area.left + 1
            rows[area.top] += f"<td rowspan={down} colspan={right}><p>{content}</p></td>\n"
        text += "<table><tbody>" + "".join(f"<tr>{row}</tr>\n" for row in rows) + "</tbody></table>"
    return (text + "</body></html>").encode(encoding)


def separated(drawing: Drawing, separator: str = ",", encoding: str = "utf-8") -> bytes:
    """Make a .csv file; what is merged is there once, as when a spreadsheet is saved so."""
    stream = StringIO()
    writer = csv.writer(stream, delimiter=separator)
    writer.writerows([["" if text in ("<", "^") else text for text in row] for row in drawing])
    return stream.getvalue().encode(encoding)


def parts(data: bytes) -> dict[str, bytes]:
    """Return the parts of a .docx or .xlsx."""
    with ZipFile(BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def package(contents: dict[str, bytes]) -> bytes:
    """Return a .docx or .xlsx of these parts."""
    stream = BytesIO()
    with ZipFile(stream, "w", ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return stream.getvalue()


def changed(data: bytes, part: str, old: str, new: str) -> bytes:
    """Return a .docx or .xlsx in which a text of a part is another."""
    contents = parts(data)
    before = contents[part].decode()
    assert old in before
    return package({**contents, part: before.replace(old, new).encode()})
