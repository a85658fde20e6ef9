"""A page of rows with what changed in each since another moment. Pure."""

from collections.abc import Sequence
from datetime import date, datetime, tzinfo
from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct
from msgspec.structs import astuple

from events.deadline import Deadline, Percent, last_day
from services.status.past.board import PastTask
from services.status.past.comparison import KINDS, Change, ChangeCounts
from services.status.row import Light, Reason, State, TaskRow

ABSENT: Literal["absent"] = "absent"
"""What is asked for to get the tasks that only the board of the other moment has."""

ChangedFilter: TypeAlias = frozenset[Change | Literal["absent"]]
"""The changes of which a row must have one; none restrict nothing."""


class BadChangeError(ValueError):
    """A filter by changes that names something else."""


class RowBefore(Struct, frozen=True):
    """The values of a row at the other moment; `units` are the names of its units."""

    state: State
    light: Light
    light_reason: Reason
    percent: Percent | None
    deadline: Deadline
    due: datetime | None
    due_day: date | None
    overdue_since: datetime | None
    lead: str
    units: tuple[str, ...]


class RowChanges(Struct, frozen=True):
    """The kinds of changes in a task, and its values before: null if the other board does not have it."""

    kinds: list[Change | Literal["absent"]]
    before: RowBefore | None


class ComparedRow(TaskRow, frozen=True, gc=False):
    """A row with what changed in it."""

    changes: RowChanges


class ComparedPage(Struct, frozen=True):
    """A page of rows with their changes, the counts of each, and the position that they are compared with."""

    items: list[ComparedRow]
    next: str | None
    total: int
    counts: Annotated[
        ChangeCounts,
        Meta(description="Tasks with each change among those that match the filters, whatever `changed` asks for."),
    ]
    compared_position: int


def changed_filter(text: str | None) -> ChangedFilter:
    """Return the changes that a list with commas names; raises BadChangeError."""
    if text is None:
        return frozenset()
    named = set(text.split(","))
    if named == {ABSENT}:
        return frozenset([ABSENT])
    if not named <= set(KINDS):
        raise BadChangeError(f"changed {text!r} is neither {ABSENT!r} nor a list with commas of {', '.join(KINDS)}")
    return frozenset(kind for kind in KINDS if kind in named)


def compared_row(row: TaskRow, kinds: Sequence[Change | Literal["absent"]], before: RowBefore | None) -> ComparedRow:
    """Return a row with its changes."""
    return ComparedRow(*astuple(row), changes=RowChanges([*kinds], before))  # type: ignore[misc]


def before_of(task: PastTask, zone: tzinfo) -> RowBefore:
    """Return the values of a task on the other board."""
    return RowBefore(
        task.state,
        task.light,
        task.light_reason,
        task.percent,
        task.deadline,
        task.due,
        last_day(task.due, zone) if task.due is not None else None,
        task.overdue_since,
        task.lead,
        task.unit_names,
    )
