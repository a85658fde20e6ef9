"""A schedule to the events that assign its tasks."""

from collections.abc import Iterator
from datetime import date, datetime

from msgspec import Struct

from events.envelope import Event, InvalidEvent, encode, parse
from events.ledger import Ledger
from events.schema import TaskAssigned
from services.ingest.schedule.phrase import read_deadline
from services.ingest.schedule.table import COLUMNS, Refusal, Row, read_table
from services.ingest.schedule.text import UnreadableError
from services.ingest.schedule.units import read_units


class Schedule(Struct, frozen=True):
    """The assignments of a table’s rows in their order, and what could not be read, by line."""

    assignments: list[Event]
    refusals: list[Refusal]


def plan_tasks(text: str, *, plan: str, issued: date, ledger: Ledger, source: str) -> Schedule:
    """Read a table issued on a day as assignments by `source`, of tasks called `<plan>-<NN>`.

    Nothing but the arguments goes into an event, so reading the table again gives the same bytes; `time` is the first
    instant of the day in the ledger’s zone. A row that cannot be read is a refusal for each of its cells that is wrong.
    """
    table = read_table(text)
    assignments: list[Event] = []
    refusals = list(table.refusals)
    for row in table.rows:
        for read in _assign(row, plan, issued, ledger, source):
            if isinstance(read, Refusal):
                refusals.append(read)
            else:
                assignments.append(read)
    return Schedule(assignments, sorted(refusals, key=lambda refusal: refusal.line))


def _assign(row: Row, plan: str, issued: date, ledger: Ledger, source: str) -> Iterator[Event | Refusal]:
    """Return the row’s assignment, or its refusals."""
    units = deadline = None
    try:
        units = read_units(row.units.text, ledger)
    except UnreadableError as error:
        yield Refusal(row.number, COLUMNS[2], row.units.line, str(error))
    try:
        deadline = read_deadline(row.deadline.text, issued, ledger.zone)
    except UnreadableError as error:
        yield Refusal(row.number, COLUMNS[3], row.deadline.line, str(error))
    if units is None or deadline is None:
        return
    task = f"{plan}-{row.number:02}"
    data = TaskAssigned(row.title.text, plan, units.lead, units.lead_inferred, units.units, deadline, row.number)
    event = Event(f"assigned-{task}", source, task, datetime(*issued.timetuple()[:3], tzinfo=ledger.zone), data)
    try:
        parse(encode(event))  # as the ledger will: limits of length and size show here, with their row
    except (InvalidEvent, UnicodeEncodeError) as error:
        yield Refusal(row.number, COLUMNS[1], row.title.line, str(error))
    else:
        yield event
