"""The life of a task: handed out, signed, urged, handed to others, closed. Pure."""

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta

from events.deadline import Deadline, DeadlineV1
from events.schema.base import FromAssigner, FromReporter
from events.schema.texts import Name, Reason, Text
from events.schema.units import AssignedUnits, Lead, UnitName, Units, check_lead

Outcome: TypeAlias = Annotated[
    Literal["implemented", "not-implemented", "cancelled"],
    Meta(description="How the task ended: done, not done, or called off.", examples=["implemented"]),
]
Title: TypeAlias = Annotated[
    Text,
    Meta(
        description="The task (工作任务), in the words of the plan.",
        examples=["全市至少建立两个规模化残疾人集中就业基地。"],
    ),
]
Plan: TypeAlias = Annotated[Name, Meta(description="The plan or table that the task comes from.", examples=["zj-2017"])]
LeadInferred: TypeAlias = Annotated[
    bool,
    Meta(
        description="True where no text names the lead, so that the first unit listed is taken for it.",
        examples=[True],
    ),
]
RowNumber: TypeAlias = Annotated[
    int, Meta(ge=0, le=1_000_000, description="Its number in the table (序号).", examples=[7])
]
Deliverable: TypeAlias = Annotated[
    Text, Meta(description="What there has to be in the end (成果).", examples=["两个集中就业基地"])
]


class TaskAssignedV1(FromAssigner, frozen=True):
    """A task (工作任务) is handed out (交办) to its units, with a deadline."""

    title: Title
    plan: Plan
    lead: Lead
    lead_inferred: LeadInferred
    units: Units
    deadline: DeadlineV1
    row: RowNumber | None = None
    deliverable: Deliverable | None = None

    def __post_init__(self) -> None:
        check_lead(self.lead, self.units)


class TaskAssigned(FromAssigner, frozen=True):
    """A task (工作任务) is handed out (交办) to its units, with a deadline."""

    title: Title
    plan: Plan
    lead: Lead
    lead_inferred: LeadInferred
    units: AssignedUnits
    deadline: Deadline
    row: RowNumber | None = None
    deliverable: Deliverable | None = None
    section: (
        Annotated[Text, Meta(description="The part of the table that it stands in.", examples=["一、社会保障"])] | None
    ) = None
    leader: Annotated[Text, Meta(description="The official who leads it (责任领导).", examples=["李四"])] | None = None

    def __post_init__(self) -> None:
        check_lead(self.lead, self.units)


class TaskSigned(FromReporter, frozen=True):
    """A unit has received its task and takes it on (签收); this changes no state."""

    unit: UnitName

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
        check_lead(self.lead, self.units)


class TaskUrged(FromAssigner, frozen=True):
    """The office reminds units of their task (催办)."""

    units: Annotated[
        tuple[Name, ...],
        Meta(min_length=1, max_length=200, description="Who is reminded; units of the task.", examples=[["市残联"]]),
    ]
    message: Annotated[Text, Meta(description="The message to them.", examples=["任务已逾期，请于一周内报送进展。"])]

    def units_named(self) -> tuple[str, ...]:
        return self.units
