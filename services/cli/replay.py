"""Replaying a log: events are read from the log itself, not from the services; refused submissions beside them."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Literal, NamedTuple

import msgspec

from events.directory import Directory
from events.entries import Recorded, Stored, within
from events.envelope import Event, InvalidEvent, parse, read
from events.log import Log
from events.schema import TaskAssigned, TaskReassigned
from services.common.outcome import Outcome
from services.ingest.refusals import Kept, read_refused

Outcomes = Literal["accepted", "refused", "all"]

_outcomes = msgspec.json.Decoder(Outcome)


class Selection(NamedTuple):
    """What a replay shows: of a task, a unit (by its own name), a source, a type (`progress.reported` is enough)."""

    task: str | None = None
    after: int = 0
    until: int | datetime | None = None
    since: datetime | None = None
    unit: str | None = None
    source: str | None = None
    type: str | None = None

    def has(self, event: Event, authid: str, directory: Directory | None) -> bool:
        """Return whether an event is one of those; `directory` tells units apart."""
        return (
            self.task in {None, event.subject}
            and (self.source is None or self.source in {authid, event.source})
            and (self.type is None or f"{event.type}.".startswith(f"duban.{self.type.removeprefix('duban.')}."))
            and (self.unit is None or directory is None or self.unit in units_of(event, directory))
        )


class RefusedEntry(NamedTuple):
    """A refused submission; `event` is None where its bytes are no event, or are not kept any more."""

    number: int
    at: datetime
    by: str
    outcome: Outcome
    event: Event | None
    raw: bytes | None

    def as_json(self) -> dict[str, object]:
        """Return it as a replay prints it among the stored bytes of events."""
        raw = self.raw.decode(errors="replace") if self.raw is not None else None
        return {"refused": self.number, "at": self.at, "by": self.by, "outcome": self.outcome, "raw": raw}


def units_of(event: Event, directory: Directory) -> set[str]:
    """Return the units that an event names, by their own names; an assignment names all that get a duty."""
    data = directory.resolve(event.data)
    named = set(data.units_named())
    if isinstance(data, TaskAssigned | TaskReassigned):
        named |= {data.lead, *directory.obligations(data.units)}
    return named


async def replay(
    log: Log, wanted: Selection, directory: Directory | None = None
) -> AsyncIterator[tuple[Stored, Recorded]]:
    """Yield the stored bytes and the decoded form of the selected events, in order."""
    after = wanted.after
    while batch := await log.read(after):
        for entry in batch:
            event = read(entry.raw)
            recorded = Recorded(entry.position, event)
            if not within(recorded, wanted.until):
                return
            late = wanted.since is None or event.at >= wanted.since
            if late and wanted.has(event, event.authid or "", directory):
                yield entry, recorded
        after = batch[-1].position


async def refusals(
    redis: Any, ledger: str, wanted: Selection, directory: Directory | None = None
) -> AsyncIterator[RefusedEntry]:
    """Yield the selected refusals, in order. What is selected by what an event says needs bytes that are kept.

    Refusals have instants and no positions: one is selected by `after` and by a position in `until` never.
    """
    after, number = "0-0", 0
    by_event = (wanted.task, wanted.unit, wanted.type) != (None, None, None)
    while batch := await read_refused(redis, ledger, after):
        for kept in batch:
            number += 1
            one = _refused(kept, number)
            if isinstance(wanted.until, datetime) and one.at > wanted.until:
                return
            if wanted.since is not None and one.at < wanted.since:
                continue
            if one.event is not None:
                if wanted.has(one.event, one.by, directory):
                    yield one
            elif not by_event and wanted.source in {None, one.by}:
                yield one
        after = batch[-1].id


def _refused(kept: Kept, number: int) -> RefusedEntry:
    event = None
    if kept.raw is not None:
        try:
            event = parse(kept.raw)
        except InvalidEvent:
            event = None
    at = datetime.fromisoformat(kept.fields["at"].decode())
    return RefusedEntry(number, at, kept.fields["by"].decode(), _outcomes.decode(kept.fields["e"]), event, kept.raw)


Replayed = tuple[Stored, Recorded] | RefusedEntry


async def replayed(
    redis: Any, log: Log, wanted: Selection, directory: Directory, outcome: Outcomes
) -> AsyncIterator[Replayed]:
    """Yield what is selected in the order of record; what was refused at an instant comes after its events."""
    waiting: RefusedEntry | None = None
    refused = refusals(redis, log.ledger, wanted, directory)
    if outcome != "accepted":
        waiting = await anext(refused, None)
    if outcome != "refused":
        async for pair in replay(log, wanted, directory):
            while waiting is not None and waiting.at < pair[1].event.at:
                yield waiting
                waiting = await anext(refused, None)
            yield pair
    while waiting is not None:
        yield waiting
        waiting = await anext(refused, None)


async def in_order(found: list[Replayed]) -> AsyncIterator[Replayed]:
    """Yield what was replayed in the order of the times that sources gave; of what has none, that of record."""
    for one in sorted(found, key=_time):
        yield one


def _time(one: Replayed) -> datetime:
    if isinstance(one, RefusedEntry):
        return one.event.time if one.event is not None else one.at
    return one[1].event.time
