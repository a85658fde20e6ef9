"""What can happen to a task: one frozen struct per event type, for the `data` member.

The type tags in `TYPES` are a storage format: they are in every stored event and are never renamed. A struct never
changes shape either; a new shape is a new version beside the old one, with an upcaster.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct

from events.deadline import Deadline, Instant, Percent, check_year

Text: TypeAlias = Annotated[str, Meta(min_length=1, max_length=20_000)]
Name: TypeAlias = Annotated[str, Meta(min_length=1, max_length=200)]
Role: TypeAlias = Literal["lead", "cooperating"]
Outcome: TypeAlias = Literal["implemented", "not-implemented", "cancelled"]


class Unit(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A unit (责任单位) as the text names it; a `group` stands for several, an `open` one for unnamed ones."""

    name: Name
    role: Role = "cooperating"
    group: bool = False
    open: bool = False


class Evidence(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """A document that backs a report; `sha256` is the lower-case hex digest of its bytes."""

    name: Name
    url: Annotated[str, Meta(max_length=2_000)] | None = None
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$", max_length=64)] | None = None


class Data(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """The base of every event's `data`: frozen, and an unknown member is an error."""


class TaskAssigned(Data, frozen=True):
    title: Text
    plan: Name
    lead: Name
    lead_inferred: bool
    units: Annotated[tuple[Unit, ...], Meta(min_length=1, max_length=200)]
    deadline: Deadline
    row: Annotated[int, Meta(ge=0, le=1_000_000)] | None = None
    deliverable: Text | None = None

    def __post_init__(self) -> None:
        _lead_among(self.lead, self.units)


class TaskSigned(Data, frozen=True):
    unit: Name


class ProgressReported(Data, frozen=True):
    unit: Name
    summary: Text
    percent: Percent | None = None
    problems: Text | None = None
    evidence: tuple[Evidence, ...] = ()


class ProgressCorrected(Data, frozen=True):
    report: Name
    reason: Text
    unit: Name
    summary: Text
    percent: Percent | None = None
    problems: Text | None = None
    evidence: tuple[Evidence, ...] = ()


class CompletionSubmitted(Data, frozen=True):
    unit: Name
    summary: Text
    evidence: tuple[Evidence, ...] = ()


class CompletionReturned(Data, frozen=True):
    unit: Name
    reason: Text


class TaskClosed(Data, frozen=True):
    outcome: Outcome
    reason: Text | None = None


class TaskReopened(Data, frozen=True):
    reason: Text


class TaskReassigned(Data, frozen=True):
    lead: Name
    units: Annotated[tuple[Unit, ...], Meta(min_length=1, max_length=200)]
    reason: Text

    def __post_init__(self) -> None:
        _lead_among(self.lead, self.units)


class TaskUrged(Data, frozen=True):
    units: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=200)]
    message: Text


class ExtensionRequested(Data, frozen=True):
    unit: Name
    reason: Text
    proposed_due: Instant

    def __post_init__(self) -> None:
        check_year(self.proposed_due)


class ExtensionGranted(Data, frozen=True):
    request_id: Name
    due: Instant | None = None  # the proposed one, if not given

    def __post_init__(self) -> None:
        check_year(self.due)


class ExtensionRefused(Data, frozen=True):
    request_id: Name
    reason: Text


class DeadlineClarified(Data, frozen=True):
    deadline: Deadline
    reason: Text


class DeadlineNeared(Data, frozen=True):
    due: Instant
    days_left: Annotated[int, Meta(ge=0)]


class DeadlinePassed(Data, frozen=True):
    due: Instant


EventData: TypeAlias = (
    TaskAssigned
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
    | DeadlineNeared
    | DeadlinePassed
)

TYPES: Mapping[str, type[EventData]] = MappingProxyType(
    {
        "duban.task.assigned.v1": TaskAssigned,
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
        "duban.deadline.clarified.v1": DeadlineClarified,
        "duban.deadline.neared.v1": DeadlineNeared,
        "duban.deadline.passed.v1": DeadlinePassed,
    }
)

NAMES: Mapping[type[EventData], str] = MappingProxyType({data: name for name, data in TYPES.items()})

DECODERS: Mapping[str, msgspec.json.Decoder[EventData]] = MappingProxyType(
    {name: msgspec.json.Decoder(data) for name, data in TYPES.items()}
)


def _lead_among(lead: str, units: tuple[Unit, ...]) -> None:
    names = [unit.name for unit in units]
    if len(set(names)) != len(names):
        raise ValueError("a unit is named twice in units")
    if not any(unit.name == lead and unit.role == "lead" for unit in units):
        raise ValueError(f"lead {lead!r} is not among units with the role 'lead'")
