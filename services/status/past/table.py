"""A table of fixed records that only grows, and columns of numbers whose equal entries are grouped. Pure."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

Records: TypeAlias = npt.NDArray[Any]

Numbers: TypeAlias = npt.NDArray[Any]

GROWTH = 1.5
"""Factor by which the memory of a full table grows; memory that is not written yet takes no room."""


class GrowingTable:
    """Records in the order of their addition.

    A view stays valid whatever is added later: records never change, and a table that has no room left continues in
    new memory. So another thread may read a view while records are added.
    """

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self._records: Records = np.empty(0, dtype)
        self._length = 0
        self._pending: list[tuple[Any, ...]] = []
        self.add: Callable[[tuple[Any, ...]], None] = self._pending.append
        """Add a record: it is written with others, as one by one takes ten times as long."""

    def extend(self, packed: bytes) -> None:
        """Add records from the bytes that `tobytes` made of a view."""
        self._write(np.frombuffer(packed, self._records.dtype))

    def view(self) -> Records:
        """Return all records."""
        if self._pending:
            self._write(np.array(self._pending, self._records.dtype))
            self._pending.clear()
        return self._records[: self._length]

    def _write(self, records: Records) -> None:
        length = self._length + len(records)
        if length > len(self._records):
            grown = np.empty(max(length, int(len(self._records) * GROWTH)), self._records.dtype)
            grown[: self._length] = self._records[: self._length]
            self._records = grown
        self._records[self._length : length] = records
        self._length = length


class Group(NamedTuple):
    """Entries that are equal in all columns: the index of one of them, and how many they are."""

    first: int
    size: int


def groups(*columns: Numbers) -> Iterator[Group]:
    """Yield the groups of equal entries, in the order of the last column, then of those before it."""
    order = np.lexsort(columns)
    new = np.zeros(len(order), bool)
    new[:1] = True
    for column in columns:
        ordered = column[order]
        new[1:] |= ordered[1:] != ordered[:-1]
    starts = np.flatnonzero(new)
    sizes = np.diff(starts, append=len(order))
    return map(Group, order[starts].tolist(), sizes.tolist())
