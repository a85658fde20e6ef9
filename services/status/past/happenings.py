"""What happened to tasks that figures count by, as records of numbers: the changes of their moments. Pure.

The layout is a storage format: a change of it raises FORMAT (facts.py).
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal, TypeAlias, get_args

import numpy as np

from services.status.moments import Completion, Moments
from services.status.past.shared import SharedValues
from services.status.past.turns import NEVER, micros
from services.status.row import TrackedTask

HAPPENING = np.dtype([("position", "<u4"), ("unit", "<u2"), ("kind", "u1"), ("due", "<i8")])
"""What an event did to its task: the event at the position has the task and the recorded instant (facts.py: EVENT).

`unit` is 0 where a kind is of no unit. `due` is the due instant that held at a submission or closing, and of a report
the unit's latest report in the task, by its source; NEVER stands for none.
"""

HappeningKind: TypeAlias = Literal[
    "opened",
    "submitted",
    "withdrawn",
    "closed",
    "reopened",
    "reported",
    "handed-over",
    "returned",
    "extended",
    "passed",
]
"""`withdrawn` is a submission that no longer counts, `handed-over` what a unit has reported latest after units came or
went."""

HAPPENING_KINDS: tuple[HappeningKind, ...] = get_args(HappeningKind)

OPENED, SUBMITTED, WITHDRAWN, CLOSED, REOPENED, REPORTED, HANDED_OVER, RETURNED, EXTENDED, PASSED = range(
    len(HAPPENING_KINDS)
)

REPLACED = np.array([OPENED, SUBMITTED, SUBMITTED, CLOSED, CLOSED, REPORTED, REPORTED, RETURNED, EXTENDED, PASSED])
"""The kind of which each kind is a later word: the last one of a task and unit counts."""

Happened: TypeAlias = tuple[int, str, int]
"""A kind, a unit (empty: none), and the instant `due`."""


def happened(before: TrackedTask | None, after: TrackedTask) -> Iterator[Happened]:
    """Yield what happened between two states of a task, one event apart."""
    yield from _single(before, after)
    yield from _completions(before, after)
    yield from _reports(before, after)


def record(position: int, found: Happened, shared: SharedValues) -> tuple[Any, ...]:
    """Return the record of what the event at a position did."""
    kind, unit, due = found
    return position, shared.unit(unit, position), kind, due


def _single(before: TrackedTask | None, after: TrackedTask) -> Iterator[Happened]:
    """Yield what has an instant alone."""
    new, old = after.moments, before.moments if before is not None else Moments()
    if new.opened != old.opened:
        yield OPENED, "", NEVER
    if new.returned is not None and new.returned != old.returned:
        yield RETURNED, "", NEVER
    if new.extended is not None and new.extended != old.extended:
        yield EXTENDED, "", NEVER
    if new.passed is not None and new.passed != old.passed:
        yield PASSED, "", NEVER


def _completions(before: TrackedTask | None, after: TrackedTask) -> Iterator[Happened]:
    """Yield submissions and closings, and those that no longer count."""
    new, old = after.moments, before.moments if before is not None else Moments()
    for unit in old.submitted.keys() | new.submitted.keys() if old.submitted is not new.submitted else ():
        completion = new.submitted.get(unit)
        if completion != old.submitted.get(unit):
            yield (SUBMITTED, unit, _due(completion)) if completion is not None else (WITHDRAWN, unit, NEVER)
    if new.closed != old.closed:
        yield (CLOSED, "", _due(new.closed)) if new.closed is not None else (REOPENED, "", NEVER)


def _reports(before: TrackedTask | None, after: TrackedTask) -> Iterator[Happened]:
    """Yield a report, and what each unit has reported latest where units came or went."""
    reported = after.moments.reported
    is_report = reported is not None and (before is None or before.moments.reported != reported)
    if before is not None and before.row.units is after.row.units:
        changed: list[tuple[str, datetime | None]] = []
    else:
        old = {part.unit: part.last_report_at for part in before.row.units} if before is not None else {}
        new = {part.unit: part.last_report_at for part in after.row.units}
        changed = [(unit, last) for unit, last in new.items() if last != old.get(unit)]
        changed += [(unit, None) for unit, last in old.items() if unit not in new and last is not None]
    for unit, last in changed:
        yield REPORTED if is_report else HANDED_OVER, unit, micros(last) if last is not None else NEVER
    if is_report and not changed:
        yield REPORTED, "", NEVER


def _due(completion: Completion) -> int:
    return micros(completion.due) if completion.due is not None else NEVER
