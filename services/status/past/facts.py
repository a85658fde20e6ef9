"""The facts of a task that a list shows, as one record of numbers. Pure.

Both layouts are a storage format: a change of them raises FORMAT.
"""

from typing import Any, get_args

import numpy as np

from events.schema import EventData, TaskAssigned, TaskReassigned
from services.status.past.shared import Assignment, TaskHeading
from services.status.row import Light, Reason, State, TaskRow, TrackedTask
from services.status.turns import NEVER, micros

FORMAT = "3"
"""Of what is saved; part of the version of the rules, so that another one is rebuilt."""

EVENT = np.dtype([("task", "<u4"), ("recorded", "<i8")])
"""An event, at the index one below its position: the number of its task (0: none is assigned), and its instant."""

FACT = np.dtype(
    [
        ("position", "<u4"),
        ("task", "<u4"),
        ("heading", "<u4"),
        ("assignment", "<u4"),
        ("deadline", "<u4"),
        ("state", "u1"),
        ("percent", "<f8"),
        ("due", "<i8"),
        ("overdue_since", "<i8"),
        ("red", "<i8"),
        ("soon", "<i8"),
        ("slow", "<i8"),
    ]
)
"""How a task stands from a position on; an event that changes none of this has no record.

Numbers of shared values, the state's index in STATES, per cent (NaN: unknown), and instants (NEVER: none).
"""

STATES: tuple[State, ...] = get_args(State)

REASONS: tuple[Reason, ...] = ("closed", "overdue", "due-soon", "behind", "silent", "on-track")

LIGHTS: tuple[Light, ...] = ("blue", "red", "yellow", "green")

LIGHT_OF = np.array([0, 1, 2, 2, 2, 3], "u1")
"""The index in LIGHTS of the light that each of REASONS gives."""

CLOSED, OVERDUE = REASONS.index("closed"), REASONS.index("overdue")

RED = LIGHTS.index("red")

_NAN = float("nan")


def changes(data: EventData, before: TrackedTask | None, after: TrackedTask) -> bool:
    """Return whether an event may have changed what a list shows of a task, now or by time alone."""
    return (
        before is None
        or before.turns is not after.turns
        or before.row.state != after.row.state
        or isinstance(data, TaskAssigned | TaskReassigned)
    )


def standing_of(task: TrackedTask) -> tuple[Any, ...]:
    """Return the members of a record from `state` on."""
    row = task.row
    return (
        STATES.index(row.state),
        _NAN if row.percent is None else row.percent,
        NEVER if row.due is None else micros(row.due),
        NEVER if row.overdue_since is None else micros(row.overdue_since),
        *task.turns,
    )


def assignment_of(row: TaskRow) -> Assignment:
    """Return the assignment of a row, its units in the order of their names, so that equal ones are one value."""
    return Assignment(row.lead, tuple(sorted((part.unit, part.role) for part in row.units)))


def heading_of(row: TaskRow) -> TaskHeading:
    """Return the heading of a row."""
    return TaskHeading(row.title, row.plan, row.row, row.section, micros(row.opened_at))
