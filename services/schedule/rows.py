"""The tables of a document, one after another, to rows."""

from collections.abc import Sequence

import msgspec

from services.schedule.asides import take_asides
from services.schedule.column import Cells
from services.schedule.ditto import without_ditto
from services.schedule.entry import Line, TaskEntry, joined
from services.schedule.grid import Cell, Grid, shorten
from services.schedule.header import Header, find_headers, runs
from services.schedule.layout import Layout, lay_out
from services.schedule.limits import MOST_TEXT
from services.schedule.numbering import number
from services.schedule.numbers import begins_parts, read_number
from services.schedule.sections import below, is_enumerated, is_note, is_numeral
from services.schedule.table import COLUMNS, Row, RowRefusal, Table
from services.schedule.text import UnreadableError

_WHAT = {"units": "units", "deadline": "deadlines"}

_LONGEST_SECTION = 200
_LONGEST_NAME = 40
"""Characters of a section: more are a note; and of one that nothing else shows to be one: more are a task."""


def read_grids(grids: Sequence[Grid]) -> tuple[Table, bool]:
    """Read each grid that has a header, or that goes on where the one before ended; the others are noted.

    Every row of those read is a task, a refusal, a section or a note, or there is nothing of its own in it. Returns the
    table, and whether a header was found at all.
    """
    reading = _Reading()
    for grid in grids:
        reading.read(grid)
    table = reading.table(next((grid.rows[0][0].place for grid in grids if grid.rows and grid.rows[0]), "line 1"))
    return table, reading.found


class _Reading:
    """What was read so far."""

    def __init__(self) -> None:
        self._entries: list[TaskEntry] = []
        self._refusals: list[RowRefusal] = []
        self._notes: list[str] = []
        self._layout: Layout | None = None
        self._width = 0
        self._part = 0
        self._text = 0
        self._sections: tuple[str, ...] = ()
        self._coarse = ""
        self._waiting: list[tuple[str, Cell]] = []
        """Sections in which no row stands yet."""

    @property
    def found(self) -> bool:
        """Whether a header was found."""
        return self._layout is not None

    def read(self, grid: Grid) -> None:
        """Read a grid from its first header on, or from its first row, if it goes on with the columns before it."""
        self._notes += grid.notes
        rows: Sequence[Cells] = without_ditto(grid.rows)
        headers, width = find_headers(rows), max(map(len, rows), default=0)
        if not headers and width != self._width:
            rows, width = self._spread(rows, width)
        reads, begin = not headers and width == self._width and self._goes_on(rows), 0
        for at, row in enumerate(rows):
            if at in headers:
                header, stop = headers[at]
                if not reads:
                    self._above(rows[:at])
                begin = at + header.depth
                self._begin(header, rows[begin:stop], rows[:at], again=reads)
                reads, self._width = True, width
            elif at >= begin and reads and self._layout is not None:
                self._row(self._layout, row, rows[at - 1] if at else (), rows[at + 1] if at + 1 < len(rows) else ())
        if not reads and (cell := self._next_number(rows)):
            detail = "the numbers go on here, but the columns are not those of the table before"
            self._refusals.append(RowRefusal(0, COLUMNS[0], cell.place, detail))
        elif not reads and any(cell.text for row in rows for cell in row):
            self._notes.append(f"{grid.name} has no header that is known; it is not read")

    def table(self, place: str) -> Table:
        """Return the rows with their numbers."""
        self._drop(())
        if self._layout is None:
            self._refusals.append(RowRefusal(0, COLUMNS[0], place, f"there is no header: {'、'.join(COLUMNS)}"))
        numbered = number(self._led())
        notes = [f"the rows are counted through from 1: {numbered.counted}"] if numbered.counted else []
        return Table(numbered.rows, (*self._refusals, *numbered.refusals), (*notes, *self._notes))

    def _led(self) -> list[TaskEntry]:
        """Return the rows with what notes, and units’ cells above, say about who leads."""
        first_leads = any(take_asides(note).first_leads for note in self._notes if "第一" in note or "首" in note)
        led = []
        for entry in self._entries:
            row = entry.row
            if row is not None:
                row = msgspec.structs.replace(row, first_leads=first_leads)
                first_leads = first_leads or any(
                    take_asides(cell.text).ever for _, cell in row.units if "同" in cell.text
                )
            led.append(msgspec.structs.replace(entry, row=row))
        return led

    def _begin(self, header: Header, rows: Sequence[Cells], above: Sequence[Cells], *, again: bool) -> None:
        if again and self._layout is not None and self._layout.header.texts == header.texts:
            return
        self._part += 1
        self._drop(())
        body = [row for row in rows if len(runs(row)) > 1]
        title = "" if again else " ".join(row[0].text for row in above if len(_filled(row)) == 1)
        self._layout = layout = lay_out(header, body, title)
        if layout.clash is not None:
            column, detail = layout.clash
            self._refusals.append(RowRefusal(0, column.words, column.place, detail))
        for column in header.columns:
            if column.guessed and column.says:
                what = _WHAT.get(column.says.kind, "tasks")
                self._notes.append(
                    f"{column.place}: the column “{shorten(column.words)}” is read as that of the {what}"
                )
        for at in layout.unread:
            column = header.columns[at]
            if any(cell.text for cell in column.below(body)):
                name = f"the column “{shorten(column.words)}”" if column.words else "a column without a heading"
                self._notes.append(f"{column.place}: {name} is not read")

    def _spread(self, rows: Sequence[Cells], width: int) -> tuple[Sequence[Cells], int]:
        """Give rows of another width the columns before them, if they go on with the numbers and have as many cells."""
        layout = self._layout
        if layout is None or not self._next_number(rows) or not (spread := layout.header.spread(rows)):
            return rows, width
        self._layout = msgspec.structs.replace(layout, header=spread[0])
        self._width = spread[0].width
        return spread[1], self._width

    def _next_number(self, rows: Sequence[Cells]) -> Cell | None:
        """Return the cell in which the number after the last one stands, if rows begin with it."""
        last = self._entries[-1].number if self._entries else None
        stated = None if last is None else read_number(last.text)
        first = next((row[0] for row in rows if len(_filled(row)) > 1), None)
        return first if first and stated is not None and read_number(first.text) == stated + 1 else None

    def _goes_on(self, rows: Sequence[Cells]) -> bool:
        """Return whether a grid without a header has the columns of the one before it."""
        layout = self._layout
        if layout is None or layout.number is None:
            return layout is not None
        numbers = (layout.header.take(row)[layout.number] for row in rows)
        return any(read_number(cells[0].text) is not None for cells in numbers if cells)

    def _above(self, rows: Sequence[Cells]) -> None:
        """Note what stands above a header and is not just a title."""
        for row in rows:
            filled = _filled(row)
            if len(filled) > 1:
                self._note(filled, "stands above the table; it is not read")

    def _row(self, layout: Layout, row: Cells, above: Cells, below_it: Cells) -> None:
        filled = _filled(row)
        known = {cell.place for cell in above}
        if all(cell.place in known for cell in filled):
            return
        line = Line(layout, row)
        if is_note(filled[0].text, alone=False) or all(is_note(cell.text, alone=True) for cell in filled):
            self._note(filled, "is no task")
        elif (section := _section(line, row, filled, _number(layout, below_it))) is not None:
            self._drop(below(self._sections, section))
            self._waiting.append((section, filled[0]))
        elif len(filled) == 1 and row.count(filled[0]) > 1:
            self._note(filled, "is no task")
        elif layout.clash is None:
            self._task(line, above)

    def _task(self, line: Line, above: Cells) -> None:
        """Add a row; an empty cell of a coarser column stands for what is above it."""
        known = {cell.place for cell in above}
        in_section = bool(self._sections)
        coarse = line.coarse(in_section=in_section)
        goes_on = bool(self._coarse) and all(cell.place in known for cell in coarse)
        if coarse:
            self._coarse = "／".join(cell.text for cell in coarse)
        sections = (*self._sections, self._coarse) if self._coarse else self._sections
        entry = line.entry(sections, str(self._part), in_section=in_section, goes_on=goes_on)
        self._waiting.clear()
        self._count(entry.row)
        if entry.row is not None and line.adds_to(above) and self._entries:
            self._entries[-1] = joined(self._entries[-1], entry.row, known)
        else:
            self._entries.append(entry)

    def _drop(self, sections: tuple[str, ...]) -> None:
        """Continue in other sections; those that end without a row are noted."""
        for section, cell in self._waiting:
            if section not in sections:
                self._note([cell], "is no task, and no row follows it")
        self._waiting = [(section, cell) for section, cell in self._waiting if section in sections]
        self._sections, self._coarse = sections, ""

    def _note(self, cells: Sequence[Cell], what: str) -> None:
        self._notes.append(f"{cells[0].place}: “{shorten(' '.join(cell.text for cell in cells))}” {what}")

    def _count(self, row: Row | None) -> None:
        if row is not None:
            units = sum(len(cell.text) for _, cell in row.units)
            self._text += len(row.title.text) + units + len(row.deadline.text if row.deadline else "")
            self._text += len(row.section or "") + sum(len(c.text) for c in (row.leader, row.deliverable) if c)
        if self._text > MOST_TEXT:
            raise UnreadableError(
                f"with what is merged over several rows, there are more than {MOST_TEXT:,} characters"
            )


def _number(layout: Layout, row: Cells) -> Cell | None:
    return Line(layout, row).number if row else None


def _filled(row: Cells) -> Cells:
    return tuple(cell for cell in runs(row) if cell.text or cell.fault)


def _section(line: Line, row: Cells, filled: Cells, then: Cell | None) -> str | None:
    """Return the name of the section that a row begins, if it does.

    It stands alone in its row, or after its number; merged, numbered as sections are, or where rows have their number.
    `then` is the number below it: 1 is a section where 1.1 follows, and it names neither units nor a deadline.
    """
    first, merged = filled[0], row.count(filled[-1]) > 1
    if len(filled) == 1:
        if first.fault or len(first.text) > _LONGEST_SECTION or read_number(first.text) is not None:
            return None
        short = len(first.text) <= _LONGEST_NAME and "。" not in first.text
        begins = merged or len(row) == 1 or is_enumerated(first.text) or (short and line.number is not None)
        return first.text if begins else None
    numbers_rows = is_numeral(first.text) or (then is not None and begins_parts(first.text, then.text))
    beside = filled[2:]  # of number and name
    if line.number != first or not numbers_rows or beside or (line.states and not merged):
        return None
    return f"{first.text.rstrip('、.．')}、{filled[1].text}"
