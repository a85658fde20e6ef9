"""Tests of status' core in one form: `given(*steps).when(*steps).then(**members)`."""

from typing import Any

from events.deadline import Deadline
from events.schema import EventData
from services.status.row import TrackedTask
from tests.status.tracked_tasks import LEAD, YEAR, opened, then, unit

Step = tuple[str, EventData]
"""The instant at which an event happens and is recorded, and its data."""


class Given:
    """A task as status tracks it."""

    def __init__(self, task: TrackedTask) -> None:
        self.task = task

    def when(self, *steps: Step) -> "Given":
        """Return the task after further steps."""
        return Given(then(self.task, *steps))

    def then(self, **members: Any) -> "Given":
        """Assert that the row has these members."""
        assert {name: getattr(self.task.row, name) for name in members} == members
        return self

    def then_unit(self, name: str, **members: Any) -> "Given":
        """Assert that one unit of the row has these members."""
        part = unit(self.task.row, name)
        assert {member: getattr(part, member) for member in members} == members
        return self


def given(*steps: Step, deadline: Deadline = YEAR, instant: str = "2018-01-01", lead: str = LEAD) -> Given:
    """Return a task that was assigned at an instant, at position 1, after steps."""
    return Given(opened(deadline, instant, lead=lead)).when(*steps)
