"""Text with separators: commas (.csv), semicolons or tabs."""

import csv
from collections.abc import Iterator
from io import StringIO

from services.schedule.columns import is_heading
from services.schedule.grid import Cell, Grid, cell
from services.schedule.limits import MOST_BYTES, Measure
from services.schedule.text import UnreadableError

_SEPARATORS = "\t,;"
_FEWEST = 2
"""Headings that make a header."""


def read_separated(text: str) -> list[Grid]:
    """Read a text with the separator that finds the widest header; no grid if none finds one."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    widths = {separator: _headings(text, separator) for separator in _SEPARATORS}
    best = max(widths, key=lambda separator: widths[separator])
    if widths[best] < _FEWEST:
        return []
    measure = Measure()
    rows: list[tuple[Cell, ...]] = []
    for line, row in _rows(text, best):
        measure.add(len(row), f"line {line}")
        rows.append(tuple(cell(text, f"line {line}, column {column}") for column, text in enumerate(row, 1)))
    return [Grid("the text", tuple(rows))]


def _headings(text: str, separator: str) -> int:
    """Return how many headings the row with most of them has."""
    lines = (line for line in text.split("\n") if separator in line)
    return max((sum(map(is_heading, line.replace('"', "").split(separator)[:200])) for line in lines), default=0)


def _rows(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Find the rows that are not blank, each with the line it begins in."""
    csv.field_size_limit(MOST_BYTES)
    reader = csv.reader(StringIO(text), delimiter=separator)
    begin = 1
    try:
        for row in reader:
            if any(row):
                yield begin, row
            begin = reader.line_num + 1
    except csv.Error as error:
        raise UnreadableError(f"line {begin}: {error}") from error
