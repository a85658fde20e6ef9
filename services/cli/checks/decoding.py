"""Decoding the entries of a log, in order: each is an event, recorded no earlier than the one before it. Pure."""

from datetime import datetime

from events.entries import Stored
from events.envelope import Event, InvalidEvent, read
from services.cli.checks.finding import Finding


class Decoding:
    """Decodes entry after entry; `findings` has what is wrong with their form and their instants.

    `recorded` is the last instant so far: at first that of the entry before the first one to decode.
    """

    def __init__(self, recorded: datetime | None = None) -> None:
        self.findings: list[Finding] = []
        self.recorded = recorded

    def event(self, entry: Stored) -> Event | None:
        """Return the event of the next entry, None if it has none."""
        try:
            event = read(entry.raw)
        except InvalidEvent as error:
            self.findings.append(Finding("decodes", str(entry.position), error.detail))
            return None
        if self.recorded is not None and event.recorded is not None and event.recorded < self.recorded:
            wrong = f"recorded {event.recorded}, before {self.recorded}"
            self.findings.append(Finding("ordered", str(entry.position), wrong))
        self.recorded = event.recorded or self.recorded
        return event
