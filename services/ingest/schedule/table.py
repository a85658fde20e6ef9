"""The text form of a schedule: a header of four cells, then rows of four; a cell is a line, a blank line ends a row."""

from msgspec import Struct

from services.ingest.schedule.text import normalise

COLUMNS = ("序号", "工作任务", "责任单位", "时间进度")

_MOST = 1_000_000
"""The highest row number, as `events.schema.TaskAssigned` limits it."""


class Cell(Struct, frozen=True):
    """A cell’s text without the spaces around it, and its line in the file, from 1."""

    text: str
    line: int


class Row(Struct, frozen=True):
    """One task as the table has it."""

    number: int
    title: Cell
    units: Cell
    deadline: Cell


class Refusal(Struct, frozen=True):
    """What cannot be read and where: `row` is the row’s number, or its place where it has none; 0 is the header."""

    row: int
    column: str
    line: int
    detail: str


class Table(Struct, frozen=True):
    """The rows that could be read, in their order, and what is wrong with the others."""

    rows: tuple[Row, ...]
    refusals: tuple[Refusal, ...]


def read_table(text: str) -> Table:
    """Read a table’s text: every block of lines after the header is a row, or a refusal; none is dropped.

    What stands before the header is the title. A line with nothing but a tab is an empty cell.
    """
    blocks = _blocks(text)
    while blocks and not _is_header(blocks[0]):
        blocks.pop(0)
    if not blocks:
        return Table((), (Refusal(0, COLUMNS[0], 1, f"there is no header: {'、'.join(COLUMNS)}"),))
    rows: dict[int, Row] = {}
    refusals = []
    first_lines: dict[int, int] = {}
    for place, cells in enumerate(blocks[1:], 1):
        row = _read_row(place, cells)
        if isinstance(row, Row) and row.number in rows:
            detail = f"the number {row.number} is there twice; first in line {first_lines[row.number]}"
            row = Refusal(row.number, COLUMNS[0], cells[0].line, detail)
        if isinstance(row, Refusal):
            refusals.append(row)
        else:
            rows[row.number] = row
            first_lines[row.number] = cells[0].line
    return Table(tuple(rows.values()), tuple(refusals))


def _blocks(text: str) -> list[list[Cell]]:
    """Return the lines that are not blank, in the blocks that blank lines make."""
    blocks: list[list[Cell]] = [[]]
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for number, line in enumerate(lines, 1):
        if line.strip() or (line.startswith("\t") and blocks[-1]):
            blocks[-1].append(Cell(line.strip(), number))
        elif blocks[-1]:
            blocks.append([])
    return [block for block in blocks if block]


def _is_header(block: list[Cell]) -> bool:
    """Tell whether the block ends with the names of the columns; the title may stand right above them."""
    return tuple(normalise(cell.text) for cell in block[-len(COLUMNS) :]) == COLUMNS


def _read_row(place: int, cells: list[Cell]) -> Row | Refusal:
    while len(cells) > len(COLUMNS) and not cells[-1].text:
        cells.pop()
    number = normalise(cells[0].text).rstrip(".、")
    stated = int(number) if number.isascii() and number.isdigit() and len(number) <= len(str(_MOST)) else None
    row = place if stated is None else stated
    if len(cells) < len(COLUMNS):
        column = COLUMNS[len(cells)]
        return Refusal(row, column, cells[-1].line, f"the cell is missing: {len(cells)} of {len(COLUMNS)} are there")
    if len(cells) > len(COLUMNS):
        extra = cells[len(COLUMNS)]
        return Refusal(
            row, COLUMNS[-1], extra.line, f"“{extra.text}” is a cell too many: there are {len(COLUMNS)} columns"
        )
    if stated is None or stated > _MOST:
        return Refusal(row, COLUMNS[0], cells[0].line, f"“{cells[0].text}” is not a number up to {_MOST:,}")
    if not cells[1].text:
        return Refusal(row, COLUMNS[1], cells[1].line, "the cell is empty")
    return Row(stated, *cells[1:])
