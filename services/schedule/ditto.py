"""Cells that say: as above (同上, 〃)."""

import re
from collections.abc import Sequence

from services.schedule.column import Cells
from services.schedule.grid import Cell

_DITTO = re.compile(r"[（(]?(?:同上[述行]?|同前)[）)]?|[〃″＂〞”\"]|[‘’'′]{2}")


_FIRST = frozenset("同（(〃″＂〞”\"‘’'′")


def without_ditto(rows: Sequence[Cells]) -> Sequence[Cells]:
    """Return rows in which what stands above is in place of 同上 and 〃; what is above all rows stays."""
    if not any(_says(cell) for row in rows for cell in row):
        return rows
    written: list[Cells] = []
    for row in rows:
        above = written[-1] if written else ()
        written.append(
            tuple(
                Cell(above[at].text, cell.place, above[at].fault) if _says(cell) and at < len(above) else cell
                for at, cell in enumerate(row)
            )
        )
    return written


def _says(cell: Cell) -> bool:
    return cell.text[:1] in _FIRST and 0 < len(cell.text) <= 5 and _DITTO.fullmatch(cell.text) is not None  # noqa: PLR2004 - （同上述）
