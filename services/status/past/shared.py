"""Values that the facts of tasks share, numbered in the order of their first use. Pure.

A value is saved as one line of JSON with the position of the event that brought it; the tags of `kind` are a storage
format, next to those of the deadlines.
"""

from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable
from typing import TypeAlias, TypeVar

import msgspec
import numpy as np
from msgspec import Struct

from events.deadline import Ambiguous, Deadline, Fixed, Milestones, Ongoing, Recurring, Triggered, Unspecified
from events.schema import Role
from events.text import composed
from services.status.past.ranks import Ranks
from services.status.past.table import GrowingTable, Numbers


class Subject(Struct, frozen=True, gc=False, tag_field="kind", tag="task"):
    """A task's id."""

    task: str


class NamedUnit(Struct, frozen=True, gc=False, tag_field="kind", tag="unit"):
    """A unit's name."""

    unit: str


class TaskHeading(Struct, frozen=True, gc=False, tag_field="kind", tag="heading"):
    """What a task is called, where it stands in its table, and when it was opened (turns.py)."""

    title: str
    plan: str
    row: int | None
    section: str | None
    opened: int


class Assignment(Struct, frozen=True, gc=False, tag_field="kind", tag="assignment"):
    """The lead of a task, and its units with their roles, by name."""

    lead: str
    units: tuple[tuple[str, Role], ...]

    @property
    def unit_names(self) -> tuple[str, ...]:
        """The units that have a duty in the task."""
        return tuple([unit for unit, _ in self.units])


SharedValue: TypeAlias = (
    Subject
    | NamedUnit
    | TaskHeading
    | Assignment
    | Fixed
    | Ambiguous
    | Recurring
    | Ongoing
    | Triggered
    | Milestones
    | Unspecified
)


class SavedValue(Struct, frozen=True, gc=False, array_like=True):
    """A value as it is saved, with the position that brought it."""

    position: int
    value: SharedValue


HEADING = np.dtype([("section", "<u4"), ("opened", "<i8")])
"""Of a heading: the number of its section, and when its task was opened."""

V = TypeVar("V", bound=Hashable)

_lines = msgspec.json.Decoder(SavedValue)


class ValueList(list[V]):
    """Values and their numbers, which are indexes; a value is added once."""

    def __init__(self, values: Iterable[V] = ()) -> None:
        super().__init__(values)
        self._numbers: dict[V, int] = {}
        self.number: Callable[[V], int | None] = self._numbers.get
        """Return the number of a value, None if it has none."""

    def add(self, value: V) -> int:
        """Add a value and return its number."""
        number = self._numbers[value] = len(self)
        self.append(value)
        return number


class Headings(list[TaskHeading]):
    """The headings by number; `records` has one of each (HEADING), whose sections are numbers of `sections`.

    `titles` are those that a search compares, `places` what the headings are sorted by.
    """

    def __init__(self) -> None:
        super().__init__()
        self.titles: list[str] = []
        self.places: list[tuple[str, int]] = []
        self.sections: ValueList[str | None] = ValueList()
        self.records = GrowingTable(HEADING)
        self._ranks = Ranks()

    def add(self, heading: TaskHeading) -> int:
        """Add a heading and return its number."""
        title, section = heading.title, heading.section
        self.append(heading)
        self.titles.append(same if (same := composed(title)) != title else title)
        self.places.append((heading.plan, heading.row or 0))
        number = self.sections.number(section)
        self.records.add((self.sections.add(section) if number is None else number, heading.opened))
        return len(self) - 1

    def ranks(self) -> Numbers:
        """Return the place of each heading in the order of all; one thread at a time may ask."""
        return self._ranks.places(self.places)


class SharedValues:
    """The values, in a list for each kind; a task or unit has the number 1 or a higher one, 0 stands for none.

    The lists only grow, so another thread may read the values that are there.
    """

    def __init__(self) -> None:
        self.tasks = ValueList([""])
        self.units = ValueList([""])
        self.headings = Headings()
        self.assignments: ValueList[Assignment] = ValueList()
        self.deadlines: ValueList[Deadline] = ValueList()
        self.task_ranks = Ranks()
        self._added: list[SavedValue] = []

    def task(self, task: str, position: int) -> int:
        """Return the number of a task, a new one on its first use."""
        return self.tasks.number(task) or self._add(SavedValue(position, Subject(task)))

    def unit(self, unit: str, position: int) -> int:
        """Return the number of a unit, a new one on its first use; 0 stands for none."""
        return self.units.number(unit) or (self._add(SavedValue(position, NamedUnit(unit))) if unit else 0)

    def heading(self, heading: TaskHeading, position: int) -> int:
        """Return a new number for a heading: each task has its own."""
        return self._add(SavedValue(position, heading))

    def assignment(self, assignment: Assignment, position: int) -> int:
        """Return the number of an assignment."""
        number = self.assignments.number(assignment)
        return self._add(SavedValue(position, assignment)) if number is None else number

    def deadline(self, deadline: Deadline, position: int) -> int:
        """Return the number of a deadline."""
        number = self.deadlines.number(deadline)
        return self._add(SavedValue(position, deadline)) if number is None else number

    def packed(self, after: int, until: int) -> bytes:
        """Return the values that the events after a position up to `until` brought, a line each."""
        start, end = (bisect_right(self._added, position, key=_position) for position in (after, until))
        return b"".join(msgspec.json.encode(line) + b"\n" for line in self._added[start:end])

    def forget(self, until: int) -> None:
        """Forget which values the events up to a position brought: they are saved."""
        del self._added[: bisect_right(self._added, until, key=_position)]

    def extend(self, packed: bytes) -> None:
        """Add the values of packed lines."""
        for line in _lines.decode_lines(packed):
            self._store(line.value)

    def _add(self, line: SavedValue) -> int:
        self._added.append(line)
        return self._store(line.value)

    def _store(self, value: SharedValue) -> int:
        match value:
            case Subject(task=task):
                return self.tasks.add(task)
            case NamedUnit(unit=unit):
                return self.units.add(unit)
            case TaskHeading():
                return self.headings.add(value)
            case Assignment():
                return self.assignments.add(value)
            case _:
                return self.deadlines.add(value)


def _position(line: SavedValue) -> int:
    return line.position
