"""Alerts that are not sent: silences, and alerts that others inhibit, as a ledger's file has them. Pure."""

from datetime import datetime, tzinfo
from typing import Any, Literal, TypeAlias

from msgspec import Struct, field

from events.alert_rule import Trigger
from events.alert_times import instant, instant_in
from events.schema import Name, Text

Source: TypeAlias = Literal["passed", "submitted", "requested"]
"""Triggers that describe a state of the task, in which others can be inhibited."""


class Silence(Struct, frozen=True, forbid_unknown_fields=True):
    """A time in which matching alerts are not sent: all that is given has to match.

    It begins at `start` (in the file: `from`) and ends at `until`, exclusive: days of the ledger's zone, or instants.
    """

    until: Any
    reason: Text
    start: Any = field(name="from", default=None)
    on: tuple[Trigger, ...] = ()
    task: tuple[Name, ...] = ()
    recipient: tuple[Name, ...] = ()
    rule: tuple[Name, ...] = ()

    def __post_init__(self) -> None:
        until = instant("until", self.until)
        start = instant("from", self.start) if self.start is not None else None
        if start is not None and type(start) is type(until) and start >= until:
            raise ValueError(f"until: {self.until!s} is not after from, {self.start!s}")

    def holds(self, now: datetime, zone: tzinfo) -> bool:
        """Return whether it is in force at an instant."""
        if self.start is not None and now < instant_in("from", self.start, zone):
            return False
        return now < instant_in("until", self.until, zone)

    def matches(self, on: str, task: str, recipient: str, rule: str) -> bool:
        """Return whether it is about such an alert."""
        return (
            (not self.on or on in self.on)
            and (not self.task or task in self.task)
            and (not self.recipient or recipient in self.recipient)
            and (not self.rule or rule in self.rule)
        )


class Inhibition(Struct, frozen=True, forbid_unknown_fields=True):
    """While `source` holds for a task, alerts of the kinds in `target` about it are not sent."""

    source: Source
    target: tuple[Trigger, ...]

    def __post_init__(self) -> None:
        if self.source in self.target:
            raise ValueError(f"target: {self.source} would inhibit itself")
