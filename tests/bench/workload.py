"""What the bench submits: assignments of tasks, and reports of the units that have a duty in each."""

import re
from datetime import date, datetime

import msgspec
from msgspec import Struct

from events.deadline import Ongoing
from events.envelope import encode, parse
from events.ledger import Ledger
from events.schema import TaskAssigned
from services.common.settings import shipped
from services.schedule.document import read_document
from services.schedule.plan import Order
from services.schedule.planning import plan_tasks
from tests.examples import LEAD, assigned, reported

TASKS = 1_000
"""Tasks that the reports are about: a large city's plan."""

TABLE = "zhanjiang-2017-key-tasks.txt"

ISSUED = date(2117, 8, 1)
"""The table's day of issue, a century later: no deadline nears or passes while the bench runs."""


class Workload(Struct, frozen=True):
    """`assignments` are the events that assign the tasks; `units` lists the obligated units of each task."""

    name: str
    assignments: tuple[bytes, ...]
    units: tuple[tuple[str, ...], ...]

    @property
    def obligations(self) -> float:
        """Obligated units of a task, on average."""
        return sum(map(len, self.units)) / len(self.units)

    def report(self, number: int, source: str) -> bytes:
        """Return the report of this number: the tasks take turns, and so do the units of each."""
        turn, task = divmod(number, TASKS)
        units = self.units[task]
        return encode(reported(_task(task), number, unit=units[turn % len(units)], source=source))


def seed_workload(ledger: Ledger) -> Workload:
    """Return the tasks of the 2017 table, repeated: its units with groups expanded, and its kinds of deadlines."""
    text = re.sub(r"20(?=[12]\d)", "21", shipped(TABLE).read_text(encoding="utf-8"))
    schedule = plan_tasks(read_document(text.encode(), ".txt"), Order("bench", ISSUED, "office"), ledger)
    rows = [parse(bytes(line.event)) for line in schedule.lines]
    now = datetime.fromisoformat("2017-08-01T00:00:00+08:00")
    assignments, units = [], []
    for number in range(TASKS):
        row = rows[number % len(rows)]
        assert isinstance(row.data, TaskAssigned)
        event = msgspec.structs.replace(row, id=f"assigned-{number}", subject=_task(number), time=now)
        assignments.append(encode(event))
        units.append(tuple(ledger.directory.obligations(row.data.units)))
    return Workload("the 2017 table's tasks", tuple(assignments), tuple(units))


def single_unit_workload() -> Workload:
    """Return tasks with one unit each and no due instant: the least that a task can be."""
    ongoing = Ongoing("持续实施")
    assignments = [encode(assigned(_task(number), source="office", deadline=ongoing)) for number in range(TASKS)]
    return Workload("tasks of one unit", tuple(assignments), ((LEAD,),) * TASKS)


def _task(number: int) -> str:
    return f"t-{number:04}"
