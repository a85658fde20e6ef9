"""Clock events: the reminders and passings of each task, and the next instant of each. Pure."""

import heapq
from collections.abc import Iterator
from datetime import datetime

from events.envelope import Event
from events.ledger import CLOCK, Ledger
from events.schema import DeadlineNeared, DeadlinePassed
from services.ingest.task import Task


class Timers:
    """The instant of the next clock event of each open task that has one."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._heap: list[tuple[datetime, str]] = []
        self._instants: dict[str, datetime] = {}

    @property
    def next(self) -> datetime | None:
        """The earliest instant."""
        return self._heap[0][0] if self._heap else None

    def clear(self) -> None:
        """Remove all instants."""
        self._heap.clear()
        self._instants.clear()

    def set(self, subject: str, task: Task) -> None:
        """Schedule the next clock event of a task."""
        event = next(clock_events(subject, task, self._ledger), None)
        if event is not None:
            self.schedule(subject, event.time)

    def schedule(self, subject: str, instant: datetime) -> None:
        """Schedule a task at an instant."""
        if self._instants.get(subject) != instant:
            self._instants[subject] = instant
            heapq.heappush(self._heap, (instant, subject))

    def due(self, now: datetime) -> Iterator[str]:
        """Remove and yield the tasks whose instant has come; a task that was scheduled again may be yielded twice."""
        while self._heap and self._heap[0][0] <= now:
            instant, subject = heapq.heappop(self._heap)
            if self._instants.get(subject) == instant:
                del self._instants[subject]
            yield subject


def clock_events(subject: str, task: Task, ledger: Ledger) -> Iterator[Event]:
    """Yield the clock's events for an open task that are not in the log yet, in the order of its due instants.

    `time` is the instant at which each is to be recorded. The ids depend on task and due instant alone, in the ledger's
    zone: an instance that was down, or a second one, yields the same events. Without end for a recurring deadline.
    """
    if task.closed:
        return
    for at, due, days in task.term.reminders(ledger.remind_days, ledger.zone):
        word, tail = ("passed", "") if days is None else ("neared", f":{days}")
        event_id = f"{word}:{subject}:{due.isoformat()}{tail}"
        if event_id not in task.fired:
            data = DeadlinePassed(due) if days is None else DeadlineNeared(due, days)
            yield Event(event_id, f"{CLOCK}/clock", subject, at, data)


def same_timing(one: Task, other: Task) -> bool:
    """Return whether the clock's events of both are the same; a report may still take one from a recurring task."""
    return (
        one.term.deadline is other.term.deadline
        and one.term.since is other.term.since
        and one.closed == other.closed
        and one.term.passed is other.term.passed
        and one.fired is other.fired
    )
