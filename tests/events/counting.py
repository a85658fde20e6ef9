"""The smallest rules that show everything a projection does, and the same fold written without it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from events.entries import Entry, Recorded, digest
from events.envelope import Event, encode
from events.log import Log
from events.projection import Projection
from events.rules import Announcement, Change, Rules
from events.schema import TaskAssigned
from tests.examples import assigned, reported, store

FADES = 3
"""Ticks of the clock after which a row's light goes out by itself."""


class Count(Struct, frozen=True):
    """How many events a task has had since it was assigned, the last one's position, and a light that time puts out."""

    events: int
    position: int
    ids: tuple[str, ...]
    light: str = "on"


def evolve(row: Count | None, entry: Recorded) -> Count | None:
    """Count an event; one of a task that was not assigned changes nothing."""
    if row is None and not isinstance(entry.event.data, TaskAssigned):
        return None
    ids = row.ids if row is not None else ()
    return Count(len(ids) + 1, entry.position, (*ids, entry.event.id))


def fade(row: Count, now: int) -> Count:
    """Put out the light of a row whose last event is long past; the clock ticks as positions do."""
    return msgspec.structs.replace(row, light="off" if now - row.position >= FADES else "on")


class Announced(Struct, frozen=True):
    """What the feed says of a change."""

    task: str
    row: Count
    by_event: bool


def announce_all(changes: Sequence[Change[Count]], considered: datetime | None = None) -> list[Announcement]:
    """Announce every change."""
    return [
        Announcement(
            f"{change.position}-{'*' if change.event is None else 0}",
            msgspec.json.encode(Announced(change.key, change.row, change.event is not None)),
        )
        for change in changes
    ]


def announce_ordered(changes: Sequence[Change[Count]], considered: datetime | None = None) -> list[Announcement]:
    """Announce changes in the order of their positions."""
    return announce_all(sorted(changes, key=lambda change: change.position))


def rules(version: str = "1", *, coalesced: bool = False) -> Rules[Count]:
    """Return the rules under a version; `coalesced` rules announce the last change of each row that a save brings."""
    announce = announce_ordered if coalesced else announce_all
    return Rules("counting", version, Count, evolve, announce, history=True, latest=coalesced)


def expected(events: Sequence[Event]) -> list[dict[str, Count]]:
    """Return the rows after each event, by plain counting: the first item is before any event."""
    rows: dict[str, Count] = {}
    states = [dict(rows)]
    for position, event in enumerate(events, 1):
        before = rows.get(event.subject)
        if before is not None:
            rows[event.subject] = Count(before.events + 1, position, (*before.ids, event.id))
        elif isinstance(event.data, TaskAssigned):
            rows[event.subject] = Count(1, position, (event.id,))
        states.append(dict(rows))
    return states


def happening(task: str, number: int) -> Event:
    """Return an event of a task: its first is the assignment, unless the task is never assigned."""
    if number == 0 and task != "unassigned":
        return assigned(task)
    return reported(task, number)


def entries(events: Sequence[Event]) -> list[Entry]:
    """Return events as the log takes them."""
    return [Entry(event.source, event.id, digest(encode(event)), store(event)) for event in events]


async def announced(redis: Any, projection: Projection[Count]) -> list[tuple[int, Announced]]:
    """Return the feed: positions and what was announced."""
    feed = await redis.xrange(projection.feed)
    return [(int(id.partition(b"-")[0]), msgspec.json.decode(fields[b"e"], type=Announced)) for id, fields in feed]


async def loaded(redis: Any, log: Log, rules: Rules[Count]) -> Projection[Count]:
    """Return a projection as a new process starts it."""
    projection = Projection(redis, log, rules)
    await projection.load()
    return projection
