"""What units report: progress, corrections, completion; and completion sent back. Pure."""

from typing import Annotated, TypeAlias

from msgspec import Meta, Struct

from events.schema.base import FromAssigner, FromReporter
from events.schema.texts import Done, Name, Problems, Reason, Summary
from events.schema.units import UnitName


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


Documents: TypeAlias = Annotated[
    tuple[Evidence, ...],
    Meta(description="Documents that back the report; may be empty.", examples=[[{"name": "挂牌照片.jpg"}]]),
]


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
