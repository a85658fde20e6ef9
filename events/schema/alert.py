"""Alerts that a person takes on. Pure."""

from datetime import timedelta
from typing import Annotated

from msgspec import Meta

from events.deadline import Instant, check_year
from events.schema.base import FromNotify
from events.schema.texts import Name

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
