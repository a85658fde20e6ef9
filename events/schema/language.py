"""The language: each type's tag with its struct, what older versions become, and which version is written. Pure."""

from collections.abc import Mapping
from typing import TypeAlias

from events.deadline import downcast, upcast
from events.schema.alert import AlertAcknowledged
from events.schema.base import Data
from events.schema.deadlines import DeadlineClarified, DeadlineClarifiedV1, DeadlineNeared, DeadlinePassed
from events.schema.extension import ExtensionGranted, ExtensionRefused, ExtensionRequested
from events.schema.operations import (
    ClockAcknowledged,
    ExportMade,
    KeyMade,
    LinkMade,
    LogEnded,
    LogRestored,
    LogTrimmed,
    LossAcknowledged,
    RecordTrimmed,
    RowsRebuilt,
    RulesChanged,
    SessionEnded,
    SessionStarted,
    SignInsFailed,
    TokenMade,
    TokenRevoked,
)
from events.schema.progress import CompletionReturned, CompletionSubmitted, ProgressCorrected, ProgressReported
from events.schema.task import (
    TaskAssigned,
    TaskAssignedV1,
    TaskClosed,
    TaskReassigned,
    TaskReopened,
    TaskSigned,
    TaskUrged,
)
from events.schema.units import Unit, person_of
from events.upcast import Language, Reader, Upcaster

OperationData: TypeAlias = (
    SessionStarted
    | SignInsFailed
    | LinkMade
    | TokenMade
    | TokenRevoked
    | RulesChanged
    | ExportMade
    | LossAcknowledged
    | KeyMade
    | RowsRebuilt
    | LogRestored
    | LogTrimmed
    | LogEnded
    | ClockAcknowledged
    | SessionEnded
    | RecordTrimmed
)
"""What the ledger `ops` has."""

EventData: TypeAlias = (
    OperationData
    | TaskAssigned
    | TaskSigned
    | ProgressReported
    | ProgressCorrected
    | CompletionSubmitted
    | CompletionReturned
    | TaskClosed
    | TaskReopened
    | TaskReassigned
    | TaskUrged
    | ExtensionRequested
    | ExtensionGranted
    | ExtensionRefused
    | DeadlineClarified
    | AlertAcknowledged
    | DeadlineNeared
    | DeadlinePassed
)


def _assigned(data: TaskAssignedV1) -> TaskAssigned:
    """Return an assignment of the first version in the form of the second, which names no persons."""
    return TaskAssigned(
        data.title,
        data.plan,
        data.lead,
        data.lead_inferred,
        data.units,
        upcast(data.deadline),
        data.row,
        data.deliverable,
    )


def _clarified(data: DeadlineClarifiedV1) -> DeadlineClarified:
    """Return a clarification of the first version in the form of the second."""
    return DeadlineClarified(upcast(data.deadline), data.reason)


def oldest(data: EventData) -> Data:
    """Return data in the oldest version that can say them, which every reader of the log has known the longest.

    `section` and `leader` of an assignment are extension attributes there.
    """
    match data:
        case TaskAssigned(units=units, deadline=deadline):
            before = downcast(deadline)
            if before is None or any(person_of(unit) is not None for unit in units):
                return data
            plain = tuple(Unit(unit.name, unit.role, unit.group, unit.open) for unit in units)
            members = (data.title, data.plan, data.lead, data.lead_inferred, plain, before, data.row, data.deliverable)
            return TaskAssignedV1(*members)
        case DeadlineClarified(deadline=deadline, reason=reason):
            before = downcast(deadline)
            return data if before is None else DeadlineClarifiedV1(before, reason)
        case _:
            return data


UPCASTERS: Mapping[str, Upcaster] = {
    "duban.task.assigned.v1": _assigned,
    "duban.deadline.clarified.v1": _clarified,
}

LANGUAGE = Language(
    {
        "duban.task.assigned.v1": TaskAssignedV1,
        "duban.task.assigned.v2": TaskAssigned,
        "duban.task.signed.v1": TaskSigned,
        "duban.progress.reported.v1": ProgressReported,
        "duban.progress.corrected.v1": ProgressCorrected,
        "duban.completion.submitted.v1": CompletionSubmitted,
        "duban.completion.returned.v1": CompletionReturned,
        "duban.task.closed.v1": TaskClosed,
        "duban.task.reopened.v1": TaskReopened,
        "duban.task.reassigned.v1": TaskReassigned,
        "duban.task.urged.v1": TaskUrged,
        "duban.extension.requested.v1": ExtensionRequested,
        "duban.extension.granted.v1": ExtensionGranted,
        "duban.extension.refused.v1": ExtensionRefused,
        "duban.deadline.clarified.v1": DeadlineClarifiedV1,
        "duban.deadline.clarified.v2": DeadlineClarified,
        "duban.alert.acknowledged.v1": AlertAcknowledged,
        "duban.deadline.neared.v1": DeadlineNeared,
        "duban.deadline.passed.v1": DeadlinePassed,
        "duban.ops.session.started.v1": SessionStarted,
        "duban.ops.session.failed.v1": SignInsFailed,
        "duban.ops.link.made.v1": LinkMade,
        "duban.ops.token.made.v1": TokenMade,
        "duban.ops.token.revoked.v1": TokenRevoked,
        "duban.ops.rules.changed.v1": RulesChanged,
        "duban.ops.export.made.v1": ExportMade,
        "duban.ops.loss.accepted.v1": LossAcknowledged,
        "duban.ops.key.made.v1": KeyMade,
        "duban.ops.rows.rebuilt.v1": RowsRebuilt,
        "duban.ops.log.restored.v1": LogRestored,
        "duban.ops.log.trimmed.v1": LogTrimmed,
        "duban.ops.log.ended.v1": LogEnded,
        "duban.ops.clock.accepted.v1": ClockAcknowledged,
        "duban.ops.session.ended.v1": SessionEnded,
        "duban.ops.record.trimmed.v1": RecordTrimmed,
    },
    UPCASTERS,
)
"""The types that are accepted and read. ARCHITECTURE.md describes how to change a shape."""

TYPES: Mapping[str, type[Data]] = LANGUAGE.types

NAMES: Mapping[type[Data], str] = LANGUAGE.names

SUBMITTED: tuple[str, ...] = tuple(name for name, data in TYPES.items() if data.speaker in {"assigner", "reporter"})
"""The types that a ledger's sources may submit."""

OPERATIONS: tuple[str, ...] = tuple(name for name, data in TYPES.items() if data.speaker == "operations")
"""The types of the ledger `ops`, and of no other."""

OF_TASKS: tuple[str, ...] = tuple(name for name in TYPES if name not in OPERATIONS)
"""The types of every other ledger."""

DECODERS: Mapping[str, Reader] = LANGUAGE.decoders

CONVERTERS: Mapping[str, Reader] = LANGUAGE.converters
