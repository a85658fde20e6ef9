"""Deadlines: clarified by the office, neared and passed by the ledger's clock. Pure."""

from typing import Annotated

from msgspec import Meta

from events.deadline import Deadline, DeadlineV1, DueInstant
from events.schema.base import FromAssigner, FromClock
from events.schema.texts import Reason


class DeadlineClarifiedV1(FromAssigner, frozen=True):
    """The office settles an ambiguous deadline, answers a triggered one, or corrects a reading; it starts afresh."""

    deadline: DeadlineV1
    reason: Reason


class DeadlineClarified(FromAssigner, frozen=True):
    """The office settles an ambiguous deadline, answers a triggered one, or corrects a reading; it starts afresh."""

    deadline: Deadline
    reason: Reason


class DeadlineNeared(FromClock, frozen=True):
    """The due instant is `days_left` days away. Only the ledger's clock adds this event."""

    due: DueInstant
    days_left: Annotated[int, Meta(ge=0, description="Days until `due`.", examples=[30])]


class DeadlinePassed(FromClock, frozen=True):
    """The due instant has passed: the task is overdue (逾期). Only the ledger's clock adds this event."""

    due: DueInstant
