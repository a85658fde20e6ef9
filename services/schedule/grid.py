"""The common form of all formats: rows of cells, each of which knows its place."""

import re
import string
from collections.abc import Iterable

from msgspec import Struct

SPACES = string.whitespace + "\u00a0\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\u3000\ufeff"
"""What around a text is no part of it."""

SHOWN = 100
"""Characters of a text in a note."""

_BLANK = re.compile(r"[\s—―–\-－/无]*")


class Cell(Struct, frozen=True):
    """A cell’s text without the spaces around it, and where it stands, for people (“Sheet1!C5”).

    `fault` says why the text is not to be trusted; it is empty for nearly all cells.
    """

    text: str
    place: str
    fault: str = ""


class Grid(Struct, frozen=True):
    """A table by its name; a merged cell stands in each place that it covers, with the one place where it begins.

    Rows may be shorter than others where the format does not say which of their cells is missing. `notes` say what was
    left out.
    """

    name: str
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()


def cell(text: str, place: str) -> Cell:
    """Return a cell with a text without spaces around its lines."""
    return Cell("\n".join(line for part in text.splitlines() if (line := part.strip(SPACES))), place)


def is_blank(text: str) -> bool:
    """Return whether a text says nothing, or that there is nothing (—, 无)."""
    return _BLANK.fullmatch(text) is not None


def shorten(text: str) -> str:
    """Return a text for a note: on one line, and its beginning where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else f"{line[:SHOWN]}…"


def struck_out(texts: Iterable[str], place: str) -> list[str]:
    """Return a note for the texts of a cell that are struck out, if any are."""
    gone = shorten("".join(texts))
    return [f"{place}: “{gone}” is struck out; it is left out"] if gone else []


def rectangle(name: str, rows: list[list[Cell]], notes: tuple[str, ...] = ()) -> Grid:
    """Return the grid of rows that end where nothing but empty cells would follow."""
    width = max(map(len, rows), default=0)
    for at, row in enumerate(rows, 1):
        row.extend(Cell("", f"{name}, row {at}, column {column}") for column in range(len(row) + 1, width + 1))
    return Grid(name, tuple(map(tuple, rows)), notes)
