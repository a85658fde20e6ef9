"""Decoding the entries of a log, in order: each is an event, recorded no earlier than the one before it. Pure."""

from datetime import datetime

from events.entries import Stored
from events.envelope import Event, InvalidEvent, read
from services.cli.checks.finding import Finding


class Decoding:
    """Decodes entry after entry; `findings` has what is wrong with their form and their instants."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self._recorded: datetime | None = None

    def event(self, entry: Stored) -> Event | None:
        """Return the event of the next entry, None if it has none."""
        try:
            event = read(entry.raw)
        except InvalidEvent as error:
            self.findings.append(Finding("decodes", str(entry.position), error.detail))
            return None
        if self._recorded is not None and event.recorded is not None and event.recorded < self._recorded:
            wrong = f"recorded {event.recorded}, before {self._recorded}"
            self.findings.append(Finding("ordered", str(entry.position), wrong))
        self._recorded = event.recorded or self._recorded
        return event
