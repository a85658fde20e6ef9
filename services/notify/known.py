"""What was known of alerts at a moment: those that had arisen, their attempts and acknowledgements by then. Pure."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from services.notify.acks import Ack
from services.notify.alerts import Alert
from services.notify.deliveries import Delivery, Digest, PartDelivery
from services.notify.retries import state_between


class KnownMoment(Struct, frozen=True):
    """A moment by the events up to a `position`, and by what time and deliveries had done at an instant; None: all."""

    position: int | None = None
    at: datetime | None = None

    def has(self, alert: Alert) -> bool:
        """Return whether an alert had arisen."""
        if self.at is not None and alert.at > self.at:
            return False
        return self.position is None or all(cause <= self.position for cause in alert.causes)

    def acks(self, acks: Sequence[Ack]) -> tuple[Ack, ...]:
        """Return those acknowledgements that had been recorded."""
        return tuple(
            ack
            for ack in acks
            if (self.position is None or ack.position <= self.position) and (self.at is None or ack.at <= self.at)
        )


PRESENT = KnownMoment()


def digest_at(digest: Digest, moment: KnownMoment) -> Digest:
    """Return a digest with the attempts that had been made, and the states that they had led to."""
    at = moment.at
    if at is None or digest.deliveries is None:
        return digest
    if at < digest.closes:
        return replace(digest, deliveries=None, dropped=())
    return replace(digest, deliveries=tuple(_delivery_at(one, at) for one in digest.deliveries))


def _delivery_at(delivery: Delivery, at: datetime) -> Delivery:
    return replace(delivery, parts=tuple(_part_at(part, at) for part in delivery.parts))


def _part_at(part: PartDelivery, at: datetime) -> PartDelivery:
    made = tuple(attempt for attempt in part.attempts if attempt.at <= at)
    return part if len(made) == len(part.attempts) else replace(part, state=state_between(made), attempts=made)
