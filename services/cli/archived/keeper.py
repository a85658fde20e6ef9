"""Keeping the state of a verification while it goes on, and stopping it."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from services.cli.archived.alert_process import AlertSteps
from services.cli.archived.contents import Contents
from services.cli.archived.state import NOTHING, VerifiedState
from services.cli.archived.state_file import StateFile


class VerificationStoppedError(Exception):
    """A verification was interrupted; `position` is the last one of the state that was saved then, if it was."""

    def __init__(self, position: int | None) -> None:
        super().__init__(position)
        self.position = position


class Keeping(NamedTuple):
    """The file that has the state, and whether somebody wants the verification to stop."""

    file: StateFile
    is_stopped: Callable[[], bool] = lambda: False


class StateKeeper:
    """Saves what was verified up to a position, as long as nothing is found; `saved` is the last such position."""

    def __init__(self, keeping: Keeping | None, draft: VerifiedState | None) -> None:
        """Keep the state in a file; `draft` is one of the same heads, None if none is to be saved."""
        self._keeping, self._draft = keeping, draft
        self.saved: int | None = None

    def watched(self, report: Callable[[int], None]) -> Callable[[int], None]:
        """Return a report of work that cannot be resumed; it raises VerificationStoppedError."""

        def watch(position: int) -> None:
            if self._keeping is not None and self._keeping.is_stopped():
                raise VerificationStoppedError(None)
            report(position)

        return watch

    def step(self, position: int, contents: Contents, alerts: AlertSteps | None) -> None:
        """Save what was verified up to a position, if it is time; raises VerificationStoppedError."""
        if self._keeping is None:
            return
        stop = self._keeping.is_stopped()
        saved = (stop or self._keeping.file.is_due()) and self.save(position, contents, alerts)
        if stop:
            raise VerificationStoppedError(position if saved else None)

    def save(self, position: int, contents: Contents, alerts: AlertSteps | None) -> bool:
        """Save what was verified up to a position; return whether it was: not if something was found."""
        draft = self._draft
        if self._keeping is None or draft is None or contents.findings:
            return False

        def make(now: datetime) -> VerifiedState | None:
            compared = alerts.state() if alerts is not None else bytes(NOTHING)
            if compared is None:
                return None
            known = Raw(msgspec.json.encode(contents.state()))
            return replace(draft, saved=now, position=position, contents=known, alerts=Raw(compared))

        if not self._keeping.file.save(make):
            return False
        self.saved = position
        return True
