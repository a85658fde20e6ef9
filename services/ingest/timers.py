"""What the ledger's clock says of a task, and when it next has something to say of which. Pure."""

import heapq
from collections.abc import Iterator
from datetime import datetime, timedelta

from events.deadline import Due, Recurring, next_due
from events.envelope import Event
from events.ledger import CLOCK, Ledger
from events.schema import DeadlineNeared, DeadlinePassed
from services.ingest.task import Task


class Timers:
    """One instant per open task that has one ahead."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._heap: list[tuple[datetime, str]] = []
        self._instants: dict[str, datetime] = {}

    @property
    def next(self) -> datetime | None:
        """The earliest instant."""
        return self._heap[0][0] if self._heap else None

    def clear(self) -> None:
        """Forget all instants."""
        self._heap.clear()
        self._instants.clear()

    def set(self, subject: str, task: Task) -> None:
        """Take in when the clock next speaks of a task."""
        event = next(clock_events(subject, task, self._ledger), None)
        if event is not None:
            self.schedule(subject, event.time)

    def schedule(self, subject: str, instant: datetime) -> None:
        """Have a task fall due at an instant."""
        if self._instants.get(subject) != instant:
            self._instants[subject] = instant
            heapq.heappush(self._heap, (instant, subject))

    def due(self, now: datetime) -> Iterator[str]:
        """Yield, and forget, the tasks whose instant has come; one may come twice, for an instant it had before."""
        while self._heap and self._heap[0][0] <= now:
            instant, subject = heapq.heappop(self._heap)
            if self._instants.get(subject) == instant:
                del self._instants[subject]
            yield subject


def clock_events(subject: str, task: Task, ledger: Ledger) -> Iterator[Event]:
    """Yield what the clock will say of an open task, in order of its instants, leaving out what it has said.

    `time` is the instant at which each is to be recorded. The ids depend on task and due instant alone, however a
    source wrote that instant, so an instance that was down, or a second one, comes to the same events. Without end for
    a recurring deadline. Reminders that were already past when the deadline was recorded, the task was reopened or the
    due before this one passed, are left out.
    """
    if task.closed:
        return
    after = _settled(task)
    late = task.postponed
    due = Due(late.due, late.due) if late is not None else next_due(task.deadline, after, ledger.zone)
    while due is not None:
        current = task.since if after is None else max(task.since, after)
        after = due.passes
        passes, reminds = due.passes.astimezone(ledger.zone), due.reminds.astimezone(ledger.zone)
        for days in sorted(set(ledger.remind_days), reverse=True):
            instant = reminds - timedelta(days=days)
            event_id = f"neared:{subject}:{reminds.isoformat()}:{days}"
            if instant >= current and event_id not in task.fired:
                yield Event(event_id, f"{CLOCK}/clock", subject, instant, DeadlineNeared(reminds, days))
        event_id = f"passed:{subject}:{passes.isoformat()}"
        if event_id not in task.fired:
            yield Event(event_id, f"{CLOCK}/clock", subject, passes, DeadlinePassed(passes))
        due = next_due(task.deadline, after, ledger.zone)


def same_timing(one: Task, other: Task) -> bool:
    """Tell whether the clock has the same to say of both; a report may yet spare a recurring task a word."""
    return (
        one.deadline is other.deadline
        and one.since is other.since
        and one.closed == other.closed
        and one.passed is other.passed
        and one.fired is other.fired
    )


def _settled(task: Task) -> datetime | None:
    """Return the instant up to which there is nothing due any more; None if all is."""
    if not isinstance(task.deadline, Recurring):
        return task.passed
    # a table that is entered late does not owe the years before, a reopened task not those when it was closed
    return max(instant for instant in (task.since, task.passed, task.met) if instant is not None)
