"""Whether a unit that leads a task is on time, and by how many days it is late. Pure.

A task counts once it is closed or past due (its light is red). A unit that leads it is judged by its own last
submission that was not returned; a unit that leads beside the first one and has none, by that of the first, as the task
does not wait for another; without any, by the closing. It is on time if that came before the due instant that held then
(`punctuality.due_held`). Otherwise it is late:

    closed task    from the last day in time until the day of that submission or closing
    open task      from the last day in time until today: a submission that the office has not accepted stops nothing

A task without a due instant is never past due; closed, it is on time.
"""

from datetime import date, datetime, tzinfo
from typing import NamedTuple

from events.deadline import last_day
from services.status.figures.measured import Measured
from services.status.moments import Completion


class Verdict(NamedTuple):
    """On time, or late: by so many `days`, or since the last day in time (`since`) until today."""

    days: int | None = None
    since: date | None = None

    @property
    def on_time(self) -> bool:
        """Whether the unit is on time."""
        return self.days is None and self.since is None


ON_TIME = Verdict()


def verdict(task: Measured, unit: str, zone: tzinfo) -> Verdict | None:
    """Return the verdict on a unit that leads a task, None as long as the task does not count."""
    row = task.row
    closed, since = row.state == "closed", row.overdue_since or row.due
    if not closed and (row.light != "red" or since is None):
        return None
    submitted = task.moments.submitted
    completion = submitted.get(unit) or submitted.get(row.lead) or task.moments.closed
    return judged(completion, None if closed or since is None else since, zone)


def judged(completion: Completion | None, late_since: datetime | None, zone: tzinfo) -> Verdict:
    """Return the verdict by what is judged; `late_since` is the due instant of an open task, None for a closed one."""
    if completion is not None and completion.in_time:
        return ON_TIME
    return _late_by(completion, zone) if late_since is None else Verdict(since=last_day(late_since, zone))


def _late_by(completion: Completion | None, zone: tzinfo) -> Verdict:
    if completion is None or completion.due is None:
        return ON_TIME
    return Verdict(days=(_day(completion.at, zone) - last_day(completion.due, zone)).days)


def _day(instant: datetime, zone: tzinfo) -> date:
    return instant.astimezone(zone).date()
