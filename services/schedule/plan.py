"""A plan: what names its tasks, and a document's rows as the events that would assign them, each as it was read."""

from datetime import date
from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Raw, Struct

from services.schedule.doubt import Doubt
from services.schedule.table import RowRefusal

PlanName: TypeAlias = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^/\x00-\x1f\x7f]+$(?!\n)")]
"""A plan's name begins those of its tasks, which are one part of a URL's path, and of one line."""


class Order(Struct, frozen=True):
    """What a document does not say of itself: its plan, the day it was issued, and the source that hands it out."""

    plan: PlanName
    issued: date
    source: str


Mark: TypeAlias = Doubt | Literal["lead-inferred", "unit-unknown"]
"""Why a person should look at a row: a doubt about its deadline, nothing says who of several units leads, or the
directory lacks a unit."""


class ReadRow(Struct, frozen=True):
    """One row as it was read: the event that would assign it, and how that came about.

    `place` is that of the title. `rule` read the deadline, in the cell at `deadline_place`: where a table has none for
    the task, that may be its own text or its units'. `reading` says units and deadline in Chinese. `carried` are the
    words that the deadline rests on, `passed_over` those in its cell and in that of the units that were read as saying
    something else. `marks` are the reasons why a person should look at the row.
    """

    row: int
    place: str
    task: str
    event: Raw
    rule: str
    deadline_place: str
    reading: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    carried: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()
    marks: tuple[Mark, ...] = ()


class Schedule(Struct, frozen=True):
    """The rows that could be read, in their order; what could not be read; and notes on the table as a whole."""

    lines: tuple[ReadRow, ...]
    refusals: tuple[RowRefusal, ...]
    notes: tuple[str, ...] = ()


def task_name(order: Order, number: int) -> str:
    """Return what the task of a row is called."""
    return f"{order.plan}-{number:02}"
