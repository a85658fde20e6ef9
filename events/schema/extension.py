"""More time: requested, granted, refused. Pure."""

from typing import Annotated

from msgspec import Meta

from events.deadline import DueInstant, Instant, check_year
from events.schema.base import FromAssigner, FromReporter
from events.schema.texts import Reason, RequestId
from events.schema.units import UnitName


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
