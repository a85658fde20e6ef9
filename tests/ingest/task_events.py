"""Events of a task and ingest's folds of them, for tests of ingest's core."""

from datetime import datetime, timedelta, timezone

import msgspec

from events.deadline import Deadline
from events.entries import Recorded
from events.envelope import Event
from events.ledger import Source
from events.schema import TaskUrged
from services.common.settings import load_ledger, shipped
from services.ingest.task import Task, evolve
from tests.examples import EXAMPLES, assigned

SHIPPED = load_ledger(shipped("zhanjiang.toml"))

LEDGER = msgspec.structs.replace(
    SHIPPED, sources={**SHIPPED.sources, "civil-affairs": Source("reporter", ("市民政局", "市残联"))}
)

CHINA = timezone(timedelta(hours=8))

COUNTY = "廉江市"
"""A member of the group among the canonical task's units."""

CLOCKS = ("deadline.neared", "deadline.passed")


def example(name: str) -> Event:
    """Return the canonical example of a type, by the type's name without `duban.` and `.v1`."""
    return EXAMPLES[f"duban.{name}.v1"]


def fold(*events: Event, task: Task | None = None) -> Task | None:
    """Return a task after events, each recorded at its own time."""
    for position, event in enumerate(events, 1):
        task = evolve(LEDGER, task, Recorded(position, msgspec.structs.replace(event, recorded=event.time)))
    return task


def folded(*events: Event, task: Task | None = None) -> Task:
    """Return a task after events of which one assigns it."""
    after = fold(*events, task=task)
    assert after is not None
    return after


def in_china(year: int, month: int, day: int) -> datetime:
    """Return the first instant of a day in 湛江."""
    return datetime(year, month, day, tzinfo=CHINA)


def about(event: Event, unit: str) -> Event:
    """Return an event with another unit in its data."""
    data = event.data
    members = {"units": (unit,)} if isinstance(data, TaskUrged) else {"unit": unit}
    return msgspec.structs.replace(event, data=msgspec.structs.replace(data, **members))


def assigned_on(since: datetime, deadline: Deadline) -> Task:
    """Return a task that was assigned with a deadline on a day."""
    return folded(assigned(deadline=deadline, time=since))
