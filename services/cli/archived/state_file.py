"""The file in which a verification keeps its state."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from services.cli import files
from services.cli.archived.state import StateError, VerifiedState, decode_state, encode_state, is_state
from services.common.settings import SettingsError

WHAT = "a state of `duban audit verify`"

LEAST_SECONDS = 0.1
"""Between two saves: writing a state of 4 MB (100,000 events) takes some 50 ms."""

SHARE = 0.05
"""Of the time that saving may take: a state grows with the log, so later saves are further apart."""


class VerifyClock(NamedTuple):
    """The wall clock, which says when a state was saved, and seconds that only grow."""

    now: Callable[[], datetime]
    monotonic: Callable[[], float]


class StateFile:
    """A file that has a state of this command, or nothing yet; any other is refused and never written."""

    def __init__(self, path: Path, clock: VerifyClock) -> None:
        self.path = path
        self._clock = clock
        self._next = clock.monotonic() + LEAST_SECONDS

    def load(self) -> VerifiedState | None:
        """Return the state, None if there is none yet; raises SettingsError for a file that is none."""
        files.check(self.path, WHAT, lambda _: True)
        if not self.path.exists() or not (data := self.path.read_bytes()):
            return None
        try:
            return decode_state(data)
        except StateError as error:
            raise SettingsError(
                f"{self.path} {error}; nothing was verified or written: move it away, or name another file"
            ) from error

    def is_due(self) -> bool:
        """Return whether it is time for the next save."""
        return self._clock.monotonic() >= self._next

    def save(self, make: Callable[[datetime], VerifiedState | None]) -> bool:
        """Write the state that is made as of now, in one step; return whether there was one. Raises SettingsError."""
        begun = self._clock.monotonic()
        state = make(self._clock.now())
        if state is not None:
            files.replace(self.path, encode_state(state), WHAT, is_state)
        ended = self._clock.monotonic()
        self._next = ended + max(LEAST_SECONDS, (ended - begun) / SHARE)
        return state is not None
