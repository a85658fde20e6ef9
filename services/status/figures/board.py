"""All figures of one board: updated by changed task for a live one, summed at once for a past one. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, tzinfo
from types import MappingProxyType
from typing import Annotated

from msgspec import Meta, Struct

from events.light_names import LightColour, LightName
from services.status.figures.counts import Section, SectionCounts
from services.status.figures.deadlines import CalendarDays, Deadlines, DueDays, Month
from services.status.figures.measured import Measured
from services.status.figures.tallies import UnitTallies
from services.status.figures.units import UnitFigures
from services.status.figures.week import Happenings, Week
from services.status.row import Light, State


class EventDay(Struct, frozen=True):
    """A day, and how many events were recorded on it."""

    day: date
    events: int


class Overview(Struct, frozen=True):
    """The figures of a ledger at the instant `at`; `obligations` counts each unit of each task.

    `overdue` has the tasks with a red light, `due_soon` those with a yellow one because they are due soon. `months` are
    thirteen from the current one on. `light_names` has the lights that the ledger calls or colours otherwise.
    """

    title: str
    zone: Annotated[str, Meta(description="The ledger's time zone, by its name in the tz database.")]
    at: datetime
    tasks: Annotated[int, Meta(ge=0)]
    lights: dict[Light, int]
    light_names: dict[LightColour, LightName]
    states: dict[State, int]
    overdue: Annotated[int, Meta(ge=0)]
    due_soon: Annotated[int, Meta(ge=0)]
    closed: Annotated[int, Meta(ge=0)]
    units: Annotated[int, Meta(ge=0)]
    obligations: Annotated[int, Meta(ge=0)]
    sections: list[Section]
    months: list[Month]
    earlier: Deadlines
    beyond: Deadlines
    without_due: Annotated[int, Meta(ge=0, description="Tasks that have no due day.")]
    week: Week
    days: Annotated[list[EventDay], Meta(description="The days of the ledger's zone on which events were recorded.")]
    position: int


class Sums:
    """The sums from which all figures of a board follow; `tasks` are those that it has from the first."""

    def __init__(self, zone: tzinfo, tasks: Sequence[Measured] = ()) -> None:
        self.units = UnitTallies(zone)
        self.sections = SectionCounts()
        self.due_days = DueDays()
        self.happenings = Happenings(tasks)
        self.obligations = 0
        self.due_soon = 0
        for task in tasks:
            self._count(None, task)

    def update(self, old: Measured | None, new: Measured) -> None:
        """Replace what one task contributed by what it contributes now."""
        self._count(old, new)
        self.happenings.update(old, new)

    def _count(self, old: Measured | None, new: Measured) -> None:
        self.units.update(old, new)
        self.sections.update(old, new)
        self.due_days.update(old, new)
        self.obligations += len(new.row.units) - (len(old.row.units) if old is not None else 0)
        self.due_soon += _is_due_soon(new) - (_is_due_soon(old) if old is not None else 0)


class BoardFigures:
    """The figures of a board in a ledger's `zone`; each task is counted as it was when it was last updated.

    `sums` are those of the `counted` tasks, or of a board whose tasks are not at hand; such a one is not updated.
    """

    def __init__(
        self, zone: tzinfo, sums: Sums | None = None, counted: Mapping[str, Measured] = MappingProxyType({})
    ) -> None:
        self.zone = zone
        self._counted = dict(counted)
        self._sums = sums or Sums(zone)

    def update(self, name: str, task: Measured) -> None:
        """Count a task as it is now, in place of what it was."""
        old = self._counted.get(name)
        if old is task:
            return
        self._sums.update(old, task)
        self._counted[name] = task

    @property
    def lights(self) -> dict[Light, int]:
        """The number of tasks by light."""
        return dict(self._sums.sections.all.lights)

    def units(self, at: datetime, position: int) -> list[UnitFigures]:
        """Return the figures of all units at an instant."""
        return self._sums.units.rows(self._counted.values(), self._day(at), position)

    def unit(self, name: str, at: datetime, position: int) -> UnitFigures | None:
        """Return the figures of a unit at an instant, None if it has no task."""
        return self._sums.units.row(name, self._counted.values(), self._day(at), position)

    def calendar(self, first: date, last: date, position: int) -> CalendarDays:
        """Return the days from `first` to `last` that have deadlines."""
        days = self._sums.due_days.between(first, last)
        return CalendarDays(days, None, len(days), position)

    def overview(
        self,
        title: str,
        at: datetime,
        position: int,
        days: Sequence[EventDay] = (),
        light_names: Mapping[LightColour, LightName] = MappingProxyType({}),
    ) -> Overview:
        """Return the figures of the whole board at an instant; `days` are those with events."""
        sums = self._sums
        counts = sums.sections.all
        schedule = sums.due_days.schedule(self._day(at))
        return Overview(
            title=title,
            zone=str(self.zone),
            at=at.astimezone(self.zone),
            tasks=counts.tasks,
            lights=self.lights,
            light_names=dict(light_names),
            states=dict(counts.states),
            overdue=counts.lights["red"],
            due_soon=sums.due_soon,
            closed=counts.states["closed"],
            units=len(sums.units),
            obligations=sums.obligations,
            sections=sums.sections.sections(),
            months=schedule.months,
            earlier=schedule.earlier,
            beyond=schedule.beyond,
            without_due=schedule.without,
            week=sums.happenings.week(at.astimezone(self.zone)),
            days=list(days),
            position=position,
        )

    def _day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()


def figures_of(tasks: Mapping[str, Measured], zone: tzinfo) -> BoardFigures:
    """Return the figures of a board as a whole."""
    return BoardFigures(zone, Sums(zone, list(tasks.values())), tasks)


def days_until(days: Iterable[EventDay], position: int) -> list[EventDay]:
    """Return the days of the events up to a position; `days` are those of all events from the first on, in order."""
    found, left = list[EventDay](), position
    for one in days:
        if left <= 0:
            break
        found.append(EventDay(one.day, min(one.events, left)))
        left -= one.events
    return found


def _is_due_soon(task: Measured) -> bool:
    return task.row.light_reason == "due-soon"
