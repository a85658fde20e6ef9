"""Rows as they are sent: encoded once for all who read them, until they change."""

import msgspec
from msgspec import Raw

from services.status.row import TaskRow

MOST = 4_096
"""Encoded rows that are kept, of 2 to 4 kB each."""


class EncodedRows:
    """The encoded rows that were read last; a row that has changed is another object."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._encoded: dict[str, tuple[TaskRow, Raw]] = {}

    def __getitem__(self, row: TaskRow) -> Raw:
        """Return a row encoded."""
        known = self._encoded.pop(row.task, None)
        if known is None or known[0] is not row:
            known = row, Raw(msgspec.json.encode(row))
        self._encoded[row.task] = known
        if len(self._encoded) > self._most:
            del self._encoded[next(iter(self._encoded))]
        return known[1]
