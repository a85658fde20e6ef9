"""The texts that a search looks in, as arrays of code units: a million are searched in a millisecond. Pure."""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from events.text import composed
from services.status.listed import Listed

PART = 4_096
"""Tasks in one part, which is rebuilt (some 2 ms) when a task in it is added or renamed."""

_SEAM, _END = "\ufffe", "\uffff"
"""Between title and id, and after each line: two code points that are for ever no characters (Unicode, 23.7)."""

_OURS = {_SEAM, _END}


class Lines(Struct, frozen=True):
    """The lines of some tasks in UTF-16, and for each unit in which of them it is."""

    units: NDArray[np.uint16]
    numbers: NDArray[np.uint16]


class Texts:
    """The lines of tasks by their numbers; `listed` has the tasks, None for a number without one."""

    def __init__(self, listed: Sequence[Listed | None], part: int = PART) -> None:
        self._listed = listed
        self._size = part
        self._parts: dict[int, Lines] = {}
        for first in range(0, len(listed), part):
            self._part(first)

    def changed(self, number: int) -> None:
        """Read the line of a task anew before the next search."""
        self._parts.pop(number - number % self._size, None)

    def found(self, text: str) -> NDArray[np.bool_]:
        """Return for each number whether the task's title or id has a text in it."""
        found = np.zeros(len(self._listed), np.bool_)
        if not _OURS.isdisjoint(text):
            return found
        wanted = _units(composed(text))
        for first in range(0, len(self._listed), self._size):
            part = self._part(first)
            found[first : first + self._size][part.numbers[_places(part.units, wanted)]] = True
        return found

    def _part(self, first: int) -> Lines:
        """Return the lines from a number on."""
        part = self._parts.get(first)
        if part is None:
            units = _units("".join(map(_line, self._listed[first : first + self._size])))
            ends = np.flatnonzero(units == ord(_END))
            numbers = np.repeat(np.arange(len(ends), dtype=np.uint16), np.diff(ends, prepend=-1))
            part = self._parts[first] = Lines(units, numbers)
        return part


def _line(row: Listed | None) -> str:
    if row is None:
        return _END
    return f"{composed(row.title).replace(_SEAM, '').replace(_END, '')}{_SEAM}{row.task}{_END}"


def _units(text: str) -> NDArray[np.uint16]:
    """Return the code units of a text; no part of one character's looks like another character's."""
    return np.frombuffer(text.encode("utf-16-le", "surrogatepass"), np.uint16)


def _places(units: NDArray[np.uint16], wanted: NDArray[np.uint16]) -> NDArray[np.intp]:
    """Return the places where the wanted code units begin; each further unit leaves fewer of them."""
    if not len(wanted):
        return np.arange(len(units))
    places = np.flatnonzero(units[: max(0, len(units) - len(wanted) + 1)] == wanted[0])
    for distance, unit in enumerate(wanted[1:], 1):
        places = places[units[places + distance] == unit]
    return places
