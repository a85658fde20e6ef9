"""What a projection has folded and not yet saved. Pure."""

from bisect import bisect_right
from typing import Generic

from events.rules import Change, R, Rules

MOST_EVENTS = 20_000
"""Events after which a save is due: bounds the work that a crash repeats (a quarter of a second)."""

MOST_CHANGES = 2_000
"""Changes after which a save is due: bounds the time for which one save occupies the server (~12 MB, 0.1 s)."""

MOST_ANNOUNCED = 250
"""The same if each change is announced: one may give rise to thirty alerts (an assignment to thirty units), so that
2,000 would occupy the server for half a second, and a busy one for longer than a save may take."""


class Unsaved(Generic[R]):
    """Changes of rows: each if the rules announce each, else the latest of each row; and the positions of events."""

    def __init__(self, rules: Rules[R]) -> None:
        self.each = rules.announce is not None and not rules.latest
        self.most = MOST_ANNOUNCED if self.each else MOST_CHANGES
        self._history = rules.history
        self._changes: dict[object, Change[R]] = {}
        self._begun: dict[object, Change[R]] = {}
        self._positions: list[int] = []
        self._keys: list[str] = []
        self._begun_positions = 0

    def __bool__(self) -> bool:
        return bool(self._changes or self._begun)

    @property
    def full(self) -> bool:
        """Whether what came after the last save began should be saved before more events are folded."""
        return len(self._changes) >= self.most or len(self._positions) - self._begun_positions >= MOST_EVENTS

    @property
    def by_time(self) -> bool:
        """Whether time alone made one of the changes: the row may be newer than a saved one, or older."""
        return any(change.event is None for change in self._all().values())

    def begin_save(self) -> None:
        """Note that a save of all this begins; it stays here until `forget_until`, as a save may fail."""
        self._begun = self._all()
        self._changes = {}
        self._begun_positions = len(self._positions)

    def keep(self, change: Change[R]) -> None:
        """Keep a change until it is saved."""
        slot = (change.position, change.key, change.event is None) if self.each else change.key
        self._changes[slot] = change
        if self._history and change.event is not None:
            self._positions.append(change.position)
            self._keys.append(change.key)

    def changes(self, since: int) -> list[Change[R]]:
        """Return the changes at or after the saved position `since`."""
        return [change for change in self._all().values() if change.position >= since]

    def histories(self, since: int) -> dict[str, list[int]]:
        """Return the positions after `since` of the events of each row, in order; empty if the rules keep none."""
        start = bisect_right(self._positions, since)
        found: dict[str, list[int]] = {}
        for position, key in zip(self._positions[start:], self._keys[start:], strict=True):
            found.setdefault(key, []).append(position)
        return found

    def forget_until(self, saved: int) -> None:
        """Forget the changes up to a position, which are saved."""
        self._begun, self._changes = (
            {slot: change for slot, change in changes.items() if change.position > saved}
            for changes in (self._begun, self._changes)
        )
        start = bisect_right(self._positions, saved)
        del self._positions[:start], self._keys[:start]
        self._begun_positions = max(0, self._begun_positions - start)

    def clear(self) -> None:
        """Forget all changes."""
        self._begun.clear()
        self._changes.clear()
        self._begun_positions = 0
        self._positions.clear()
        self._keys.clear()

    def _all(self) -> dict[object, Change[R]]:
        return {**self._begun, **self._changes}
