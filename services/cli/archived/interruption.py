"""Ctrl-C as a wish: work ends where it can be resumed."""

import signal
from types import TracebackType
from typing import Any, Self


class Interruption:
    """Notes the first Ctrl-C (SIGTERM comes as one) while the block runs; a second one interrupts at once."""

    def __init__(self) -> None:
        self._wanted = False
        self._before: Any = None

    def is_wanted(self) -> bool:
        """Return whether there was one."""
        return self._wanted

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _note(self, *_: object) -> None:
        if self._wanted:
            raise KeyboardInterrupt
        self._wanted = True
