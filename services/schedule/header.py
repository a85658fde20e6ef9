"""Where in a grid a header stands, and which of a row’s cells its columns take."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

import msgspec
from msgspec import Struct

from services.schedule.column import Cells, Column
from services.schedule.columns import Heading, is_heading, read_heading, read_headings
from services.schedule.grid import Cell
from services.schedule.listing import has_units
from services.schedule.loose import complete
from services.schedule.numbers import read_number

_DEEPEST = 3
"""Rows of a header."""

_FEWEST = 2
"""Headings that make a header."""

_SAMPLE = 50
"""Rows that show what is in a column."""

_LONGEST_HEADING = 30
"""Characters of a heading that is not known, in a table of which others are."""

_FEWEST_WIDE = 3


class Header(Struct, frozen=True):
    """The columns of a table and the rows of the grid that name them."""

    columns: tuple[Column, ...]
    depth: int
    texts: tuple[str, ...]

    @property
    def width(self) -> int:
        return self.columns[-1].stop

    def spread(self, rows: Sequence[Cells]) -> tuple["Header", Sequence[Cells]] | None:
        """Return this header and rows of another width, both with a cell for each column; None if they do not fit."""
        spread, count = [], len(self.columns)
        for row in rows:
            cells = runs(row)
            if len(cells) not in (1, count):
                return None
            spread.append(cells * count if len(cells) == 1 else cells)
        columns = (msgspec.structs.replace(column, begin=at, stop=at + 1) for at, column in enumerate(self.columns))
        return msgspec.structs.replace(self, columns=tuple(columns)), spread

    def take(self, row: Cells) -> list[Cells]:
        """Return each column’s cells: those below its heading, or, out of line with the headings, one after another.

        In Word, the edges of cells above each other are seldom quite in line.
        """
        cells = runs(row)
        if len(cells) == len(self.columns) and self.across(row) is not None:
            return [(cell,) for cell in cells]
        return [runs(row[column.begin : column.stop]) for column in self.columns]

    def across(self, row: Cells) -> Cell | None:
        """Return a cell that stands below parts of several columns, if there is one."""
        edges = {column.begin for column in self.columns} | {self.width}
        begin = 0
        for at in range(1, len(row) + 1):
            if at < len(row) and row[at].place == row[begin].place:
                continue
            whole = at - begin == 1 or (begin in edges and at in edges)
            if not whole and any(begin < edge < at for edge in edges):
                return row[begin]
            begin = at
        return None


def runs(row: Cells) -> Cells:
    """Return the cells of a row, a merged one once."""
    return tuple(cell for at, cell in enumerate(row) if at == 0 or cell.place != row[at - 1].place)


def find_headers(rows: Sequence[Cells]) -> dict[int, tuple[Header, int]]:
    """Return the headers by the row in which they begin, each with the row where another one begins."""
    headers: dict[int, Header] = {}
    at = 0
    while at < len(rows):
        if header := _find_header(rows, at, begins=not headers or len(runs(rows[at - 1])) == 1):
            headers[at] = header
        at += header.depth if header else 1
    found: dict[int, tuple[Header, int]] = {}
    after, stop, texts = len(rows), len(rows), None
    for at, header in reversed(headers.items()):
        stop = stop if header.texts == texts else after
        found[at] = (header, stop)
        after, texts = at, header.texts
    return found


def _find_header(rows: Sequence[Cells], at: int, *, begins: bool) -> Header | None:
    """Return the header that begins with a row, if one does: headings of tasks and of units or deadlines.

    In a table that has begun, most of them have to be known (专项督查阶段 may begin a row, too).
    """
    depth = 1
    while depth < _DEEPEST and at + depth < len(rows) and _goes_on(rows[at + depth - 1], rows[at + depth]):
        depth += 1
    while depth:
        header = _header(rows[at : at + depth], rows[at + depth : at + depth + _SAMPLE], begins=begins)
        if header is not None:
            return header
        depth -= 1
    return None


def _goes_on(upper: Cells, lower: Cells) -> bool:
    """Return whether a row names parts of columns whose headings stand above, over several of them."""
    parts = set()
    for at, cell in enumerate(lower):
        if not cell.text or (at < len(upper) and cell.place == upper[at].place):
            continue
        if read_number(cell.text) is not None or not _is_wide(upper, at):
            return False
        parts.add(cell.place)
    return len(parts) >= _FEWEST


def _is_wide(row: Cells, at: int) -> bool:
    """Return whether what stands in a row goes over several columns: merged, or with nothing beside it."""
    if at >= len(row) or not row[at].text:
        return at < len(row)
    beside = [row[near] for near in (at - 1, at + 1) if 0 <= near < len(row)]
    return any(cell.place == row[at].place for cell in beside) or (at + 1 < len(row) and not row[at + 1].text)


def _header(rows: Sequence[Cells], body: Sequence[Cells], *, begins: bool) -> Header | None:
    """Return the header that rows make, if they do: by their headings, else by what the rows below hold as well."""
    top = [cell.text for cell in runs(rows[0]) if cell.text]
    if len(top) < _FEWEST or (2 * sum(map(is_heading, top)) < len(top) and not (begins and _is_wide_header(top))):
        return None  # a title
    columns = _columns_of(rows, body)
    named = [column for column in columns if column.words]
    known = [column for column in named if column.says]
    if any(read_number(column.words) is not None for column in named):
        return None
    kinds = {column.says.kind for column in known if column.says}
    if not begins and len(kinds) < _FEWEST:
        return None
    if not (kinds & {"task", "item"} and kinds & {"units", "deadline", "period"} and 2 * len(known) >= len(named)):
        columns = _guess_task(columns, named, known, kinds) or _complete(columns, body) or []
    elif not {"units", "deadline"} <= kinds or _nobody_leads(known):
        columns = complete(columns, body)
    return Header(tuple(columns), len(rows), tuple(column.words for column in columns)) if columns else None


def _nobody_leads(columns: Sequence[Column]) -> bool:
    roles = {column.says.role for column in columns if column.says and column.says.kind == "units"}
    return roles == {"cooperating"}


def _is_wide_header(top: Sequence[str]) -> bool:
    """Return whether a row may be the header of a table most of whose headings are not known."""
    return (
        len(top) >= _FEWEST_WIDE
        and any(map(is_heading, top))
        and all(len(text) <= _LONGEST_HEADING and "。" not in text and read_number(text) is None for text in top)
    )


def _columns_of(rows: Sequence[Cells], body: Sequence[Cells]) -> list[Column]:
    """Return the columns of a header; where those of tasks have only amounts (改造任务: 420), they are not of tasks."""
    columns = _columns(rows)
    tasks = [column for column in columns if column.says and column.says.kind == "task"]
    if not tasks or not all(is_numbered(column.below(body)) for column in tasks):
        return columns
    return [msgspec.structs.replace(column, says=None) if column in tasks else column for column in columns]


def _columns(rows: Sequence[Cells]) -> list[Column]:
    """Return the columns that the rows of a header make, each with its words."""
    columns: list[Column] = []
    last: tuple[str, ...] = ()
    for at in range(max(map(len, rows))):
        cells = runs(tuple(row[at] for row in rows if at < len(row)))
        places = tuple(cell.place for cell in cells)
        if columns and places == last:
            columns[-1] = msgspec.structs.replace(columns[-1], stop=at + 1)
            continue
        last = places
        words = ["".join(cell.text.split()) for cell in cells if cell.text]
        columns.append(Column(read_headings(words), "／".join(words), places[0], at, at + 1))
    periods = [at for at, column in enumerate(columns) if column.says and column.says.kind == "period"]
    if len(periods) == 1:  # 2022年度任务目标: no step among others
        (at,) = periods
        says = read_heading(columns[at].words)
        columns[at] = msgspec.structs.replace(
            columns[at], says=says if says and says.kind == "task" else columns[at].says
        )
    return columns


def _guess_task(
    columns: list[Column], named: Sequence[Column], known: Sequence[Column], kinds: AbstractSet[str]
) -> list[Column] | None:
    """Return the columns with the only one not known as that of tasks, where units and deadlines have theirs."""
    if kinds & {"task", "item"} or not kinds >= {"units", "deadline"} or len(named) != len(known) + 1:
        return None
    at = next(at for at, column in enumerate(columns) if column.words and not column.says)
    return [*columns[:at], msgspec.structs.replace(columns[at], says=Heading("task"), guessed=True), *columns[at + 1 :]]


def _complete(columns: Sequence[Column], body: Sequence[Cells]) -> list[Column] | None:
    """Return columns of which those that were missing are found by what they hold; None if those needed are not."""
    found = complete(columns, body)
    tasks = [column for column in found if column.says and column.says.kind in {"task", "item"}]
    others = {column.says.kind for column in found if column.says}
    if tasks and others & {"units", "deadline", "period"}:
        return found
    if not tasks and others >= {"units", "deadline"} and (figures := _with_figures(found, body)):
        return figures
    texts = [cell.text for column in tasks[-1:] for cell in column.below(body) if cell.text]
    return found if texts and 2 * sum(map(has_units, texts)) > len(texts) else None


def _with_figures(columns: Sequence[Column], body: Sequence[Cells]) -> list[Column] | None:
    """Return columns with those that are not known, or are periods, as figures; None where none of them has numbers."""
    figures = [column for column in columns if column.words and (not column.says or column.says.kind == "period")]
    if not any(is_numbered(column.below(body)) for column in figures):
        return None
    says = Heading("figure")
    return [
        msgspec.structs.replace(column, says=says, guessed=True) if column in figures else column for column in columns
    ]


def is_numbered(cells: Sequence[Cell]) -> bool:
    """Return whether what stands below a heading are numbers."""
    texts = [cell.text for cell in cells[:_SAMPLE] if cell.text]
    return 2 * sum(read_number(text) is not None for text in texts) > len(texts)
