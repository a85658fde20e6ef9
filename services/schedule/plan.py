"""A document's rows as the events that would assign its tasks, and how each of them was read."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Raw, Struct

from events.deadline import Deadline, Unspecified, next_due
from events.envelope import Event, InvalidEvent, encode, parse
from events.ledger import Ledger
from events.schema import AssignedUnit, TaskAssigned, Unit
from events.working_days import LIBRARY, WorkingDays
from services.schedule.doubt import Doubt
from services.schedule.explain import explain
from services.schedule.grid import Cell
from services.schedule.phrase import Phrase, find_phrase, read_phrase
from services.schedule.steps import read_steps
from services.schedule.table import COLUMNS, Row, RowRefusal, Table
from services.schedule.text import UnreadableError
from services.schedule.units import Reading, explain_units, is_unknown, read_unit_cells, remarks

_TITLE, _UNITS, _DEADLINE = COLUMNS[1:]
_EMPTIED = re.compile(r"[（(\[【][\s，,、；;]*[）)\]】]|[，,、；;：:\s]+$")
"""What is left among units where a deadline was taken out: 市残联（）, 市残联，"""


PlanName: TypeAlias = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^/\x00-\x1f\x7f]+$(?!\n)")]
"""A plan's name begins those of its tasks, which are one part of a URL's path, and of one line."""


class Order(Struct, frozen=True):
    """What a document does not say of itself: its plan, the day it was issued, and the source that hands it out."""

    plan: PlanName
    issued: date
    source: str


Mark: TypeAlias = Doubt | Literal["lead-inferred", "unit-unknown"]
"""Why a person should look at a row: a doubt about its deadline, nothing says who of several units leads, or the
directory lacks a unit."""


class ReadRow(Struct, frozen=True):
    """One row as it was read: the event that would assign it, and how that came about.

    `place` is that of the title. `rule` read the deadline, in the cell at `deadline_place`: where a table has none for
    the task, that may be its own text or its units'. `reading` says units and deadline in Chinese. `carried` are the
    words that the deadline rests on, `passed_over` those in its cell and in that of the units that were read as saying
    something else. `marks` are the reasons why a person should look at the row.
    """

    row: int
    place: str
    task: str
    event: Raw
    rule: str
    deadline_place: str
    reading: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    carried: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()
    marks: tuple[Mark, ...] = ()


class Schedule(Struct, frozen=True):
    """The rows that could be read, in their order; what could not be read; and notes on the table as a whole."""

    lines: tuple[ReadRow, ...]
    refusals: tuple[RowRefusal, ...]
    notes: tuple[str, ...] = ()


def plan_tasks(table: Table, order: Order, ledger: Ledger, days: WorkingDays = LIBRARY) -> Schedule:
    """Read a table's rows as assignments of tasks called `<plan>-<NN>`.

    Nothing but the arguments goes into an event, so reading the table again gives the same bytes; `time` is the first
    instant of the day of issue in the ledger's zone. A row that cannot be read is a refusal for each of its cells that
    is wrong.
    """
    lines: list[ReadRow] = []
    refusals = list(table.refusals)
    for row in table.rows:
        for read in _read(row, order, ledger, days):
            if isinstance(read, RowRefusal):
                refusals.append(read)
            else:
                lines.append(read)
    return Schedule(tuple(lines), tuple(sorted(refusals, key=lambda refusal: refusal.row)), table.notes)


def task_name(order: Order, number: int) -> str:
    """Return what the task of a row is called."""
    return f"{order.plan}-{number:02}"


def _read(row: Row, order: Order, ledger: Ledger, days: WorkingDays) -> Iterator[ReadRow | RowRefusal]:
    """Return the row's line, or a refusal for each of its cells that is wrong."""
    found = units = None
    cell = row.deadline or row.title
    try:
        found, cell = _deadline(row, order, ledger, days)
    except UnreadableError as error:
        yield RowRefusal(row.number, _DEADLINE, cell.place, str(error))
    try:
        units = _read_units(row, found, cell, ledger)
    except UnreadableError as error:
        yield RowRefusal(row.number, _UNITS, row.units[0][1].place if row.units else row.title.place, str(error))
    if found is None or units is None:
        return
    assignment = _assignment(row, found, units, order, ledger)
    try:
        raw = encode(assignment, **_extensions(row, units))
        parse(raw)  # as the ledger will: limits of length and size show here, with their row
    except (InvalidEvent, UnicodeEncodeError) as error:
        yield RowRefusal(row.number, _TITLE, row.title.place, str(error))
        return
    yield ReadRow(
        row.number,
        row.title.place,
        assignment.subject,
        Raw(raw),
        found.rule,
        cell.place,
        (explain_units(units, ledger), explain(found, ledger.zone, days)),
        (*remarks(units, ledger, order.issued), *_over(found.deadline, assignment.time)),
        found.carried,
        (*found.passed_over, *units.passed_over),
        tuple(_marks(found, units, ledger)),
    )


def _marks(found: Phrase, units: Reading, ledger: Ledger) -> Iterator[Mark]:
    """Find the reasons why a person should look at a row."""
    yield from found.doubts
    if units.lead_inferred and len(units.units) > 1:
        yield "lead-inferred"
    if any(is_unknown(unit, ledger) for unit in units.units):
        yield "unit-unknown"


def _assignment(row: Row, found: Phrase, units: Reading, order: Order, ledger: Ledger) -> Event:
    """Return the event that assigns a row's task, at the first instant of the day of issue."""
    task = task_name(order, row.number)
    deliverable = row.deliverable.text or None if row.deliverable is not None else None
    data = TaskAssigned(
        row.title.text,
        order.plan,
        units.lead,
        units.lead_inferred,
        _with_people(units, ledger),
        found.deadline,
        row.number,
        deliverable,
    )
    time = datetime(*order.issued.timetuple()[:3], tzinfo=ledger.zone)
    return Event(f"assigned-{task}", order.source, task, time, data)


def _over(deadline: Deadline, issued: datetime) -> Iterator[str]:
    """Say that a deadline was over on the day of issue, as where a year is misprinted."""
    if next_due(deadline) and not next_due(deadline, issued):
        yield f"“{deadline.text}” was over on {issued.date()}, the day of issue."


def _deadline(row: Row, order: Order, ledger: Ledger, days: WorkingDays) -> tuple[Phrase, Cell]:
    """Return the row's deadline and the cell that says it: its own, or else the first other one that states a limit."""
    own = row.deadline or Cell("", row.title.place)
    if steps := read_steps(row.steps, own.text, order.issued, ledger, days):
        return steps, own
    read = read_phrase(own.text, order.issued, ledger.zone, ledger.festivals, row.year, days)
    if isinstance(read.deadline, Unspecified):
        for cell in (*(cell for _, cell in row.units), row.title):
            found = find_phrase(cell.text, order.issued, ledger.zone, ledger.festivals, days)
            if found is not None:
                return found, cell
    return read, own


def _read_units(row: Row, found: Phrase | None, source: Cell, ledger: Ledger) -> Reading:
    """Read the row's units, without the words among them that were read as its deadline."""
    cells = []
    for role, cell in row.units:
        said = found.deadline.text if found is not None and cell is source else ""
        cells.append((role, _EMPTIED.sub("", cell.text.replace(said, "", 1)) if said else cell.text))
    return read_unit_cells(cells, ledger, first_leads=row.first_leads)


def _with_people(units: Reading, ledger: Ledger) -> tuple[Unit, ...]:
    """Return the units, with their persons in charge where the text names any."""
    if not units.people:
        return units.units
    people: dict[str, str] = {}
    for unit, person in units.people:
        people.setdefault(ledger.directory.canonical(unit), person)
    return tuple(
        AssignedUnit(unit.name, unit.role, group=unit.group, open=unit.open, person=person)
        if (person := people.get(ledger.directory.canonical(unit.name), ""))
        else unit
        for unit in units.units
    )


def _extensions(row: Row, units: Reading) -> dict[str, str]:
    """Return what a table says beyond an assignment's data, as extension attributes of one line."""
    said = {"section": row.section, "leader": row.leader.text if row.leader is not None else units.leader}
    return {name: line for name, text in said.items() if (line := " ".join((text or "").split()))}
