"""One column of a table: its heading, and where in the grid it stands."""

from collections.abc import Sequence
from typing import TypeAlias

from msgspec import Struct

from services.schedule.columns import Heading
from services.schedule.grid import Cell

Cells: TypeAlias = tuple[Cell, ...]


class Column(Struct, frozen=True):
    """A column: what its heading says (None: nothing known), its words, and where in the grid it begins and stops.

    `guessed` if the words are not known, but no other column can be the one of tasks.
    """

    says: Heading | None
    words: str
    place: str
    begin: int
    stop: int
    guessed: bool = False

    def below(self, rows: Sequence[Cells]) -> list[Cell]:
        """Return what stands below the heading."""
        return [row[self.begin] for row in rows if self.begin < len(row)]
