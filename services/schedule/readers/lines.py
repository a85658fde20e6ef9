"""The plain text form: a cell is a line, and a blank line ends a row."""

from services.schedule.columns import is_heading
from services.schedule.grid import Cell, Grid, cell
from services.schedule.limits import Measure

_FEWEST = 2
"""Headings that make a header."""


def read_lines(text: str) -> list[Grid]:
    """Read a text in which some block of lines ends with headings; no grid if there is none.

    What stands above the headings is the title. A line with nothing but a tab is an empty cell.
    """
    measure = Measure()
    rows: list[tuple[Cell, ...]] = []
    for block in _blocks(text):
        headings = 0 if rows else _headings(block)
        row = block[-headings:]
        if rows or headings:
            measure.add(len(row), row[0].place)
            rows.append(tuple(row))
    return [Grid("the text", tuple(rows))] if rows else []


def _blocks(text: str) -> list[list[Cell]]:
    """Return the lines that are not blank, in the blocks that blank lines make."""
    blocks: list[list[Cell]] = [[]]
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        if line.strip() or (line.startswith("\t") and blocks[-1]):
            blocks[-1].append(cell(line, f"line {number}"))
        elif blocks[-1]:
            blocks.append([])
    return [block for block in blocks if block]


def _headings(block: list[Cell]) -> int:
    """Return how many headings the block ends with, 0 if that is no header."""
    count = 0
    for line in reversed(block):
        if not is_heading(line.text):
            break
        count += 1
    return count if count >= _FEWEST else 0
