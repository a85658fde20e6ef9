"""The figures of each unit, and their order in a ranking. Pure.

`led` and `joined` are the tasks that a unit leads and those in which it cooperates; `open`, `closed`, `overdue` (red)
and `due_soon` count the tasks of both by state and light. `verdict.py` has the rule for being on time.
"""

from collections.abc import Iterable
from datetime import date, datetime
from operator import attrgetter
from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

UnitSort: TypeAlias = Literal[
    "unit",
    "led",
    "joined",
    "open",
    "closed",
    "overdue",
    "due_soon",
    "on_time_rate",
    "mean_days_late",
    "last_report_at",
    "-unit",
    "-led",
    "-joined",
    "-open",
    "-closed",
    "-overdue",
    "-due_soon",
    "-on_time_rate",
    "-mean_days_late",
    "-last_report_at",
]


class UnitFigures(Struct, frozen=True):
    """A unit's figures at a position; rate and mean are null where nothing counts for them yet."""

    unit: str
    led: Annotated[int, Meta(ge=0, description="Tasks that it leads.")]
    joined: Annotated[int, Meta(ge=0, description="Tasks in which it cooperates.")]
    open: Annotated[int, Meta(ge=0, description="Of both, those that are not closed.")]
    closed: Annotated[int, Meta(ge=0, description="Of both, those that are closed.")]
    overdue: Annotated[int, Meta(ge=0, description="Of both, those with a red light.")]
    due_soon: Annotated[int, Meta(ge=0, description="Of both, those with a yellow light because they are due soon.")]
    on_time: Annotated[int, Meta(ge=0, description="Of the counted ones, those on time.")]
    counted: Annotated[int, Meta(ge=0, description="Of the tasks that it leads, those closed or past due.")]
    on_time_rate: Annotated[float, Meta(ge=0, le=1, description="on_time / counted.")] | None
    mean_days_late: Annotated[float, Meta(ge=0, description="Over the counted ones that are not on time.")] | None
    last_report_at: datetime | None
    position: int


class UnitPage(Struct, frozen=True):
    """All units that have a task, in one answer."""

    items: list[UnitFigures]
    next: None
    total: int


class UnitTally:
    """The sums of one unit, from which its figures follow on any day.

    `since` is the sum of the last days in time (as ordinals) of the `running` tasks, which are late until today;
    `days` is the sum of the days of the `late` ones whose lateness has ended.
    """

    __slots__ = ("closed", "days", "due_soon", "joined", "late", "led", "on_time", "overdue", "running", "since")

    def __init__(self) -> None:
        self.led = self.joined = self.closed = self.overdue = self.due_soon = 0
        self.on_time = self.late = self.days = self.running = self.since = 0

    def figures(self, unit: str, today: date, reported: datetime | None, position: int) -> UnitFigures:
        """Return the figures on a day of the ledger's zone."""
        late = self.late + self.running
        counted = self.on_time + late
        days = self.days + self.running * today.toordinal() - self.since
        return UnitFigures(
            unit=unit,
            led=self.led,
            joined=self.joined,
            open=self.led + self.joined - self.closed,
            closed=self.closed,
            overdue=self.overdue,
            due_soon=self.due_soon,
            on_time=self.on_time,
            counted=counted,
            on_time_rate=round(self.on_time / counted, 4) if counted else None,
            mean_days_late=round(days / late, 2) if late else None,
            last_report_at=reported,
            position=position,
        )


def ranked(figures: Iterable[UnitFigures], sort: UnitSort = "unit") -> list[UnitFigures]:
    """Return figures in an order, by name among equals; those without the figure come last in either direction."""
    key = attrgetter(sort.removeprefix("-"))
    by_name = sorted(figures, key=attrgetter("unit"))
    known = [one for one in by_name if key(one) is not None]
    known.sort(key=key, reverse=sort.startswith("-"))
    return known + [one for one in by_name if key(one) is None]
