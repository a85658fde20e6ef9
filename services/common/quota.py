"""Quotas: how many connections and streams each client has at once."""

from collections import Counter
from collections.abc import Callable

Holder = tuple[str, ...]
"""The client that something counts for: (address) without a valid token, (ledger, source) with one, and each browser's
session for itself, (ledger, source, id): many people sign in as one source."""

_SESSION = 3
"""Parts of a holder that is a session."""


class Quota:
    """The number each holder has reserved, at most `most`; holders do not affect each other.

    But the sessions of one source have `most_of_sessions` together: a token starts as many sessions as it likes.
    """

    def __init__(self, most: int, most_of_sessions: int) -> None:
        self.most = most
        self.most_of_sessions = most_of_sessions
        self._held: Counter[Holder] = Counter()

    def reserve(self, holder: Holder) -> bool:
        """Reserve one more for a holder; False where it already has the most, or the sessions of its source have."""
        if self._held[holder] >= self.most or self.sessions_have_the_most(holder):
            return False
        self._held.update(_counted(holder))
        return True

    def sessions_have_the_most(self, holder: Holder) -> bool:
        """Return whether the sessions of a session's source have the most together; no other holder has any."""
        return any(self._held[one] >= self.most_of_sessions for one in _counted(holder)[1:])

    def release(self, holder: Holder) -> None:
        """Release one that was reserved."""
        for one in _counted(holder):
            self._held[one] -= 1
            if not self._held[one]:
                del self._held[one]


def _counted(holder: Holder) -> tuple[Holder, ...]:
    """Return all that a reservation counts for: a session's also for the sessions of its source."""
    return (holder, (*holder[:2], "sessions", "all")) if len(holder) == _SESSION else (holder,)


class ConnectionSlots:
    """The connections of a service.

    A connection counts for its address until a request with a source's token arrives on it. So a connection beyond its
    address's quota is not closed at once: it waits for its request, among as many others of that address; the oldest of
    them is closed for a new one. Sources are thus served, however many connections others open from their address.
    """

    def __init__(self, most: int, most_of_sessions: int) -> None:
        self.quota = Quota(most, most_of_sessions)
        self._waiting: dict[Holder, dict[ConnectionSlot, None]] = {}

    def enter(self, holder: Holder, close: Callable[[], None]) -> "ConnectionSlot":
        """Return the slot of a new connection; `close` is called where it is closed for a newer one."""
        slot = ConnectionSlot(self, holder, close)
        if not slot.move(holder):
            self.wait(slot)
        return slot

    def wait(self, slot: "ConnectionSlot") -> None:
        """Add a connection beyond its quota to those that wait; close the oldest of its address where too many wait."""
        waiting = self._waiting.setdefault(slot.address, {})
        waiting[slot] = None
        if len(waiting) > self.quota.most:
            oldest = next(iter(waiting))
            self.forget(oldest)
            oldest.close()

    def forget(self, slot: "ConnectionSlot") -> None:
        """Remove a connection from those that wait."""
        waiting = self._waiting.get(slot.address, {})
        waiting.pop(slot, None)
        if not waiting:
            self._waiting.pop(slot.address, None)


class ConnectionSlot:
    """The holder that one connection counts for, None where it is beyond the quota."""

    def __init__(self, slots: ConnectionSlots, address: Holder, close: Callable[[], None]) -> None:
        self.address = address
        self.close = close
        self.holder: Holder | None = None
        self._slots = slots
        self._ended = False

    def move(self, holder: Holder) -> bool:
        """Count the connection for this holder; False, and it counts for none, where the holder has the most."""
        if self.holder == holder or self._ended:
            return True
        taken = self._slots.quota.reserve(holder)
        self._leave()
        self.holder = holder if taken else None
        return taken

    def request_arrived(self) -> None:
        """Stop waiting: whether the request is answered is decided now, not by later connections."""
        self._slots.forget(self)

    def wait(self) -> None:
        """Wait again, after a request that was refused."""
        if not self._ended:
            self._slots.wait(self)

    def end(self) -> None:
        """Count the closed connection for none, also where a request of it is still being answered."""
        self._ended = True
        self._slots.forget(self)
        self._leave()
        self.holder = None

    def _leave(self) -> None:
        if self.holder is not None:
            self._slots.quota.release(self.holder)
