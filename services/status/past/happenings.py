"""What happened to tasks that figures count by, as records of numbers: the changes of their moments. Pure.

The layout is a storage format: a change of it raises FORMAT (facts.py).
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal, TypeAlias, get_args

import numpy as np

from services.status.past.shared import SharedValues
from services.status.past.turns import ALWAYS, NEVER, micros
from services.status.row import TrackedTask

HAPPENING = np.dtype(
    [("position", "<u4"), ("task", "<u4"), ("unit", "<u4"), ("kind", "u1"), ("at", "<i8"), ("due", "<i8")]
)
"""Something that happened to a task at a position; of each kind and unit (0: none), the last one counts.

`at` is the recorded instant. Where a submission or closing stops to count, `at` is NEVER, otherwise `due` is the due
instant that held. Of a report, `due` is the unit's latest report in the task by its source (NEVER: none); `at` is
ALWAYS where a unit has only got or lost the part of another.
"""

HappeningKind: TypeAlias = Literal["opened", "submitted", "closed", "reported", "returned", "extended", "passed"]

HAPPENING_KINDS: tuple[HappeningKind, ...] = get_args(HappeningKind)

OPENED, SUBMITTED, CLOSED, REPORTED, RETURNED, EXTENDED, PASSED = range(len(HAPPENING_KINDS))

Happened: TypeAlias = tuple[int, str, int, int]
"""A kind, a unit (empty: none), and the instants `at` and `due`."""


def happened(before: TrackedTask | None, after: TrackedTask) -> Iterator[Happened]:
    """Yield what happened between two states of a task, one event apart."""
    yield from _single(before, after)
    yield from _completions(before, after)
    yield from _reports(before, after)


def record(position: int, task: int, found: Happened, shared: SharedValues) -> tuple[Any, ...]:
    """Return the record of what happened to a task at a position."""
    kind, unit, at, due = found
    return position, task, shared.unit(unit, position), kind, at, due


def _single(before: TrackedTask | None, after: TrackedTask) -> Iterator[Happened]:
    """Yield what has an instant alone."""
    new, old = after.moments, before.moments if before is not None else None
    for kind in (OPENED, RETURNED, EXTENDED, PASSED):
        name = HAPPENING_KINDS[kind]
        at: datetime | None = getattr(new, name)
        if at is not None and (old is None or at != getattr(old, name)):
            yield kind, "", micros(at), NEVER


def _completions(before: TrackedTask | None, after: TrackedTask) -> Iterator[Happened]:
    """Yield submissions and closings, and those that no longer count."""
    new = after.moments
    submitted = before.moments.submitted if before is not None else {}
    closed = before.moments.closed if before is not None else None
    for unit in submitted.keys() | new.submitted.keys() if submitted is not new.submitted else ():
        completion = new.submitted.get(unit)
        if completion != submitted.get(unit):
            yield SUBMITTED, unit, *_instants(completion)
    if new.closed != closed:
        yield CLOSED, "", *_instants(new.closed)


def _reports(before: TrackedTask | None, after: TrackedTask) -> Iterator[Happened]:
    """Yield a report, and what each unit has reported latest where units came or went."""
    parts = before.row.units if before is not None else ()
    old = {part.unit: part.last_report_at for part in parts}
    new = {part.unit: part.last_report_at for part in after.row.units}
    reported = after.moments.reported
    is_report = reported is not None and (before is None or before.moments.reported != reported)
    at = micros(reported) if is_report and reported is not None else ALWAYS
    changed = [unit for unit, last in new.items() if last != old.get(unit)]
    for unit in [*changed, *(unit for unit, last in old.items() if unit not in new and last is not None)]:
        last = new.get(unit)
        yield REPORTED, unit, at, micros(last) if last is not None else NEVER
    if is_report and not changed:
        yield REPORTED, "", at, NEVER


def _instants(completion: Any) -> tuple[int, int]:
    if completion is None:
        return NEVER, NEVER
    return micros(completion.at), micros(completion.due) if completion.due is not None else NEVER
