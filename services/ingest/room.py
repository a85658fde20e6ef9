"""The room at the HTTP door: how much may wait in memory for the writer, in all and of one source."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from services.schedule.limits import MIB

MOST_REQUEST = 16 * MIB
"""Bytes of one request."""

SHARE = 2 * MOST_REQUEST
"""Bytes of one source's requests that are being received or wait: a largest one beside thousands of single events."""

MOST = 4 * SHARE
"""Bytes of those of all sources: beside three who flood, a fourth finds room; read, they take some times that."""

LEAST = 4_096
"""Bytes that a request counts for at least: connection, headers and tasks need them however short it is."""


class FullError(Exception):
    """There is no room for a request now; nothing of it was read."""


class Room:
    """Bounds what waits; it is asked before a body is read, so that who floods is refused and the others are served."""

    def __init__(self) -> None:
        self._held: Counter[tuple[str, str]] = Counter()

    @contextmanager
    def held(self, ledger: str, source: str, length: str | None) -> Iterator[None]:
        """Hold room for a request until it is answered; raises FullError.

        `length` is what its header says; a request that does not say it counts as the largest.
        """
        said = int(length) if length is not None and length.isdecimal() else MOST_REQUEST
        size = max(LEAST, min(said, MOST_REQUEST))  # what is larger yet is refused for that
        who = (ledger, source)
        if self._held[who] + size > SHARE:
            raise FullError(
                f"{source!r} has {self._held[who]:,} bytes waiting here, and {SHARE:,} are what one source may have; "
                "wait for answers before more is sent"
            )
        if self._held.total() + size > MOST:
            raise FullError(f"{self._held.total():,} bytes of all sources wait here, and {MOST:,} are the most")
        self._held[who] += size
        try:
            yield
        finally:
            self._held[who] -= size
            if not self._held[who]:
                del self._held[who]
