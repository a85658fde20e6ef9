"""Counts of what clients hold at once."""

from collections import Counter
from collections.abc import Callable

Holder = tuple[str, ...]
"""Who holds something: (address) without a token, (ledger, source) with one."""


class Quota:
    """What each holder holds, at most `most` at once; another's share is never touched."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._held: Counter[Holder] = Counter()

    def take(self, holder: Holder) -> bool:
        """Take one more for a holder; False where it has the most already."""
        if self._held[holder] >= self.most:
            return False
        self._held[holder] += 1
        return True

    def give_back(self, holder: Holder) -> None:
        """Give one back that was taken."""
        self._held[holder] -= 1
        if not self._held[holder]:
            del self._held[holder]


class Seats:
    """The connections of a service.

    A connection counts for its address until a request with a source's token comes over it; who sends one is only known
    then. So a connection beyond an address's most is not closed at once: it waits for its request among as many others
    of that address, of which the oldest has to go for a new one. Its sources get through, however many connections
    anyone else opens from there.
    """

    def __init__(self, most: int) -> None:
        self.quota = Quota(most)
        self._waiting: dict[Holder, dict[Seat, None]] = {}

    def enter(self, holder: Holder, close: Callable[[], None]) -> "Seat":
        """Return the seat of a new connection; `close` is called where it has to go for a newer one."""
        seat = Seat(self, holder, close)
        if not seat.move(holder):
            self.wait(seat)
        return seat

    def wait(self, seat: "Seat") -> None:
        """Let a connection without a place wait; the oldest of the same address goes where too many do."""
        waiting = self._waiting.setdefault(seat.address, {})
        waiting[seat] = None
        if len(waiting) > self.quota.most:
            oldest = next(iter(waiting))
            self.forget(oldest)
            oldest.close()

    def forget(self, seat: "Seat") -> None:
        """Let a connection wait no more."""
        waiting = self._waiting.get(seat.address, {})
        waiting.pop(seat, None)
        if not waiting:
            self._waiting.pop(seat.address, None)


class Seat:
    """What one connection counts for."""

    def __init__(self, seats: Seats, address: Holder, close: Callable[[], None]) -> None:
        self.address = address
        self.close = close
        self.holder: Holder | None = None
        self._seats = seats
        self._ended = False

    def move(self, holder: Holder) -> bool:
        """Have the connection count for this holder; False, and it counts for nobody, where that has the most."""
        if self.holder == holder or self._ended:
            return True
        taken = self._seats.quota.take(holder)
        self._leave()
        self.holder = holder if taken else None
        return taken

    def heard(self) -> None:
        """A request has come: whether it gets a place is decided now, not by what comes after it."""
        self._seats.forget(self)

    def wait(self) -> None:
        """Let the connection, which has no place, wait again."""
        if not self._ended:
            self._seats.wait(self)

    def end(self) -> None:
        """The connection is closed: it counts for nobody, also where a request of it is still looked at."""
        self._ended = True
        self._seats.forget(self)
        self._leave()
        self.holder = None

    def _leave(self) -> None:
        if self.holder is not None:
            self._seats.quota.give_back(self.holder)
