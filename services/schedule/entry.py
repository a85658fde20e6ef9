"""A row of a grid to what it says about its task."""

import re
from collections.abc import Iterator
from itertools import zip_longest

import msgspec
from msgspec import Struct

from events.schema import Role
from services.schedule.column import Cells
from services.schedule.grid import Cell, is_blank, shorten
from services.schedule.header import runs
from services.schedule.layout import Layout
from services.schedule.limits import MOST_CHARACTERS
from services.schedule.listing import statements
from services.schedule.table import PeriodCell, Row, RowRefusal

_NUMBER = re.compile(r"[（(第]?(?:[0-9０-９]{1,4}|[一二三四五六七八九十]{1,3}|[①-⑳])[)）]?[、.．项条]?")
"""What is only the number of a task beside it."""

_AMOUNT = re.compile(r"[0-9０-９]")
_MEASURED = re.compile(r"(?P<what>.+?)(?:[（(](?P<unit>[^（）()]{1,4})[）)])?")
"""A heading with the unit of measure that it ends with (改造任务（户）)."""


class TaskEntry(Struct, frozen=True):
    """A row before it has its number: the number’s cell, the part of the table it is in, and what is wrong (or `row`).

    `goes_on` if the row is one more of what the row above it is about. The numbers in `row` and `refusals` are 0.
    """

    number: Cell | None
    column: str
    part: tuple[str, ...]
    goes_on: bool
    row: Row | None
    refusals: tuple[RowRefusal, ...] = ()


def joined(entry: TaskEntry, more: Row, known: set[str]) -> TaskEntry:
    """Return an entry with the units or the deadline of a row that adds to its task; `known` are the places above."""
    row = entry.row
    if row is None:
        return entry
    units = (*row.units, *((role, cell) for role, cell in more.units if cell.text and cell.place not in known))
    row = msgspec.structs.replace(row, units=units)
    if more.deadline and more.deadline.text and more.deadline.place not in known:
        row = msgspec.structs.replace(row, deadline=_below(row.deadline, more.deadline))
    if more.leader and more.leader.text and more.leader.place not in known:
        row = msgspec.structs.replace(row, leader=_below(row.leader, more.leader, "；"))
    return msgspec.structs.replace(entry, row=row)


def _below(cell: Cell | None, below: Cell, between: str = "\n") -> Cell:
    return Cell(f"{cell.text}{between}{below.text}", cell.place) if cell and cell.text else below


def _stated(
    title: Cell, deadline: Cell | None
) -> tuple[Cell, tuple[tuple[Role | None, Cell], ...], Cell | None] | None:
    """Return a task whose cell has its units in brackets, without them, its units, and the deadline that is there."""
    parts = statements(title.text)
    if not parts or not parts[0].units:
        return None
    units = tuple((None, Cell(part.units, title.place)) for part in parts if part.units)
    text = "\n".join(part.text for part in parts if part.text)
    times = [part.deadline for part in parts if part.deadline]
    if times and not (deadline and deadline.text):
        deadline = Cell("，".join(times), title.place)
    return Cell(text, title.place), units, deadline


def _amount(heading: str, text: str) -> str:
    """Return a cell with its heading, in words: 改造任务420户, 验收标准：三格化粪池."""
    measured = _MEASURED.fullmatch(heading)
    assert measured is not None, "a figure has a heading"
    what = re.sub("[：:]", "", measured["what"])
    return f"{what}{text}{measured['unit'] or ''}" if _AMOUNT.match(text) else f"{what}：{text}"


class Line:
    """The cells of one row by the columns of its table."""

    def __init__(self, layout: Layout, row: Cells) -> None:
        self._layout, self._row = layout, row
        self._cells = layout.header.take(row)

    @property
    def number(self) -> Cell | None:
        return None if self._layout.number is None else self._first(self._layout.number)

    def coarse(self, *, in_section: bool) -> list[Cell]:
        """Return the cells of tasks that are coarser than the title; in a section, without the name of each title."""
        layout, title = self._layout, self._title[1]
        tasks = [at for at in layout.tasks if not (in_section and at == layout.named)]
        cells = [cell for at in tasks for cell in self._cells[at] if cell.place != title.place]
        return list(
            dict.fromkeys(cell for cell in cells if cell.fault or (cell.text and not _NUMBER.fullmatch(cell.text)))
        )

    @property
    def states(self) -> bool:
        """Whether the row names units or a deadline."""
        told = [at for _, at in self._layout.units] + [at for at in (self._layout.deadline,) if at is not None]
        return any(cell.text or cell.fault for at in told for cell in self._cells[at])

    def adds_to(self, above: Cells) -> bool:
        """Return whether the row is no task of its own, but says who else, or what next, of the task merged over both.

        All that it has of its own are units, or a deadline; with both, or anything else, it is a task of its own.
        """
        known = {cell.place for cell in above}
        cells = [cell for cell in runs(self._row) if cell.text and cell.place not in known]
        units = {cell.place for _, at in self._layout.units for cell in self._cells[at]}
        leaders = {cell.place for at in self._layout.leaders for cell in self._cells[at]}
        deadlines = {cell.place for at in (self._layout.deadline,) if at is not None for cell in self._cells[at]}
        own = {cell.place for cell in cells}
        whole = {self._title[1].place, *([self.number.place] if self.number else [])} <= known
        return whole and bool(own) and (own <= units | leaders or own <= deadlines)

    def entry(self, sections: tuple[str, ...], part: str, *, in_section: bool, goes_on: bool) -> TaskEntry:
        """Return the row’s entry, with a refusal for each of its cells that is wrong."""
        layout = self._layout
        column = "" if layout.number is None else layout.words(layout.number)
        wrong = list(self._misfits()) or list(self._wrong())
        if wrong:
            return TaskEntry(self.number, column, (part, *sections), goes_on, None, tuple(wrong))
        steps = tuple(self._steps())
        deadline = None if layout.deadline is None else self._first(layout.deadline)
        if filled := [step for step in steps if step.cell.text]:
            deadline = Cell("；".join(f"{step.period}：{step.cell.text}" for step in filled), filled[0].cell.place)
        leader, deliverable = self._joined(layout.leaders), self._joined(layout.deliverables)
        title, units = self._named() if in_section else self._title[1], tuple(self._units())
        if not any(cell.text for _, cell in units):
            title, units, deadline = _stated(title, deadline) or (title, units, deadline)
        row = Row(0, title, units, deadline, "／".join(sections) or None, leader, deliverable, layout.year, steps)
        return TaskEntry(self.number, column, (part, *sections), goes_on, row)

    def _named(self) -> Cell:
        """Return the title after the name that another column has for it (AED布设：安装60台)."""
        title = self._title[1]
        name = None if self._layout.named is None else self._first(self._layout.named)
        return Cell(f"{name.text}：{title.text}", title.place) if name and name.text not in title.text else title

    def _steps(self) -> Iterator[PeriodCell]:
        """Find what is to be done in each of the periods that have columns; a cell over several is the last one’s."""
        cells = [self._first(at) for at in self._layout.periods]
        for at, cell, after in zip_longest(self._layout.periods, cells, cells[1:]):
            goes_on = after is not None and after.place == cell.place
            empty = goes_on or is_blank(cell.text)
            yield PeriodCell(self._layout.period(at), Cell("", cell.place) if empty else cell)

    @property
    def _title(self) -> tuple[int, Cell]:
        """The finest cell of tasks that is not empty; a coarser one only where it is the row’s own."""
        if self._layout.figures:
            return self._layout.figures[0], self._figures()
        *coarser, finest = self._layout.tasks
        for at in (finest, *(at for at in reversed(coarser) if at not in self._layout.merged)):
            filled = [cell for cell in self._cells[at] if cell.text or cell.fault]
            if filled:
                return at, filled[-1]
        return finest, self._first(finest)

    def _figures(self) -> Cell:
        """Return the title that figures make: first for whom, then how much of what (城郊乡：改造任务420户)."""
        names, amounts = list[str](), list[Cell]()
        for at in self._layout.figures:
            cell = self._first(at)
            if not amounts and not _AMOUNT.match(cell.text):
                names.append(cell.text)
            elif cell.text:
                amounts.append(Cell(_amount(self._layout.words(at), cell.text), cell.place))
        title = "：".join(filter(None, ("".join(names), "，".join(cell.text for cell in amounts))))
        return Cell(title, (amounts or [self._first(self._layout.figures[0])])[0].place)

    def _first(self, at: int) -> Cell:
        """Return a column’s first cell in which something stands, or its first."""
        cells = self._cells[at] or self._row[-1:]
        return next((cell for cell in cells if cell.text or cell.fault), cells[0])

    def _units(self) -> Iterator[tuple[Role | None, Cell]]:
        """Find the cells of units, once each; the empty ones only where all are."""
        found: dict[Cell, set[Role | None]] = {}
        for role, at in self._layout.units:
            for cell in self._cells[at]:
                found.setdefault(cell, set()).add(role)
        filled = {cell: roles for cell, roles in found.items() if cell.text or cell.fault}
        for cell, roles in (filled or dict(list(found.items())[:1])).items():
            yield roles.pop() if len(roles) == 1 else None, cell

    def _joined(self, columns: tuple[int, ...]) -> Cell | None:
        if not columns:
            return None
        cells = dict.fromkeys(cell for at in columns for cell in self._cells[at] if cell.text)
        first = self._first(columns[0])
        return Cell("；".join(cell.text for cell in cells), next(iter(cells), first).place)

    def _misfits(self) -> Iterator[RowRefusal]:
        """Refuse a row whose cells cannot be matched to columns: one too few, too many, or out of line."""
        columns, row = self._layout.header.columns, self._row
        width = self._layout.header.width
        if len(row) < self._layout.needed:
            column = next(column for column in columns if column.stop > len(row))
            yield RowRefusal(0, column.words, row[-1].place, f"the cell is missing: {len(row)} of {width} are there")
        elif (crossing := self._layout.header.across(row)) and len(runs(row)) != len(columns):
            detail = f"“{shorten(crossing.text)}” stands below parts of several columns"
            yield RowRefusal(0, columns[0].words, crossing.place, detail)
        for cell in row[width:]:
            if cell.text:
                detail = f"“{shorten(cell.text)}” is a cell too many: there are {width} columns"
                yield RowRefusal(0, columns[-1].words, cell.place, detail)
                break

    def _wrong(self) -> Iterator[RowRefusal]:
        layout = self._layout
        at, title = self._title
        if not title.text and not title.fault:
            yield RowRefusal(0, layout.words(at), title.place, "the cell is empty")
        others = [at for _, at in layout.units] + [at for at in (layout.deadline,) if at is not None]
        seen = set()
        for at in (*layout.tasks, *others, *layout.leaders, *layout.deliverables):
            for cell in self._cells[at]:
                detail = cell.fault
                if len(cell.text) > MOST_CHARACTERS:
                    detail = f"it has {len(cell.text):,} characters; at most {MOST_CHARACTERS:,} can be kept"
                if detail and cell not in seen:
                    seen.add(cell)
                    yield RowRefusal(0, layout.words(at), cell.place, detail)
        if layout.deadline is not None:
            filled = [cell for cell in self._cells[layout.deadline] if cell.text]
            if len(filled) > 1:
                detail = (
                    f"two cells, “{shorten(filled[0].text)}” and “{shorten(filled[1].text)}”, stand below one heading"
                )
                yield RowRefusal(0, layout.words(layout.deadline), filled[1].place, detail)
