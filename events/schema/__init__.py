"""The event types: one frozen struct for the `data` member of each. Pure.

The type tags in `TYPES` are a storage format: they are in every stored event and are never renamed. A struct never
changes shape either; a new shape is a new version next to the old one, with an upcaster.
"""

from events.schema.alert import ACKNOWLEDGED_MOST, AlertAcknowledged
from events.schema.base import FromReporter
from events.schema.deadlines import DeadlineClarified, DeadlineNeared, DeadlinePassed
from events.schema.extension import ExtensionGranted, ExtensionRefused, ExtensionRequested
from events.schema.language import CONVERTERS, DECODERS, LANGUAGE, NAMES, SUBMITTED, TYPES, EventData, oldest
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
    "ExtensionGranted",
    "ExtensionRefused",
    "ExtensionRequested",
    "FromReporter",
    "Name",
    "Outcome",
    "ProgressCorrected",
    "ProgressReported",
    "Role",
    "Summary",
    "TaskAssigned",
    "TaskAssignedV1",
    "TaskClosed",
    "TaskReassigned",
    "TaskReopened",
    "TaskSigned",
    "TaskUrged",
    "Text",
    "Unit",
    "UnitName",
    "oldest",
    "person_of",
]
