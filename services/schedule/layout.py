"""Which of a table’s columns say what: the finest column of tasks is the title, those coarser are the section."""

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise

from msgspec import Struct

from events.schema import Role
from services.schedule.column import Cells, Column
from services.schedule.columns import Heading, period_of, year_of
from services.schedule.grid import Cell
from services.schedule.header import Header, is_numbered

_NOTHING = Heading("remark")

_TAKEN = ("units", "leader", "deliverable", "remark")
"""Kinds of headings, other than those of tasks, numbers and deadlines, whose columns are read or left out."""

_CALLED = ("联系人", "联系电话", "经办")
"""Words of a heading of people who do not answer for a task."""

_BESIDE = ("建设", "业主", "管护", "包", "帮扶", "结对")
"""Words of a heading of units that stand beside those who answer for a task."""

_NAME = re.compile("(?:(?:项目|工程|实事|事项)名称|(?:实事|民生|重点)项目|问题)$")
"""Words of a heading of names, one for each task."""

_EXACT = ("完成", "办结", "时限", "期限")
"""Words of a heading that leave no doubt that its column has the deadlines."""


class Layout(Struct, frozen=True):
    """The columns of a header by what they hold, as places in `Header.columns`; `tasks` from coarse to fine.

    `named` is the one of them with a name for each title (项目名称 beside 建设内容). Where no column is one of tasks,
    titles are made of `figures`. `title_year` is the one that the table’s title names; `clash` says why the columns
    cannot be read.
    """

    header: Header
    number: int | None
    tasks: tuple[int, ...]
    merged: frozenset[int]
    named: int | None
    figures: tuple[int, ...]
    units: tuple[tuple[Role | None, int], ...]
    deadline: int | None
    leaders: tuple[int, ...]
    deliverables: tuple[int, ...]
    periods: tuple[int, ...]
    unread: tuple[int, ...]
    title_year: int | None = None
    clash: tuple[Column, str] | None = None

    @property
    def needed(self) -> int:
        """How many cells a row has to have at least."""
        read = [
            self.number or 0,
            self.deadline or 0,
            *self.tasks,
            *self.figures,
            *(at for _, at in self.units),
            *self.periods,
        ]
        return max(self.header.columns[at].stop for at in read)

    @property
    def year(self) -> int | None:
        """The year in which the deadlines are meant, if their heading names one."""
        return None if self.deadline is None else year_of(self.words(self.deadline))

    def words(self, at: int) -> str:
        return self.header.columns[at].words

    def period(self, at: int) -> str:
        """Return the period that a column stands for, with the year that it, a heading above it or the title names."""
        words = self.words(at)
        period, year = period_of(words.split("／")) or words, year_of(words) or self.title_year
        return period if year is None or year_of(period) else f"{year}年{period}"


def lay_out(header: Header, rows: Sequence[Cells], title: str = "") -> Layout:
    """Return what the columns hold, by their headings and by the rows below them (without those of one cell)."""
    columns = header.columns
    headings = [column.says or _NOTHING for column in columns]
    numbers = _of_kind(headings, "number")
    numbers.sort(key=lambda at: _is_merged(columns[at].below(rows)))
    items = _of_kind(headings, "item")
    if not numbers and items and is_numbered(columns[items[0]].below(rows)):
        numbers = [items.pop(0)]
    tasks = [*_of_kind(headings, "task"), *items]
    merged = frozenset(at for at in tasks if _is_merged(columns[at].below(rows)))
    tasks = _from_coarse_to_fine(tasks, merged, header, rows)
    deadlines = _deadlines(header, headings)
    periods = [] if deadlines else _of_kind(headings, "period")
    figures = _of_kind(headings, "figure")
    read = {*numbers[:1], *tasks, *figures, *deadlines, *periods}
    unread = [
        at for at, column in enumerate(columns) if at not in read and not (column.says and column.says.kind in _TAKEN)
    ]
    clash = None
    if len(deadlines) > 1:
        clash = (columns[deadlines[1]], f"it is a second column of deadlines beside {columns[deadlines[0]].words}")
    if not tasks and not figures:
        clash = (columns[0], "no column is one of tasks")
    return Layout(
        header,
        numbers[0] if numbers else None,
        tuple(tasks),
        merged,
        next((at for at in tasks[:-1] if at not in merged and _NAME.search(columns[at].words)), None),
        tuple(figures),
        tuple(_units(columns, headings)),
        deadlines[0] if deadlines else None,
        _leaders(columns, headings),
        tuple(_of_kind(headings, "deliverable")),
        tuple(periods),
        tuple(unread),
        year_of(title),
        clash,
    )


def _of_kind(headings: Sequence[Heading], kind: str) -> list[int]:
    """Return the columns with a heading of this kind."""
    return [at for at, heading in enumerate(headings) if heading.kind == kind]


def _units(columns: Sequence[Column], headings: Sequence[Heading]) -> Iterator[tuple[Role | None, int]]:
    """Find the columns of units with their roles, owners and partners last (建设单位, 包联单位).

    承办单位 leads where another column cooperates (协办单位).
    """
    units = _of_kind(headings, "units")
    beside = {at for at in units if any(word in columns[at].words for word in _BESIDE)}
    if any(at not in beside and headings[at].role != "cooperating" for at in units):
        units.sort(key=lambda at: at in beside)
    helped = any(headings[at].role == "cooperating" for at in units)
    for at in units:
        yield "lead" if helped and columns[at].words.startswith("承办") else headings[at].role, at


def _leaders(columns: Sequence[Column], headings: Sequence[Heading]) -> tuple[int, ...]:
    """Return the columns of people, without those who are only to be called (联系人)."""
    people = _of_kind(headings, "leader")
    return tuple(at for at in people if not any(word in columns[at].words for word in _CALLED))


def _from_coarse_to_fine(
    tasks: Sequence[int], merged: Collection[int], header: Header, rows: Sequence[Cells]
) -> list[int]:
    """Return the columns of tasks, merged ones first; those whose headings name a level of tasks, if there are any."""
    fineness = [(column.says or _NOTHING).fineness for column in header.columns]

    def order(at: int) -> tuple[bool, int, int, int]:
        distinct = _distinct(header.columns[at].below(rows)) if at in merged else 0
        return at not in merged, distinct, fineness[at], at

    return sorted([at for at in tasks if fineness[at] > 0] or tasks, key=order)


def _deadlines(header: Header, headings: Sequence[Heading]) -> list[int]:
    """Return the columns of deadlines: the one whose words are exact, if there is just one such."""
    deadlines = _of_kind(headings, "deadline")
    exact = [at for at in deadlines if any(word in header.columns[at].words for word in _EXACT)]
    return exact if len(exact) == 1 else deadlines


def _is_merged(cells: Sequence[Cell]) -> bool:
    return any(cell.place == below.place for cell, below in pairwise(cells))


def _distinct(cells: Sequence[Cell]) -> int:
    return len({cell.place for cell in cells if cell.text})
