"""Cells that repeat the cell above (同上, 〃)."""

import re
from collections import Counter
from collections.abc import Sequence

from services.schedule.column import Cells
from services.schedule.columns import is_heading
from services.schedule.grid import Cell

_DITTO = re.compile(r"[（(]?(?:同上[述行]?|同前)[）)]?|[〃″＂〞”\"]|[‘’'′]{2}")


_FIRST = frozenset("同（(〃″＂〞”\"‘’'′")


_FEWEST = 2
"""Headings of a row that is a header."""


def without_ditto(rows: Sequence[Cells]) -> Sequence[Cells]:
    """Return rows in which what stands above is in place of 同上 and 〃; what has nothing above it stays.

    Above it is the last cell of its column that has words and belongs to it alone: no section that goes over several
    columns, and no heading.
    """
    if not any(_says(cell) for row in rows for cell in row):
        return rows
    written: list[Cells] = []
    above: dict[int, Cell] = {}
    for row in rows:
        if sum(is_heading(cell.text) for cell in row) >= _FEWEST:
            above.clear()
            written.append(row)
            continue
        own = tuple(
            Cell(above[at].text, cell.place, above[at].fault) if _says(cell) and at in above else cell
            for at, cell in enumerate(row)
        )
        places = Counter(cell.place for cell in row)
        above.update((at, cell) for at, cell in enumerate(own) if cell.text and places[cell.place] == 1)
        written.append(own)
    return written


def _says(cell: Cell) -> bool:
    return cell.text[:1] in _FIRST and 0 < len(cell.text) <= 5 and _DITTO.fullmatch(cell.text) is not None  # noqa: PLR2004 - （同上述）
