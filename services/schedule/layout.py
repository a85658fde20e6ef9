"""Which of a table’s columns say what: the finest column of tasks is the title, those coarser are the section."""

from collections.abc import Sequence
from itertools import pairwise

from msgspec import Struct

from events.schema import Role
from services.schedule.columns import Heading, year_of
from services.schedule.grid import Cell
from services.schedule.header import Cells, Column, Header, is_numbered

_NOTHING = Heading("remark")


class Layout(Struct, frozen=True):
    """The columns of a header by what they hold, as places in `Header.columns`; `tasks` from coarse to fine.

    `clash` says why the columns cannot be read.
    """

    header: Header
    number: int | None
    tasks: tuple[int, ...]
    merged: frozenset[int]
    units: tuple[tuple[Role | None, int], ...]
    deadline: int | None
    leaders: tuple[int, ...]
    deliverables: tuple[int, ...]
    unread: tuple[int, ...]
    clash: tuple[Column, str] | None = None

    @property
    def needed(self) -> int:
        """How many cells a row has to have at least."""
        read = [self.number or 0, self.deadline or 0, *self.tasks, *(at for _, at in self.units)]
        return max(self.header.columns[at].stop for at in read)

    @property
    def year(self) -> int | None:
        """The year in which the deadlines are meant, if their heading names one."""
        return None if self.deadline is None else year_of(self.words(self.deadline))

    def words(self, at: int) -> str:
        return self.header.columns[at].words


def lay_out(header: Header, rows: Sequence[Cells]) -> Layout:
    """Return what the columns hold, by their headings and by the rows below them (without those of one cell)."""
    columns = header.columns
    says = [column.says or _NOTHING for column in columns]
    numbers = [at for at, heading in enumerate(says) if heading.kind == "number"]
    numbers.sort(key=lambda at: _is_merged(columns[at].below(rows)))
    items = [at for at, heading in enumerate(says) if heading.kind == "item"]
    if not numbers and items and is_numbered(columns[items[0]].below(rows)):
        numbers = [items.pop(0)]
    tasks = [at for at, heading in enumerate(says) if heading.kind == "task"] + items
    named = [at for at in tasks if says[at].fineness > 0]
    deadlines = [at for at, heading in enumerate(says) if heading.kind == "deadline"]
    exact = [at for at in deadlines if any(word in columns[at].words for word in ("完成", "办结", "时限", "期限"))]
    if len(exact) == 1:
        deadlines = exact
    merged = frozenset(at for at in tasks if _is_merged(columns[at].below(rows)))
    tasks = sorted(
        named or tasks,
        key=lambda at: (
            at not in merged,
            _distinct(columns[at].below(rows)) if at in merged else 0,
            says[at].fineness,
            at,
        ),
    )
    read = {*numbers[:1], *tasks, *deadlines}
    taken = ("units", "leader", "deliverable", "remark")
    unread = [
        at for at, column in enumerate(columns) if at not in read and not (column.says and column.says.kind in taken)
    ]
    clash = None
    if len(deadlines) > 1:
        clash = (columns[deadlines[1]], f"it is a second column of deadlines beside {columns[deadlines[0]].words}")
    if not tasks:
        clash = (columns[0], "no column is one of tasks")
    return Layout(
        header,
        numbers[0] if numbers else None,
        tuple(tasks),
        merged,
        tuple((heading.role, at) for at, heading in enumerate(says) if heading.kind == "units"),
        deadlines[0] if deadlines else None,
        tuple(at for at, heading in enumerate(says) if heading.kind == "leader"),
        tuple(at for at, heading in enumerate(says) if heading.kind == "deliverable"),
        tuple(unread),
        clash,
    )


def _is_merged(cells: Sequence[Cell]) -> bool:
    return any(cell.place == below.place for cell, below in pairwise(cells))


def _distinct(cells: Sequence[Cell]) -> int:
    return len({cell.place for cell in cells if cell.text})
