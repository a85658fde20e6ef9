"""The queue of one channel: which parts wait for it, in which order, and how many are under way. Pure."""

import heapq
from typing import NamedTuple


class Slot(NamedTuple):
    """A part of a digest that `closed` at an instant (the ledger's, Unix seconds) and is to be sent on a channel."""

    closed: float
    digest: str
    part: int


class Lane:
    """One channel's queue: of the parts that are due, that of the digest which closed first is sent first.

    At most `most` are under way. `until` is the real instant before which nothing is sent on it.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.until = 0.0
        self.busy = 0
        self._later: list[tuple[float, Slot]] = []
        self._due: list[Slot] = []

    def add(self, slot: Slot, at: float) -> None:
        """Add a part that is due at a real instant."""
        heapq.heappush(self._later, (at, slot))

    def take(self, now: float) -> Slot | None:
        """Remove and return the part to send now; None if there is none, or as many as may be are under way."""
        while self._later and self._later[0][0] <= now:
            heapq.heappush(self._due, heapq.heappop(self._later)[1])
        if not self._due or self.busy >= self.most or now < self.until:
            return None
        return heapq.heappop(self._due)

    def put_back(self, slot: Slot) -> None:
        """Put back a part that was taken and not sent."""
        heapq.heappush(self._due, slot)
