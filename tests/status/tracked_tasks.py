"""Tasks as status tracks them, folded from a few steps, for tests of status' core."""

from datetime import datetime, timedelta, timezone

from msgspec.structs import replace

from events.deadline import Deadline, Fixed, Recurring
from events.entries import Recorded
from events.envelope import Event
from events.schema import DeadlinePassed, EventData, TaskAssigned, Unit
from services.common.settings import load_ledger, shipped
from services.status.core import evolve
from services.status.row import TaskRow, TrackedTask, UnitRow
from tests.examples import EXAMPLES, TASK

LEDGER = load_ledger(shipped("zhanjiang.toml"))

ZONE = timezone(timedelta(hours=8))

LEAD = "市残联"

HELPER = "市民政局"

COUNTIES = LEDGER.groups["各县（市、区）政府"]


def at(instant: str) -> datetime:
    """Return an instant in 湛江."""
    return datetime.fromisoformat(instant).replace(tzinfo=ZONE)


YEAR = Fixed("2018年12月底前完成", at("2019-01-01"))

LATE: list[tuple[str, EventData]] = [("2019-01-01", DeadlinePassed(YEAR.due))]
"""The step that makes a task with the deadline YEAR late."""

YEARLY = Recurring("每年12月底前", "year", at("2018-01-01"))


def recorded(position: int, instant: str, data: EventData, task: str = TASK) -> Recorded:
    """Return the log entry of a step that happened and was recorded at an instant."""
    time = at(instant)
    return Recorded(position, Event(f"e-{position}", "office", task, time, data, time, "office"))


def opened(
    deadline: Deadline = YEAR, instant: str = "2018-01-01", *, lead: str = LEAD, task: str = TASK
) -> TrackedTask:
    """Return a task that was assigned to a lead and one cooperating unit, at position 1."""
    units = (Unit(lead, "lead"), Unit(HELPER))
    data = TaskAssigned("建立就业基地", "zj-2017", lead, lead_inferred=True, units=units, deadline=deadline, row=7)
    return folded(evolve(LEDGER, None, recorded(1, instant, data, task)))


def then(task: TrackedTask, *steps: tuple[str, EventData]) -> TrackedTask:
    """Return the task after further steps: instants and data."""
    for instant, data in steps:
        task = folded(evolve(LEDGER, task, recorded(task.row.position + 1, instant, data, task.row.task)))
    return task


def after_each_example() -> list[TrackedTask]:
    """Return the examples' task after each example, with positions from 1 on; each is recorded at its own time."""
    tasks: list[TrackedTask] = []
    for position, event in enumerate(EXAMPLES.values(), 1):
        entry = Recorded(position, replace(event, recorded=event.time))
        tasks.append(folded(evolve(LEDGER, tasks[-1] if tasks else None, entry)))
    return tasks


def unit(row: TaskRow, name: str = LEAD) -> UnitRow:
    """Return one unit's part in a row."""
    return next(part for part in row.units if part.unit == name)


def folded(task: TrackedTask | None) -> TrackedTask:
    assert task is not None
    return task


def then_any(task: TrackedTask, position: int, event: Event) -> TrackedTask:
    """Return the task after an event with its own id, source and time."""
    after = evolve(LEDGER, task, Recorded(position, event))
    assert after is not None
    return after
