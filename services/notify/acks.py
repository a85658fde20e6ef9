"""Acknowledgements: what is kept of one, how one is submitted, and who may acknowledge. Pure."""

import hashlib
from datetime import datetime
from typing import Literal, TypeAlias, get_args

from msgspec import Struct

from events.entries import Recorded
from events.envelope import Event
from events.ledger import NOTIFY, Ledger
from events.schema import AlertAcknowledged, Unit

Means: TypeAlias = Literal["session", "token", "link"]
"""By which somebody acknowledged: signed in, by a program's token, or by the link in a message."""

MEANS: tuple[Means, ...] = get_args(Means)


class Ack(Struct, frozen=True, gc=False):
    """An acknowledgement of an alert, recorded at the instant `at`; `source` is whose session or token it was."""

    id: str
    alert: str
    by: str
    word: str
    until: datetime
    at: datetime
    position: int
    means: Means
    source: str = ""


class Person(Struct, frozen=True):
    """Who acknowledges: by a link, or by a token or session of a source."""

    means: Means
    source: str = ""

    @property
    def event_source(self) -> str:
        """The `source` of the event."""
        return "/".join(filter(None, (NOTIFY, self.means, self.source)))


def ack_of(entry: Recorded, data: AlertAcknowledged) -> Ack:
    """Return what is kept of a recorded acknowledgement."""
    event = entry.event
    _, means, source = (*event.source.split("/"), "", "")[:3]
    known = next((one for one in MEANS if one == means), MEANS[-1])
    at = event.at
    return Ack(event.id, data.alert, data.by, data.word, data.until, at, entry.position, known, source)


def acknowledgement(person: Person, task: str, data: AlertAcknowledged, now: datetime) -> Event:
    """Return the event to submit; its id follows from all but the instant, so that a repeat can be recognised."""
    parts = (person.event_source, task, data.alert, data.by, data.word, str(data.until.timestamp()))
    id = hashlib.blake2b("\0".join(parts).encode(), digest_size=12).hexdigest()
    return Event(f"ack-{id}", person.event_source, task, now, data)


def refusal(ledger: Ledger, name: str, units: tuple[Unit, ...], recipient: str, *, at_a_desk: bool) -> str | None:
    """Return why a source may not acknowledge an alert of a task with these units, None if it may.

    The office may, and a reporter for the alert's recipient or a unit of the task. Of a dashboard a person may who is
    `at_a_desk`, signed in for a working day: a token of a dashboard, or a screen that is signed in for days, is nobody
    in particular. An auditor changes nothing.
    """
    source = ledger.sources[name]
    match source.role:
        case "assigner":
            return None
        case "reporter":
            concerned = (recipient, *ledger.directory.obligations(units))
            if any(source.speaks_for(unit) for unit in concerned):
                return None
            return f"{name!r} speaks neither for {recipient} nor for a unit of this task"
        case "dashboard" if at_a_desk:
            return None
        case "dashboard":
            return f"{name!r} is a dashboard: a person acknowledges with a session of a working day, or by the link"
        case _:
            return f"{name!r} is {source.role}; it may read, not acknowledge"
