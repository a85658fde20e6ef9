"""Deadlines whose reading changes with the calendar of working days, and the events that would correct them. Pure."""

from datetime import datetime
from typing import NamedTuple

import msgspec

from events.entries import digest
from events.envelope import Event, encode, read
from events.ledger import Ledger
from events.schema import DeadlineClarified
from events.working_days import WorkingDays
from services.schedule.difference import Present, meaning
from services.schedule.phrase import Phrase, read_phrase
from services.schedule.text import UnreadableError


class Calendars(NamedTuple):
    """The working days as they were known, and as they are now."""

    before: WorkingDays
    after: WorkingDays


class Recalculated(NamedTuple):
    """A task's deadline as its words were read and as they are read now, and the event that would correct it."""

    task: str
    before: Phrase
    after: Phrase
    proposal: bytes
    source: str


def recalculated(
    task: str, present: Present, calendars: Calendars, ledger: Ledger, now: datetime, reason: str
) -> Recalculated | None:
    """Return how the deadline of an open task changes; None where it does not.

    A deadline that its words do not give by the earlier calendar was set otherwise, and stays.
    """
    if present.closed:
        return None
    assignment = read(present.assignment)
    issued, text = ledger.day(assignment.time), present.deadline.text
    try:
        before, after = (read_phrase(text, issued, ledger.zone, ledger.festivals, days=days) for days in calendars)
    except UnreadableError:
        return None
    old, new = before.deadline, after.deadline
    if meaning(old) != meaning(present.deadline) or meaning(new) == meaning(old):
        return None
    data = DeadlineClarified(new, reason)
    id = f"recalculated-{task}-{digest(msgspec.json.encode((old, new)))}"
    source = assignment.source
    proposal = encode(Event(id, source, task, now, data))
    return Recalculated(task, before, after, proposal, source.partition("/")[0])
