"""The event types: one frozen struct for the `data` member of each. Pure.

The type tags in `TYPES` are a storage format: they are in every stored event and are never renamed. A struct never
changes shape either; a new shape is a new version next to the old one, with an upcaster.
"""

from events.schema.alert import ACKNOWLEDGED_MOST, AlertAcknowledged
from events.schema.base import FromReporter
from events.schema.deadlines import DeadlineClarified, DeadlineNeared, DeadlinePassed
from events.schema.extension import ExtensionGranted, ExtensionRefused, ExtensionRequested
from events.schema.language import (
    CONVERTERS,
    DECODERS,
    LANGUAGE,
    NAMES,
    OF_TASKS,
    OPERATIONS,
    SUBMITTED,
    TYPES,
    EventData,
    OperationData,
    oldest,
)
from events.schema.operations import (
    ExportMade,
    KeyMade,
    LinkMade,
    LogRestored,
    LogTrimmed,
    LossAcknowledged,
    Operation,
    RecordTrimmed,
    RowsRebuilt,
    RulesChanged,
    SessionStarted,
    SignInsFailed,
    TokenMade,
    TokenRevoked,
)
from events.schema.progress import (
    CompletionReturned,
    CompletionSubmitted,
    Evidence,
    ProgressCorrected,
    ProgressReported,
)
from events.schema.task import (
    Outcome,
    TaskAssigned,
    TaskAssignedV1,
    TaskClosed,
    TaskReassigned,
    TaskReopened,
    TaskSigned,
    TaskUrged,
)
from events.schema.texts import Name, Summary, Text
from events.schema.units import AssignedUnit, Role, Unit, UnitName, person_of

__all__ = [
    "ACKNOWLEDGED_MOST",
    "CONVERTERS",
    "DECODERS",
    "LANGUAGE",
    "NAMES",
    "OF_TASKS",
    "OPERATIONS",
    "SUBMITTED",
    "TYPES",
    "AlertAcknowledged",
    "AssignedUnit",
    "CompletionReturned",
    "CompletionSubmitted",
    "DeadlineClarified",
    "DeadlineNeared",
    "DeadlinePassed",
    "EventData",
    "Evidence",
    "ExportMade",
    "ExtensionGranted",
    "ExtensionRefused",
    "ExtensionRequested",
    "FromReporter",
    "KeyMade",
    "LinkMade",
    "LogRestored",
    "LogTrimmed",
    "LossAcknowledged",
    "Name",
    "Operation",
    "OperationData",
    "Outcome",
    "ProgressCorrected",
    "ProgressReported",
    "RecordTrimmed",
    "Role",
    "RowsRebuilt",
    "RulesChanged",
    "SessionStarted",
    "SignInsFailed",
    "Summary",
    "TaskAssigned",
    "TaskAssignedV1",
    "TaskClosed",
    "TaskReassigned",
    "TaskReopened",
    "TaskSigned",
    "TaskUrged",
    "Text",
    "TokenMade",
    "TokenRevoked",
    "Unit",
    "UnitName",
    "oldest",
    "person_of",
]
