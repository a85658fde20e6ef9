"""What happened to tasks that figures count by, as records of numbers: the changes of their moments. Pure.

The layout is a storage format: a change of it raises FORMAT (facts.py).
"""

from collections.abc import Iterator
from itertools import compress, count
from operator import is_not
from typing import Literal, NamedTuple, TypeAlias, get_args

import numpy as np

from services.status.moments import Completion, Moments
from services.status.past.table import Numbers
from services.status.row import TrackedTask
from services.status.turns import NEVER, micros

HAPPENING = np.dtype([("position", "<u4"), ("unit", "<u2"), ("kind", "u1"), ("due", "<i8")])
"""What an event did to its task: the event at the position has the task and the recorded instant (facts.py: EVENT).

`unit` is 0 for kinds that concern no single unit. `due` is the due instant that held at a submission or closing, and of
a report the unit's latest report in the task, by its source; NEVER stands for none.
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
"""The kind that each kind overrides: of those with one value, the last per task and unit counts."""

Happened: TypeAlias = tuple[int, str, int]
"""A kind, a unit (empty: none), and the instant `due`."""


class LastHappenings(NamedTuple):
    """Columns of happenings: their kinds, tasks and recorded instants, and the rest of their records."""

    kind: Numbers
    task: Numbers
    at: Numbers
    unit: Numbers
    due: Numbers

    def of(self, *kinds: int) -> "LastHappenings":
        """Return those of some kinds."""
        mask = np.isin(self.kind, kinds)
        return LastHappenings(*(column[mask] for column in self))


def happened(before: TrackedTask | None, after: TrackedTask) -> list[Happened]:
    """Return what happened between two states of a task, one event apart."""
    old, new = before.moments if before is not None else Moments(), after.moments
    if old is new:
        return []
    if before is not None and _is_report_alone(old, new):
        return [_report(before, after)]
    found = _reports(before, after, is_report=new.reported is not None and new.reported != old.reported)
    for kind, one, other in (
        (OPENED, new.opened, old.opened),
        (RETURNED, new.returned, old.returned),
        (EXTENDED, new.extended, old.extended),
        (PASSED, new.passed, old.passed),
    ):
        if one is not other and one != other:
            found.append((kind, "", NEVER))
    if new.submitted is not old.submitted or new.closed is not old.closed:
        found += _completions(old, new)
    return found


def _is_report_alone(old: Moments, new: Moments) -> bool:
    """Return whether a report is all that happened: most events are one, so members are not compared by value."""
    return (
        new.reported is not old.reported
        and new.submitted is old.submitted
        and new.closed is old.closed
        and new.opened is old.opened
        and new.returned is old.returned
        and new.extended is old.extended
        and new.passed is old.passed
    )


def _report(before: TrackedTask, after: TrackedTask) -> Happened:
    """Return a report, with its unit if it is the unit's latest: at most one part is another object than before."""
    old, new = before.row.units, after.row.units
    place = next(compress(count(), map(is_not, old, new)), None) if old is not new else None
    if place is None:
        return REPORTED, "", NEVER
    part, last = new[place], new[place].last_report_at
    if last is None or last == old[place].last_report_at:
        return REPORTED, "", NEVER
    return REPORTED, part.unit, micros(last)


def _completions(old: Moments, new: Moments) -> Iterator[Happened]:
    """Yield submissions and closings, and those that no longer count."""
    for unit in old.submitted.keys() | new.submitted.keys():
        completion = new.submitted.get(unit)
        if completion != old.submitted.get(unit):
            yield (SUBMITTED, unit, _due(completion)) if completion is not None else (WITHDRAWN, unit, NEVER)
    if new.closed != old.closed:
        yield (CLOSED, "", _due(new.closed)) if new.closed is not None else (REOPENED, "", NEVER)


def _reports(before: TrackedTask | None, after: TrackedTask, *, is_report: bool) -> list[Happened]:
    """Return a report, and what each unit has reported latest where units came or went."""
    old, new = before.row.units if before is not None else (), after.row.units
    if len(old) == len(new):  # in most cases the same parts, but for one: all are compared at the speed of C
        places = list(compress(range(len(new)), map(is_not, old, new)))
        old, new = tuple([old[place] for place in places]), tuple([new[place] for place in places])
    latest = {part.unit: part.last_report_at for part in old}
    kept = {part.unit for part in new}
    changed = [(part.unit, part.last_report_at) for part in new if part.last_report_at != latest.get(part.unit)]
    changed += [(unit, None) for unit, last in latest.items() if last is not None and unit not in kept]
    kind = REPORTED if is_report else HANDED_OVER
    found = [(kind, unit, micros(last) if last is not None else NEVER) for unit, last in changed]
    return found if changed or not is_report else [(REPORTED, "", NEVER)]


def _due(completion: Completion) -> int:
    return micros(completion.due) if completion.due is not None else NEVER
