"""The timeline of a ledger's tasks: what each event changed in what a list shows. Pure.

Twelve bytes an event, and a record of facts for each event that changes some: most reports are those of cooperating
units, which a list does not show.
"""

from array import array
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo
from typing import NamedTuple

import numpy as np

from events.entries import Recorded
from events.schema import TaskAssigned, TaskReassigned
from services.status.past.facts import EVENT, FACT, assignment_of, changes, heading_of, standing_of
from services.status.past.happenings import HAPPENING, happened
from services.status.past.shared import SharedValues
from services.status.past.table import GrowingTable, Records
from services.status.row import TrackedTask
from services.status.turns import instant_of, micros


class Moment(NamedTuple):
    """A position of the log, and the instant as at which lights are shown there.

    They are `live` if they follow from the present rules, whichever were in force at the position.
    """

    position: int
    instant: datetime
    live: bool = False


class TimelineViews(NamedTuple):
    """The records up to now, and the values that they have by number; what is there never changes."""

    events: Records
    facts: Records
    happenings: Records
    headings: Records
    shared: SharedValues

    def positions(self, task: str, until: int) -> list[int]:
        """Return the positions of the events of a task up to a position, oldest first."""
        number = self.shared.tasks.number(task)
        if number is None:
            return []
        positions: list[int] = (np.flatnonzero(self.events["task"][:until] == number) + 1).tolist()
        return positions


class TaskTimeline:
    """Events and facts up to a position; kept by the projection next to its rows (events/rules.py: `Timeline`)."""

    parts = ("events", "facts", "happenings", "shared")

    def __init__(self) -> None:
        self.shared = SharedValues()
        self._events = GrowingTable(EVENT)
        self._facts = GrowingTable(FACT)
        self._happenings = GrowingTable(HAPPENING)
        self._headings = array("I", [0])
        self._assignments = array("I", [0])
        self._position = 0

    @property
    def position(self) -> int:
        """The position of the last event."""
        return self._position

    @property
    def views(self) -> TimelineViews:
        """What another thread may read while the timeline grows."""
        shared = self.shared
        return TimelineViews(
            self._events.view(), self._facts.view(), self._happenings.view(), shared.headings.records.view(), shared
        )

    def add(self, entry: Recorded, before: TrackedTask | None, after: TrackedTask | None) -> None:
        """Add the event after the last one, with the task before and after it; raise ValueError at a gap."""
        position, event = entry.position, entry.event
        if position != self._position + 1:
            raise ValueError(f"the timeline ends at position {self._position}; {position} does not follow")
        task = 0
        if after is not None:
            task = self.shared.task(after.row.task, position)
            if changes(event.data, before, after):
                anew = before is None or isinstance(event.data, TaskAssigned | TaskReassigned)
                self._add_fact(task, after, position, anew=anew)
            for kind, unit, due in happened(before, after):
                self._happenings.add((position, self.shared.unit(unit, position), kind, due))
        self._events.add((task, micros(event.at)))
        self._position = position

    def packed(self, after: int, until: int) -> Sequence[tuple[str, bytes]]:
        """Return the bytes to append to each saved part for the events after a position up to `until`."""
        return (
            ("events", self._events.view()[after:until].tobytes()),
            ("facts", _between(self._facts.view(), after, until).tobytes()),
            ("happenings", _between(self._happenings.view(), after, until).tobytes()),
            ("shared", self.shared.packed(after, until)),
        )

    def forget(self, until: int) -> None:
        """Forget what is kept only until the events up to a position are saved."""
        self.shared.forget(until)

    def load(self, chunks: Sequence[Mapping[str, bytes]]) -> None:
        """Load saved parts, chunk after chunk, into a timeline that is empty."""
        for chunk in chunks:
            self._events.extend(chunk["events"])
            self._facts.extend(chunk["facts"])
            self._happenings.extend(chunk["happenings"])
            self.shared.extend(chunk["shared"])
        self._position = len(self._events.view())
        facts = self._facts.view()
        for latest, name in ((self._headings, "heading"), (self._assignments, "assignment")):
            numbers = dict(zip(facts["task"].tolist(), facts[name].tolist(), strict=True))
            latest.extend(numbers[task] for task in range(1, len(self.shared.tasks)))

    def at(self, moment: int | datetime) -> Moment | None:
        """Return the position of a moment, at most the last one, and its instant: None before the first event.

        The instant of a position is that of its event.
        """
        recorded = self._events.view()["recorded"]
        if isinstance(moment, datetime):
            position = bisect_right(recorded, micros(moment))
            return Moment(position, moment) if position else None
        position = min(moment, self._position)
        return Moment(position, instant_of(int(recorded[position - 1]))) if position > 0 else None

    def days(self, zone: tzinfo, since: int = 0) -> list[tuple[date, int]]:
        """Return the days of a zone on which events after a position were recorded, in order, with their numbers."""
        recorded = self._events.view()["recorded"]
        first, days = since, []
        while first < len(recorded):
            day = instant_of(int(recorded[first])).astimezone(zone).date()
            after = datetime.combine(day + timedelta(days=1), datetime.min.time(), zone)
            end = first + bisect_right(recorded[first:], micros(after) - 1)
            days.append((day, end - first))
            first = end
        return days

    def _add_fact(self, task: int, after: TrackedTask, position: int, *, anew: bool) -> None:
        """Add the facts of a task; its heading and assignment are the latest ones, unless an event sets them `anew`."""
        row = after.row
        if task == len(self._headings):
            self._headings.append(0)
            self._assignments.append(0)
        if anew:
            self._headings[task] = self.shared.heading(heading_of(row), position)
            self._assignments[task] = self.shared.assignment(assignment_of(row), position)
        heading, assignment = self._headings[task], self._assignments[task]
        deadline = self.shared.deadline(row.deadline, position)
        self._facts.add((position, task, heading, assignment, deadline, *standing_of(after)))


def _between(records: Records, after: int, until: int) -> Records:
    """Return the records of the events after a position up to `until`."""
    start, end = (bisect_right(records["position"], position) for position in (after, until))
    return records[start:end]
