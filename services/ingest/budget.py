"""The budget of bytes for HTTP requests that wait in memory for the writer: of all sources and of each."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from services.common.sizes import MIB

MOST_REQUEST = 16 * MIB
"""Bytes of one request."""

SHARE = 2 * MOST_REQUEST
"""Bytes of one source's requests in memory: a largest one and thousands of single events."""

MOST = 4 * SHARE
"""Bytes of all sources' requests in memory: three flooding sources leave a share to a fourth. Decoded requests take a
multiple of that."""

LEAST = 4_096
"""Bytes that a request counts for at least: connection, headers and tasks take them, however short it is."""


class OverBudgetError(Exception):
    """There is no budget for a request now; nothing of it was read."""


class RequestBudget:
    """Bounds the bytes in memory; asked before a body is read, so that only a flooding source is refused."""

    def __init__(self) -> None:
        self._reserved: Counter[tuple[str, str]] = Counter()

    @contextmanager
    def reserve(self, ledger: str, source: str, length: str | None) -> Iterator[None]:
        """Reserve the bytes of a request until it is answered; raise OverBudgetError if there are not as many.

        `length` is its Content-Length header; a request without a valid one counts as the largest.
        """
        announced = int(length) if length is not None and length.isdecimal() else MOST_REQUEST
        size = max(LEAST, min(announced, MOST_REQUEST))  # a larger body is refused when it is read
        holder = (ledger, source)
        if self._reserved[holder] + size > SHARE:
            raise OverBudgetError(
                f"{source!r} has {self._reserved[holder]:,} bytes waiting; the limit per source is {SHARE:,}. "
                "Wait for answers before sending more"
            )
        if self._reserved.total() + size > MOST:
            raise OverBudgetError(f"{self._reserved.total():,} bytes of all sources are waiting; the limit is {MOST:,}")
        self._reserved[holder] += size
        try:
            yield
        finally:
            self._reserved[holder] -= size
            if not self._reserved[holder]:
                del self._reserved[holder]
