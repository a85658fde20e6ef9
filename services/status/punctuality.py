"""How each event changes what a task remembers for the figures. Pure.

The due instant that held at a submission or closing is the one that the row showed before it, with one exception: a
recurring task that is late is judged by the occurrence that passed, although its row shows the next one.

    extension, clarification    judge what comes after them; an earlier submission keeps the due instant of its time
    returned, reopened          the submission, or all of them, no longer count
    reassigned                  a unit that stays keeps its submission, a successor gets it, a new lead has none
    an occurrence passes        earlier submissions were for earlier occurrences, and no longer count
    a step (milestone) passes   changes nothing: a completion is for the whole task, and judged by the step ahead of it
"""

from collections.abc import Mapping
from datetime import datetime
from typing import assert_never

from msgspec.structs import replace

from events import schema
from events.deadline import Recurring
from events.directory import Duties
from events.envelope import Event
from events.ledger import Ledger
from services.status.moments import Completion, Moments
from services.status.row import TaskRow, TrackedTask

NONE: Mapping[str, Completion] = {}


def remember(ledger: Ledger, task: TrackedTask | None, event: Event, after: TaskRow) -> Moments:
    """Return what a task remembers after an event, which changed its row to `after`."""
    now = event.at
    if task is None:
        return Moments(opened=now)
    before, moments = task.row, task.moments
    match event.data:
        case schema.ProgressReported() | schema.ProgressCorrected():
            return replace(moments, reported=now)
        case schema.CompletionSubmitted(unit=unit):
            submitted = {**moments.submitted, unit: Completion(now, due_held(before))}
            return replace(moments, submitted=submitted, reported=now)
        case schema.CompletionReturned(unit=unit):
            return replace(moments, submitted=_without(moments.submitted, unit), returned=now)
        case schema.TaskClosed():
            return replace(moments, closed=Completion(now, due_held(before)))
        case schema.TaskReopened():
            return replace(moments, closed=None, submitted=NONE)
        case schema.TaskReassigned():
            kept = _handed_over(ledger, event.data, event.time, before, moments.submitted)
            return replace(moments, submitted=_still_submitted(kept, after))
        case schema.ExtensionGranted():
            return replace(moments, extended=now)
        case schema.DeadlinePassed():
            recurs = isinstance(before.deadline, Recurring)
            return replace(moments, submitted=NONE if recurs else moments.submitted, passed=now)
        case schema.TaskAssigned():
            return replace(moments, opened=now, submitted=NONE, closed=None)
        case schema.TaskSigned() | schema.TaskUrged() | schema.AlertAcknowledged() | schema.Operation():
            return moments
        case schema.ExtensionRequested() | schema.ExtensionRefused():
            return moments
        case schema.DeadlineClarified() | schema.DeadlineNeared():
            return moments
        case _:
            assert_never(event.data)


def due_held(row: TaskRow) -> datetime | None:
    """Return the due instant by which a completion is judged that comes next."""
    late = row.overdue_since if isinstance(row.deadline, Recurring) else None
    return late or row.due


def _without(submitted: Mapping[str, Completion], unit: str) -> Mapping[str, Completion]:
    return {name: one for name, one in submitted.items() if name != unit}


def _handed_over(
    ledger: Ledger,
    data: schema.TaskReassigned,
    at: datetime,
    before: TaskRow,
    submitted: Mapping[str, Completion],
) -> Mapping[str, Completion]:
    """Return the submissions by the units that continue the parts of those that made them."""
    if not submitted:
        return submitted
    directory = ledger.directory
    duties = Duties(directory.leading(before.lead), {part.unit: part.role for part in before.units})
    kept = directory.handover(duties, directory.duties(data.lead, data.units), ledger.day(at)).kept
    return {kept[name]: one for name, one in submitted.items() if name in kept}


def _still_submitted(submitted: Mapping[str, Completion], row: TaskRow) -> Mapping[str, Completion]:
    """Return the submissions of units whose part is still submitted: not those of a unit that newly leads."""
    standing = {part.unit for part in row.units if part.state == "submitted"}
    return {name: one for name, one in submitted.items() if name in standing}
