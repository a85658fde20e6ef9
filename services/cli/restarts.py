"""When a process that ended is started again."""

from services.cli.target import SupervisionError

PAUSES = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Least seconds between two starts in a row: half a minute in all, longer than another program holds a port briefly."""


class Restarts:
    """The restarts of each process, by name: at once, then after longer and longer pauses, then no more.

    Only starts after which the process never answered are counted, however long each took on a slow machine. `hint`
    ends the error: where to look for the reason.
    """

    def __init__(self, hint: str = "") -> None:
        self._hint = hint
        self._last: dict[str, tuple[int, float]] = {}

    def due(self, name: str, now: float) -> bool:
        """Return whether a process that is down is to be started now, and count that start.

        `now` is in seconds of a monotonic clock. Raises SupervisionError after the last start.
        """
        starts, at = self._last.get(name, (0, now))
        if starts == len(PAUSES):
            raise SupervisionError(f"{name} ended or could not be started {starts} times in a row{self._hint}")
        if now - at < PAUSES[starts]:
            return False
        self._last[name] = starts + 1, now
        return True

    def counts(self, name: str) -> bool:
        """Return whether a process has not answered since it was started again."""
        return name in self._last

    def answered(self, name: str) -> None:
        """Begin anew with a process that answered."""
        self._last.pop(name, None)
