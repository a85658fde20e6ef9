"""The differences between a document and the ledger, and the events that would settle them. Pure."""

from collections.abc import Iterator
from datetime import datetime
from typing import Literal, TypeAlias

import msgspec
from msgspec import Raw, Struct

from events.deadline import Deadline
from events.entries import digest
from events.envelope import Event, additions, encode, parse, read, submitted
from events.ledger import Ledger
from events.schema import DeadlineClarified, EventData, TaskAssigned, TaskReassigned, Unit, person_of
from services.schedule.difference_words import Language, shown, words
from services.schedule.plan import ReadRow

State: TypeAlias = Literal["new", "same", "changed"]


class Present(Struct, frozen=True):
    """A task as the ledger has it: its assignment as it is stored, and its lead, units and deadline by now."""

    assignment: bytes
    lead: str
    units: tuple[Unit, ...]
    deadline: Deadline
    closed: bool


class RowDifference(Struct, frozen=True):
    """How a row stands to the ledger; `says` has each difference in words, `proposals` are events to settle them."""

    state: State
    says: tuple[str, ...] = ()
    proposals: tuple[Raw, ...] = ()


def compare(
    line: ReadRow, present: Present | None, reason: str, now: datetime, ledger: Ledger, language: Language = "en"
) -> RowDifference:
    """Compare a row with the task of its name, and say the differences in that language.

    A row that assigns the very bytes that were assigned is the same, whatever has become of the task since. The ids of
    proposals depend on what the ledger has and on what the row says, so proposing again proposes the same.
    """
    if present is None:
        return RowDifference("new")
    if submitted(present.assignment) == bytes(line.event):
        return RowDifference("same")
    row = _as_stored(bytes(line.event))
    wanted = _assignment(row)
    says = list(_words(read(present.assignment), row, ledger, language))
    settling: list[EventData] = []
    if _duties(present.lead, present.units, ledger) != _duties(wanted.lead, wanted.units, ledger):
        says.append(words("units", language, old=_named(present.units), new=_named(wanted.units)))
        settling.append(TaskReassigned(wanted.lead, wanted.units, reason))
    if meaning(present.deadline) != meaning(wanted.deadline):
        says.append(words("deadline", language, old=present.deadline.text, new=wanted.deadline.text))
        settling.append(DeadlineClarified(wanted.deadline, reason))
    if not says:
        return RowDifference("same")
    if present.closed and settling:
        says.append(words("closed", language))
        settling.clear()
    return RowDifference("changed", tuple(says), tuple(_propose(line, settling, present, now)))


def _words(had: Event, wanted: Event, ledger: Ledger, language: Language) -> Iterator[str]:
    """Find the words of the assignment that differ, as far as the row has any; no event changes them."""
    before, now = _assignment(had), _assignment(wanted)
    if before.title != now.title:
        yield words("title", language, old=before.title)
    for name, old, new in (
        ("section", had.section, wanted.section),
        ("leader", had.leader, wanted.leader),
        ("deliverable", before.deliverable, now.deliverable),
    ):
        if new and old != new:
            yield words(name, language, old=shown(old, language), new=new)
    persons = _persons(before.units, ledger)
    for unit, person in _persons(now.units, ledger).items():
        if person and unit in persons and person != persons[unit]:
            yield words("person", language, unit=unit, old=shown(persons[unit], language), new=person)


def _as_stored(event: bytes) -> Event:
    """Return an event as it is read from the log, its section and leader with it."""
    return read(event.removesuffix(b"}") + additions("1970-01-01T00:00:00Z", ""))


def _persons(units: tuple[Unit, ...], ledger: Ledger) -> dict[str, str | None]:
    return {ledger.directory.canonical(unit.name): person_of(unit) for unit in units}


def _assignment(event: Event) -> TaskAssigned:
    assert isinstance(event.data, TaskAssigned)
    return event.data


def _duties(lead: str, units: tuple[Unit, ...], ledger: Ledger) -> tuple[str, dict[str, str], frozenset[str]]:
    """Return what counts of units, by their names in the directory: who leads, who has which duty, which are open."""
    return (
        ledger.directory.canonical(lead),
        dict(ledger.directory.obligations(units)),
        frozenset(unit.name for unit in units if unit.open),
    )


def meaning(deadline: Deadline) -> object:
    """Return a deadline without its words."""
    members = msgspec.to_builtins(deadline)
    for step in (members, *members.get("milestones", ())):
        step.pop("text")
    return members


def _named(units: tuple[Unit, ...]) -> str:
    return "、".join(f"{unit.name}（牵头）" if unit.role == "lead" else unit.name for unit in units)


def _propose(line: ReadRow, settling: list[EventData], present: Present, now: datetime) -> Iterator[Raw]:
    before = msgspec.json.encode((present.lead, present.units, present.deadline))
    source = parse(bytes(line.event)).source
    for data in settling:
        word = "reassigned" if isinstance(data, TaskReassigned) else "clarified"
        id = f"{word}-{line.task}-{digest(before + msgspec.json.encode(data))}"
        yield Raw(encode(Event(id, source, line.task, now, data)))
