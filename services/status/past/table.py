"""A table of fixed records that only grows. Pure."""

from collections.abc import Callable
from typing import Any, TypeAlias

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
