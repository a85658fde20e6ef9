"""Reading a document's rows as assignments of a plan's tasks."""

import re
from collections.abc import Iterator
from datetime import datetime

from msgspec import Raw

from events.deadline import Deadline, Unspecified, next_due
from events.envelope import Event, InvalidEvent, encode, parse
from events.ledger import Ledger
from events.schema import AssignedUnit, TaskAssigned, Unit
from events.working_days import LIBRARY, WorkingDays
from services.schedule.explain import explain
from services.schedule.grid import Cell
from services.schedule.phrase import Phrase, find_phrase, read_phrase
from services.schedule.plan import Mark, Order, ReadRow, Schedule, task_name
from services.schedule.steps import read_steps
from services.schedule.table import COLUMNS, Row, RowRefusal, Table
from services.schedule.text import UnreadableError
from services.schedule.units import Reading, explain_units, is_unknown, read_unit_cells, remarks

_TITLE, _UNITS, _DEADLINE = COLUMNS[1:]
_EMPTIED = re.compile(r"[（(\[【][\s，,、；;]*[）)\]】]|[，,、；;：:\s]+$")
"""What is left among units where a deadline was taken out: 市残联（）, 市残联，"""


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
