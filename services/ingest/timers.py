"""When the ledger's clock next has something to say of which task. Pure."""

import heapq
from collections.abc import Iterator
from datetime import datetime

from events.ledger import Ledger
from services.ingest.core import Task, clock_events


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
