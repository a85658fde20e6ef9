"""What a projection has folded and not yet saved. Pure."""

from bisect import bisect_right
from typing import Generic

from events.rules import Change, R, Rules

MOST_EVENTS = 16_000
"""Events after which a save is due: bounds the work that a crash repeats (a quarter of a second)."""

MOST_CHANGES = 2_000
"""Changes after which a save is due: bounds the time for which one save occupies the server (~12 MB, 0.1 s)."""


class Unsaved(Generic[R]):
    """Changes of rows: each if the rules announce each, else the latest of each row; and the positions of events."""

    def __init__(self, rules: Rules[R]) -> None:
        self._each = rules.announce is not None and not rules.latest
        self._history = rules.history
        self._changes: dict[object, Change[R]] = {}
        self._positions: list[int] = []
        self._keys: list[str] = []

    def __bool__(self) -> bool:
        return bool(self._changes)

    @property
    def full(self) -> bool:
        """Whether the changes should be saved before more events are folded."""
        return len(self._changes) >= MOST_CHANGES or len(self._positions) >= MOST_EVENTS

    @property
    def by_time(self) -> bool:
        """Whether time alone made one of the changes: the row may be newer than a saved one, or older."""
        return any(change.event is None for change in self._changes.values())

    def keep(self, change: Change[R]) -> None:
        """Keep a change until it is saved."""
        slot = (change.position, change.key, change.event is None) if self._each else change.key
        self._changes[slot] = change
        if self._history and change.event is not None:
            self._positions.append(change.position)
            self._keys.append(change.key)

    def changes(self, since: int) -> list[Change[R]]:
        """Return the changes at or after the saved position `since`."""
        return [change for change in self._changes.values() if change.position >= since]

    def histories(self, since: int) -> dict[str, list[int]]:
        """Return the positions after `since` of the events of each row, in order; empty if the rules keep none."""
        start = bisect_right(self._positions, since)
        found: dict[str, list[int]] = {}
        for position, key in zip(self._positions[start:], self._keys[start:], strict=True):
            found.setdefault(key, []).append(position)
        return found

    def forget_until(self, saved: int) -> None:
        """Forget the changes up to a position, which are saved."""
        self._changes = {slot: change for slot, change in self._changes.items() if change.position > saved}
        start = bisect_right(self._positions, saved)
        del self._positions[:start], self._keys[:start]

    def clear(self) -> None:
        """Forget all changes."""
        self._changes.clear()
        self._positions.clear()
        self._keys.clear()
