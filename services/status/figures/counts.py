"""How many tasks have each light and each state, in the whole ledger and in each section of its tables. Pure."""

from typing import Annotated, TypeAlias

from msgspec import Meta, Struct

from services.status.figures.measured import Measured
from services.status.row import Light, State

LIGHTS: tuple[Light, ...] = ("red", "yellow", "green", "blue")

STATES: tuple[State, ...] = ("assigned", "in-progress", "submitted", "returned", "closed")


Place: TypeAlias = tuple[str, int]
"""A plan, and the number of a task in it."""


class Section(Struct, frozen=True):
    """The tasks of one section; those that stand in none have the section null. Every light and state is there."""

    section: str | None
    tasks: Annotated[int, Meta(ge=0)]
    lights: dict[Light, int]
    states: dict[State, int]


class Counts:
    """The number of tasks of one section, or of all, by light and state; `first` is the place of the first one."""

    def __init__(self) -> None:
        self.lights: dict[Light, int] = dict.fromkeys(LIGHTS, 0)
        self.states: dict[State, int] = dict.fromkeys(STATES, 0)
        self.tasks = 0
        self.first: Place = ("", 0)

    def count(self, place: Place, light: Light, state: State, number: int) -> None:
        """Add a task at a place of its table, or take it out."""
        self.first = min(self.first, place) if self.tasks else place
        self.tasks += number
        self.lights[light] += number
        self.states[state] += number


class SectionCounts:
    """The number of tasks of each section, and of all of them."""

    def __init__(self) -> None:
        self.all = Counts()
        self._sections: dict[str | None, Counts] = {}

    def update(self, old: Measured | None, new: Measured) -> None:
        """Replace what one task contributed by what it contributes now."""
        for task, sign in ((old, -1), (new, 1)):
            if task is not None:
                row = task.row
                self.add(row.section, (row.plan, row.row or 0), row.light, row.state, sign)

    def add(self, section: str | None, place: Place, light: Light, state: State, number: int = 1) -> None:
        """Count a task that shows this; a negative number takes it out."""
        for counts in (self.all, self._sections.setdefault(section, Counts())):
            counts.count(place, light, state, number)

    def sections(self) -> list[Section]:
        """Return the sections that have tasks, in the order of the tables."""
        found = [(name, counts) for name, counts in self._sections.items() if counts.tasks]
        found.sort(key=lambda one: (one[1].first, one[0] or ""))
        return [Section(name, counts.tasks, dict(counts.lights), dict(counts.states)) for name, counts in found]
