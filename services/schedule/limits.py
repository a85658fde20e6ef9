"""How much of a document is read: far above any real table, and what a small machine reads in seconds."""

from services.common.sizes import MIB
from services.schedule.text import UnreadableError

MOST_BYTES = 20 * MIB
"""Of a file; tables of thousands of rows have one or two."""

MOST_INFLATED = 200 * MIB
"""Bytes of all the parts of a .docx or .xlsx; Word writes some 2 KiB for a cell."""

MOST_PARTS = 5_000
"""Files inside a .docx or .xlsx; one with a picture in each row has some thousands."""

MOST_ROWS = 20_000
MOST_COLUMNS = 200
MOST_CELLS = 500_000
"""Of all tables of a document; a cell takes some 300 bytes while it is read."""

MOST_CHARACTERS = 20_000
"""Of a cell, as `events.schema.Text` limits it."""

MOST_TEXT = 20_000_000
"""Characters of all rows together; a merged cell counts once for each row it holds for."""

MOST_MEMORY = 1024 * MIB
"""Bytes of the process that reads; a table at all the limits above takes half of it."""

MOST_SECONDS = 20
"""Of the processor, for one file; 5,000 rows take one or two. By the clock it may take twice as long."""

MOST_WRITTEN = 128 * MIB
"""Bytes of a table between the processes: `MOST_TEXT` characters and the places of `MOST_CELLS` cells."""


class Measure:
    """The size of what was read so far."""

    def __init__(self) -> None:
        self._rows = self._cells = 0

    def add(self, cells: int, place: str) -> None:
        """Count a row of so many cells; raise UnreadableError where it is too much."""
        self._rows += 1
        self._cells += cells
        for count, most, what in (
            (cells, MOST_COLUMNS, "columns"),
            (self._rows, MOST_ROWS, "rows"),
            (self._cells, MOST_CELLS, "cells"),
        ):
            if count > most:
                raise UnreadableError(f"{place}: there are more than {most:,} {what}")
