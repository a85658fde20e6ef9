"""The event types: one frozen struct for the `data` member of each. Pure.

The type tags in `TYPES` are a storage format: they are in every stored event and are never renamed. A struct never
changes shape either; a new shape is a new version next to the old one, with an upcaster.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType

from events.deadline import (
    Deadline,
    DeadlineV1,
    DueInstant,
    Instant,
    Percent,
    check_year,
    downcast,
    upcast,
)
from events.upcast import Language, Reader

Text: TypeAlias = Annotated[str, Meta(min_length=1, max_length=20_000)]
Name: TypeAlias = Annotated[str, Meta(min_length=1, max_length=200)]
Speaker: TypeAlias = Literal["assigner", "reporter", "notify"]
Role: TypeAlias = Annotated[
    Literal["lead", "cooperating"], Meta(description="牵头 (lead) or 配合 (cooperating).", examples=["lead"])
]
Outcome: TypeAlias = Annotated[
    Literal["implemented", "not-implemented", "cancelled"],
    Meta(description="How the task ended: done, not done, or called off.", examples=["implemented"]),
]


class Unit(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A unit (责任单位) as the text names it; a `group` stands for several, an `open` one for unnamed ones."""

    name: Annotated[Name, Meta(description="The name, as the text has it.", examples=["市残联"])]
    role: Role = "cooperating"
    group: Annotated[bool, Meta(description="Stands for the members of a group (各县（市、区）政府).")] = False
    open: Annotated[bool, Meta(description="Stands for units that the text leaves open (等有关部门).")] = False


class AssignedUnit(Unit, frozen=True, gc=False):
    """A unit (责任单位) as an assignment names it, with its person in charge (责任人) where the text names one."""

    person: Annotated[Name, Meta(description="Its person in charge (责任人).", examples=["张三"])] | UnsetType = UNSET


class Evidence(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """A document that backs a report; `sha256` is the lower-case hex digest of its bytes."""

    name: Annotated[Name, Meta(description="What the document is called.", examples=["挂牌照片.jpg"])]
    url: (
        Annotated[
            str,
            Meta(
                max_length=2_000,
                description="Where it can be fetched.",
                examples=["https://example.org/evidence/07-1.jpg"],
            ),
        ]
        | None
    ) = None
    sha256: (
        Annotated[
            str,
            Meta(
                pattern="^[0-9a-f]{64}$",
                max_length=64,
                description="SHA-256 of its bytes, in hex of lower-case letters.",
            ),
        ]
        | None
    ) = None


# Members of several types, as the published contract describes them; their examples make up the example of a type.

UnitName: TypeAlias = Annotated[
    Name, Meta(description="A unit (责任单位), by a name the ledger's directory knows.", examples=["市残联"])
]
Lead: TypeAlias = Annotated[
    Name,
    Meta(
        description="The lead unit (牵头单位); it has to be among `units`, with the role `lead`.", examples=["市残联"]
    ),
]
Units: TypeAlias = Annotated[
    tuple[Unit, ...],
    Meta(
        min_length=1,
        max_length=200,
        description="All units of the task (责任单位), the lead included; none may be named twice.",
        examples=[
            [
                {"name": "市残联", "role": "lead", "group": False, "open": False},
                {"name": "各县（市、区）政府", "role": "cooperating", "group": True, "open": False},
            ]
        ],
        extra_json_schema={
            "uniqueItems": True,
            "contains": {"type": "object", "properties": {"role": {"const": "lead"}}, "required": ["role"]},
        },
    ),
]
if TYPE_CHECKING:
    AssignedUnits: TypeAlias = tuple[Unit, ...]  # those of the first version stay units without persons
else:
    AssignedUnits: TypeAlias = Annotated[
        tuple[AssignedUnit, ...],
        Meta(
            min_length=1,
            max_length=200,
            description="All units of the task (责任单位), the lead included; none may be named twice.",
            examples=[
                [
                    {"name": "市残联", "role": "lead", "group": False, "open": False, "person": "张三"},
                    {"name": "各县（市、区）政府", "role": "cooperating", "group": True, "open": False},
                ]
            ],
            extra_json_schema={
                "uniqueItems": True,
                "contains": {"type": "object", "properties": {"role": {"const": "lead"}}, "required": ["role"]},
            },
        ),
    ]
Reason: TypeAlias = Annotated[Text, Meta(description="Why; for readers of the history.", examples=["材料补齐。"])]
Summary: TypeAlias = Annotated[
    Text, Meta(description="What has been done.", examples=["廉江市就业基地已挂牌，安置残疾人46名。"])
]
Done: TypeAlias = Annotated[
    Percent, Meta(description="How much of the task is done, in per cent; left out where nobody has measured it.")
]
Problems: TypeAlias = Annotated[
    Text, Meta(description="What stands in the way.", examples=["第二个基地的场地尚未落实。"])
]
Documents: TypeAlias = Annotated[
    tuple[Evidence, ...],
    Meta(description="Documents that back the report; may be empty.", examples=[[{"name": "挂牌照片.jpg"}]]),
]
RequestId: TypeAlias = Annotated[
    Name,
    Meta(description="The `id` of the open duban.extension.requested.v1 that is answered.", examples=["request-07-2"]),
]


class Data(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """The base of every event's `data`: frozen, and an unknown member is an error.

    `speaker` is the role of the sources that submit it, `notify` if only notify does; None if only the ledger's clock
    adds it.
    """

    speaker: ClassVar[Speaker | None]

    def units_named(self) -> tuple[str, ...]:
        """Return the units that the event is about, which need a duty in the task; none if it is about the task."""
        return ()


class FromAssigner(Data, frozen=True):
    """Submitted by the office (交办单位)."""

    speaker = "assigner"


class FromReporter(Data, frozen=True):
    """Submitted by or for a unit (责任单位)."""

    speaker = "reporter"


class FromNotify(Data, frozen=True):
    """Submitted by notify, on behalf of a person who is signed in or follows a link."""

    speaker = "notify"


class FromClock(Data, frozen=True):
    """Added by the ledger's clock."""

    speaker = None


class TaskAssignedV1(FromAssigner, frozen=True):
    """A task (工作任务) is handed out (交办) to its units, with a deadline."""

    title: Annotated[
        Text,
        Meta(
            description="The task (工作任务), in the words of the plan.",
            examples=["全市至少建立两个规模化残疾人集中就业基地。"],
        ),
    ]
    plan: Annotated[Name, Meta(description="The plan or table that the task comes from.", examples=["zj-2017"])]
    lead: Lead
    lead_inferred: Annotated[
        bool,
        Meta(
            description="True where no text names the lead, so that the first unit listed is taken for it.",
            examples=[True],
        ),
    ]
    units: Units
    deadline: DeadlineV1
    row: (
        Annotated[int, Meta(ge=0, le=1_000_000, description="Its number in the table (序号).", examples=[7])] | None
    ) = None
    deliverable: (
        Annotated[Text, Meta(description="What there has to be in the end (成果).", examples=["两个集中就业基地"])]
        | None
    ) = None

    def __post_init__(self) -> None:
        _lead_among(self.lead, self.units)


class TaskAssigned(FromAssigner, frozen=True):
    """A task (工作任务) is handed out (交办) to its units, with a deadline."""

    title: Annotated[
        Text,
        Meta(
            description="The task (工作任务), in the words of the plan.",
            examples=["全市至少建立两个规模化残疾人集中就业基地。"],
        ),
    ]
    plan: Annotated[Name, Meta(description="The plan or table that the task comes from.", examples=["zj-2017"])]
    lead: Lead
    lead_inferred: Annotated[
        bool,
        Meta(
            description="True where no text names the lead, so that the first unit listed is taken for it.",
            examples=[True],
        ),
    ]
    units: AssignedUnits
    deadline: Deadline
    row: (
        Annotated[int, Meta(ge=0, le=1_000_000, description="Its number in the table (序号).", examples=[7])] | None
    ) = None
    deliverable: (
        Annotated[Text, Meta(description="What there has to be in the end (成果).", examples=["两个集中就业基地"])]
        | None
    ) = None

    section: (
        Annotated[Text, Meta(description="The part of the table that it stands in.", examples=["一、社会保障"])] | None
    ) = None
    leader: Annotated[Text, Meta(description="The official who leads it (责任领导).", examples=["李四"])] | None = None

    def __post_init__(self) -> None:
        _lead_among(self.lead, self.units)


class TaskSigned(FromReporter, frozen=True):
    """A unit has received its task and takes it on (签收); this changes no state."""

    unit: UnitName

    def units_named(self) -> tuple[str, ...]:
        return (self.unit,)


class ProgressReported(FromReporter, frozen=True):
    """A unit reports progress (进展反馈); a task's first report makes it `in-progress`."""

    unit: UnitName
    summary: Summary
    percent: Done | None = None
    problems: Problems | None = None
    evidence: Documents = ()

    def units_named(self) -> tuple[str, ...]:
        return (self.unit,)


class ProgressCorrected(FromReporter, frozen=True):
    """A unit corrects one of its reports, with all members of the report again."""

    report: Annotated[Name, Meta(description="The `id` of the report that is corrected.", examples=["report-07-1"])]
    reason: Reason
    unit: UnitName
    summary: Summary
    percent: Done | None = None
    problems: Problems | None = None
    evidence: Documents = ()

    def units_named(self) -> tuple[str, ...]:
        return (self.unit,)


class CompletionSubmitted(FromReporter, frozen=True):
    """A unit reports its part as done (办结); from the lead this makes the task `submitted`."""

    unit: UnitName
    summary: Summary
    evidence: Documents = ()

    def units_named(self) -> tuple[str, ...]:
        return (self.unit,)


class CompletionReturned(FromAssigner, frozen=True):
    """The office sends a unit's completion back (退回): it is not enough."""

    unit: UnitName
    reason: Reason

    def units_named(self) -> tuple[str, ...]:
        return (self.unit,)


class TaskClosed(FromAssigner, frozen=True):
    """The office closes the task (销号); after that only duban.task.reopened.v1 is accepted."""

    outcome: Outcome
    reason: Reason | None = None


class TaskReopened(FromAssigner, frozen=True):
    """The office opens a closed task again: it is `in-progress`."""

    reason: Reason


class TaskReassigned(FromAssigner, frozen=True):
    """The task gets another lead or other units, also after a merger or renaming; what was reported stays."""

    lead: Lead
    units: Units
    reason: Reason

    def __post_init__(self) -> None:
        _lead_among(self.lead, self.units)


class TaskUrged(FromAssigner, frozen=True):
    """The office reminds units of their task (催办)."""

    units: Annotated[
        tuple[Name, ...],
        Meta(min_length=1, max_length=200, description="Who is reminded; units of the task.", examples=[["市残联"]]),
    ]
    message: Annotated[Text, Meta(description="The message to them.", examples=["任务已逾期，请于一周内报送进展。"])]

    def units_named(self) -> tuple[str, ...]:
        return self.units


class ExtensionRequested(FromReporter, frozen=True):
    """A unit asks for more time (延期): before the due instant, and one request at a time."""

    unit: UnitName
    reason: Reason
    proposed_due: Annotated[
        Instant,
        Meta(
            description="The due instant asked for; exclusive: late from that instant on.",
            examples=["2019-02-01T00:00:00+08:00"],
        ),
    ]

    def __post_init__(self) -> None:
        check_year(self.proposed_due)

    def units_named(self) -> tuple[str, ...]:
        return (self.unit,)


class ExtensionGranted(FromAssigner, frozen=True):
    """The office grants an extension (延期): the deadline is fixed to the new due instant."""

    request_id: RequestId
    due: DueInstant | None = None  # the proposed one, if not given

    def __post_init__(self) -> None:
        check_year(self.due)


class ExtensionRefused(FromAssigner, frozen=True):
    """The office refuses an extension; the deadline stays."""

    request_id: RequestId
    reason: Reason


class DeadlineClarifiedV1(FromAssigner, frozen=True):
    """The office settles an ambiguous deadline, answers a triggered one, or corrects a reading; it starts afresh."""

    deadline: DeadlineV1
    reason: Reason


class DeadlineClarified(FromAssigner, frozen=True):
    """The office settles an ambiguous deadline, answers a triggered one, or corrects a reading; it starts afresh."""

    deadline: Deadline
    reason: Reason


ACKNOWLEDGED_MOST = timedelta(days=14)
"""After the time of an acknowledgement, until which it lasts at most: what takes longer is acknowledged again."""


class AlertAcknowledged(FromNotify, frozen=True):
    """A person takes on an alert (确认); its escalation rests until then, and no state changes."""

    alert: Annotated[Name, Meta(description="The `id` of the alert.", examples=["0f8a2c41d97be6335a1c04d2"])]
    by: Annotated[Name, Meta(description="Who takes it on: a name as it was typed.", examples=["李明"])]
    word: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=500,
            description="What is being done, in a few words.",
            examples=["已联系，周五前报"],
        ),
    ]
    until: Annotated[
        Instant,
        Meta(
            description="Until when nobody further is alerted; after `time`, by 14 days at most.",
            examples=["2018-04-06T18:00:00+08:00"],
        ),
    ]

    def __post_init__(self) -> None:
        check_year(self.until)


class DeadlineNeared(FromClock, frozen=True):
    """The due instant is `days_left` days away. Only the ledger's clock adds this event."""

    due: DueInstant
    days_left: Annotated[int, Meta(ge=0, description="Days until `due`.", examples=[30])]


class DeadlinePassed(FromClock, frozen=True):
    """The due instant has passed: the task is overdue (逾期). Only the ledger's clock adds this event."""

    due: DueInstant


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
    | AlertAcknowledged
    | DeadlineNeared
    | DeadlinePassed
)


def person_of(unit: Unit) -> str | None:
    """Return a unit's person in charge; None where none is named."""
    return unit.person if isinstance(unit, AssignedUnit) and unit.person is not UNSET else None


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
    },
    upcasters={"duban.task.assigned.v1": _assigned, "duban.deadline.clarified.v1": _clarified},
)
"""The types that are accepted and read. ARCHITECTURE.md describes how to change a shape."""

TYPES: Mapping[str, type[Data]] = LANGUAGE.types

NAMES: Mapping[type[Data], str] = LANGUAGE.names

SUBMITTED: tuple[str, ...] = tuple(name for name, data in TYPES.items() if data.speaker in {"assigner", "reporter"})
"""The types that a ledger's sources may submit."""

DECODERS: Mapping[str, Reader] = LANGUAGE.decoders

CONVERTERS: Mapping[str, Reader] = LANGUAGE.converters


def _lead_among(lead: str, units: tuple[Unit, ...]) -> None:
    names = [unit.name for unit in units]
    if len(set(names)) != len(names):
        raise ValueError("a unit is named twice in units")
    if not any(unit.name == lead and unit.role == "lead" for unit in units):
        raise ValueError(f"lead {lead!r} is not among units with the role 'lead'")
