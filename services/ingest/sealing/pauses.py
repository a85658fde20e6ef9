"""Pauses between attempts: even ones after success, growing ones while others are away."""

from services.common.clock import monotonic

FIRST_PAUSE = 2.0

LONGEST_PAUSE = 300.0
"""In seconds; each pause is twice the last."""


class GrowingPause:
    """When to try again; `waited` are the seconds since the first of the attempts that have failed without success."""

    def __init__(self) -> None:
        self._next = 0.0
        self._pause = FIRST_PAUSE
        self._since: float | None = None

    @property
    def is_over(self) -> bool:
        """Whether the next attempt is due."""
        return monotonic() >= self._next

    @property
    def waited(self) -> float:
        """Seconds since the first failure, 0 without any."""
        return monotonic() - self._since if self._since is not None else 0.0

    def failed(self) -> None:
        """Take a failure."""
        now = monotonic()
        self._since = self._since if self._since is not None else now
        self._next = now + self._pause
        self._pause = min(2 * self._pause, LONGEST_PAUSE)

    def succeeded(self, seconds: float = 0.0) -> None:
        """Take a success; the next attempt is due after so many seconds."""
        self._next, self._pause, self._since = monotonic() + seconds, FIRST_PAUSE, None
