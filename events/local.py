"""Instants in the ledger's zone: rows, feeds and alerts show this offset, whichever one a source wrote. Pure."""

from datetime import datetime, tzinfo

from msgspec.structs import replace

from events.deadline import Ambiguous, Deadline, Fixed, Milestones, Recurring, fixed_offset
from events.schema import (
    AlertAcknowledged,
    DeadlineClarified,
    DeadlineNeared,
    DeadlinePassed,
    EventData,
    ExtensionGranted,
    ExtensionRequested,
    TaskAssigned,
)

_WITH_INSTANTS = frozenset(
    {
        TaskAssigned,
        DeadlineClarified,
        ExtensionRequested,
        DeadlineNeared,
        DeadlinePassed,
        ExtensionGranted,
        AlertAcknowledged,
    }
)
"""The types whose data `local_data` looks into: most events are of others."""


def local(instant: datetime, zone: tzinfo) -> datetime:
    """Return an instant with the offset of the zone at that instant."""
    return fixed_offset(instant.astimezone(zone))


def local_data(data: EventData, zone: tzinfo) -> EventData:
    """Return an event's data with instants in a zone; the same object if it has none."""
    if type(data) not in _WITH_INSTANTS:
        return data
    match data:
        case TaskAssigned(deadline=deadline) | DeadlineClarified(deadline=deadline):
            return replace(data, deadline=local_deadline(deadline, zone))
        case ExtensionRequested(proposed_due=due):
            return replace(data, proposed_due=local(due, zone))
        case DeadlineNeared(due=due) | DeadlinePassed(due=due):
            return replace(data, due=local(due, zone))
        case AlertAcknowledged(until=until):
            return replace(data, until=local(until, zone))
        case ExtensionGranted(due=granted) if granted is not None:
            return replace(data, due=local(granted, zone))
        case _:
            return data


def local_deadline(deadline: Deadline, zone: tzinfo) -> Deadline:
    """Return a deadline with instants in a zone; the same object if it has none."""
    match deadline:
        case Fixed(due=due):
            return replace(deadline, due=local(due, zone))
        case Ambiguous(strict=strict, loose=loose):
            return replace(deadline, strict=local(strict, zone), loose=local(loose, zone))
        case Recurring(first=first):
            return replace(deadline, first=local(first, zone))
        case Milestones(milestones=steps):
            return replace(deadline, milestones=tuple(replace(step, due=local(step.due, zone)) for step in steps))
        case _:
            return deadline
