"""What an export shows, as tables of plain values for any format: tasks, units, the ledger's figures. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from events.light_names import LightColour, LightName
from events.text import Language
from services.status.export.words import word
from services.status.figures.board import Overview
from services.status.figures.units import UnitFigures
from services.status.row import Light, TaskRow

Value: TypeAlias = str | int | float | date | None


SHAPES: Mapping[Light, str] = {"red": "▲", "yellow": "◆", "green": "●", "blue": "■"}
"""A light is known by its shape and its word, on paper without colours as well."""


class SheetColumn(NamedTuple):
    """A column: the key of its heading among the words, and its width in characters of Latin script."""

    key: str
    width: int


class Sheet(NamedTuple):
    """A table: its name, its columns, its rows with one value a column, and the key of the words for their number."""

    name: str
    columns: Sequence[SheetColumn]
    rows: Sequence[Sequence[Value]]
    counted: str = "count.rows"


class About(NamedTuple):
    """What an export is about: the ledger, the instant in its zone, the position, and the language of its words."""

    title: str
    at: datetime
    position: int
    language: Language
    light_names: Mapping[LightColour, LightName] = MappingProxyType({})

    def light(self, light: Light) -> str:
        """Return a light's shape and word."""
        return f"{SHAPES[light]} {self.light_word(light)}"

    def light_word(self, light: Light) -> str:
        """Return a light's word, the ledger's own where it has one."""
        name = self.light_names.get(light)
        own = (name.word if self.language == "zh" else name.word_en) if name is not None else None
        return own or self.word(f"light.{light}")

    def word(self, key: str) -> str:
        """Return a word in the language of the export."""
        return word(key, self.language)


TASK_COLUMNS = (
    SheetColumn("task.number", 6),
    SheetColumn("task.title", 40),
    SheetColumn("task.lead", 17),
    SheetColumn("task.units", 28),
    SheetColumn("task.deadline", 18),
    SheetColumn("task.due", 14),
    SheetColumn("task.percent", 10),
    SheetColumn("task.light", 12),
    SheetColumn("task.reason", 17),
    SheetColumn("task.state", 13),
    SheetColumn("task.reported", 14),
)
"""The source table's columns first, in its order, then what the ledger adds."""

MORE_TASK_COLUMNS = (
    SheetColumn("task.extensions", 9),
    SheetColumn("task.returns", 9),
    SheetColumn("task.closed", 12),
    SheetColumn("task.outcome", 10),
    SheetColumn("task.section", 20),
    SheetColumn("task.plan", 14),
    SheetColumn("task.id", 16),
    SheetColumn("task.position", 9),
)
"""Further columns of spreadsheets: a page of paper has no room for them."""

UNIT_COLUMNS = (
    SheetColumn("unit.unit", 24),
    SheetColumn("unit.led", 9),
    SheetColumn("unit.joined", 9),
    SheetColumn("unit.open", 9),
    SheetColumn("unit.closed", 11),
    SheetColumn("unit.overdue", 9),
    SheetColumn("unit.due_soon", 9),
    SheetColumn("unit.counted", 9),
    SheetColumn("unit.on_time", 9),
    SheetColumn("unit.rate", 11),
    SheetColumn("unit.days", 13),
    SheetColumn("unit.reported", 12),
)

FIGURE_COLUMNS = (SheetColumn("figure.kind", 14), SheetColumn("figure.name", 30), SheetColumn("figure.value", 12))

Groups: TypeAlias = Mapping[str, tuple[str, ...]]
"""The members of each unit group."""


def task_sheet(rows: Iterable[TaskRow], about: About, groups: Groups, *, more: bool = True) -> Sheet:
    """Return the register of tasks; `more` adds the columns that only spreadsheets have room for."""
    columns = (*TASK_COLUMNS, *MORE_TASK_COLUMNS) if more else TASK_COLUMNS
    found = [(*_task(row, about, groups), *(_more(row, about) if more else ())) for row in rows]
    return Sheet(about.word("file.tasks"), columns, found, "count.tasks")


def unit_sheet(units: Iterable[UnitFigures], about: About) -> Sheet:
    """Return the figures of units."""
    return Sheet(about.word("file.units"), UNIT_COLUMNS, [_unit(one) for one in units], "count.units")


def overview_sheet(overview: Overview, about: About) -> Sheet:
    """Return the ledger's figures, one a row."""
    return Sheet(about.word("file.overview"), FIGURE_COLUMNS, list(_figures(overview, about)))


def unit_names(row: TaskRow, groups: Groups) -> list[str]:
    """Return the units of a task, in its order; a group stands for its members where all are there."""
    names = list(row.unit_names)
    for group, members in groups.items():
        if members and set(members) <= set(names):
            place = min(names.index(name) for name in members)
            names = [*(n for n in names[:place]), group, *(n for n in names[place:] if n not in members)]
    return names


def _task(row: TaskRow, about: About, groups: Groups) -> tuple[Value, ...]:
    return (
        row.row,
        row.title,
        row.lead,
        about.word("list.comma").join(unit_names(row, groups)),
        row.deadline.text or about.word("none"),
        row.due_day,
        row.percent,
        about.light(row.light),
        about.word(f"reason.{row.light_reason}"),
        about.word(f"state.{row.state}"),
        _day(row.last_report_at),
    )


def _more(row: TaskRow, about: About) -> tuple[Value, ...]:
    return (
        row.extensions,
        row.returns,
        _day(row.closed_at),
        about.word(f"outcome.{row.outcome}") if row.outcome is not None else None,
        row.section,
        row.plan,
        row.task,
        row.position,
    )


def _unit(one: UnitFigures) -> tuple[Value, ...]:
    rate = round(100 * one.on_time_rate, 1) if one.on_time_rate is not None else None
    reported = _day(one.last_report_at)
    counts = (one.led, one.joined, one.open, one.closed, one.overdue, one.due_soon, one.counted, one.on_time)
    return (one.unit, *counts, rate, one.mean_days_late, reported)


def _figures(overview: Overview, about: About) -> Iterable[tuple[Value, ...]]:
    ledger = about.word("figure.ledger")
    for name in ("tasks", "overdue", "due_soon", "closed", "units", "obligations", "without_due"):
        yield ledger, about.word(f"figure.{name}"), getattr(overview, name)
    for light, number in overview.lights.items():
        yield about.word("figure.light"), about.light(light), number
    for state, number in overview.states.items():
        yield about.word("figure.state"), about.word(f"state.{state}"), number
    for section in overview.sections:
        yield about.word("figure.section"), section.section or about.word("figure.no_section"), section.tasks
    yield about.word("figure.month"), about.word("figure.earlier"), overview.earlier.due
    for month in overview.months:
        yield about.word("figure.month"), month.month, month.due
    yield about.word("figure.month"), about.word("figure.beyond"), overview.beyond.due
    for name in ("new", "closed", "newly_overdue", "reported", "returned", "extended"):
        yield about.word("figure.week"), about.word(f"figure.{name}"), getattr(overview.week, name)


def _day(instant: datetime | None) -> date | None:
    """Return the day of an instant, which has the ledger's offset."""
    return instant.date() if instant is not None else None
