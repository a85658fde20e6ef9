"""Alerts as clients read them: with their state, and the deliveries of the digest that has them."""

from collections.abc import Sequence
from datetime import datetime, tzinfo

from msgspec import Struct
from msgspec.structs import asdict

from events.ledger import Ledger
from events.local import local
from services.notify.acks import Ack, Means
from services.notify.deliveries import Attempt, DeliveryState, State
from services.notify.store import AlertStatus
from services.notify.words.shown import ShownAlert, shown


class PartView(Struct, frozen=True):
    """One message of a delivery, by its number, with every attempt to send it."""

    part: int
    state: DeliveryState
    attempts: tuple[Attempt, ...]


class DeliveryView(Struct, frozen=True):
    """The delivery of an alert's digest on one channel; `channel` names it without its secrets.

    `attempts` are those of all its parts, `parts` has each part's own.
    """

    channel: str
    state: DeliveryState
    attempts: tuple[Attempt, ...]
    parts: tuple[PartView, ...]


class AckView(Struct, frozen=True):
    """Who acknowledged an alert: a typed name, a word, and until when its escalation rests.

    `means` is by a session or token of `source`, or by the link in a message. `at` is when it was recorded, at
    `position` of the log.
    """

    by: str
    word: str
    until: datetime
    at: datetime
    means: Means
    source: str | None
    position: int


class AlertView(ShownAlert, frozen=True, kw_only=True):
    """An alert in words, its state, its digest and that digest's deliveries, and who acknowledged it.

    `dropped` is why it was not sent.
    """

    state: State
    digest: str | None
    dropped: str | None
    deliveries: tuple[DeliveryView, ...]
    acks: tuple[AckView, ...]


class AlertPage(Struct, frozen=True):
    """One page of alerts, and the cursor of the next page."""

    items: list[AlertView]
    next: str | None


def view(ledger: Ledger, status: AlertStatus, acks: Sequence[Ack]) -> AlertView:
    """Return an alert as clients read it; `acks` are the acknowledgements of its task.

    One that was dropped is in no message, whatever became of its digest's other alerts.
    """
    digest = status.digest
    dropped = dict(digest.dropped).get(status.alert.id) if digest is not None else None
    return AlertView(
        **asdict(shown(ledger, status.alert)),
        state=status.state,
        digest=digest.id if digest is not None else None,
        dropped=dropped,
        deliveries=tuple(
            DeliveryView(
                delivery.shown,
                delivery.state,
                tuple(sorted((one for part in delivery.parts for one in part.attempts), key=lambda one: one.at)),
                tuple(PartView(number, part.state, part.attempts) for number, part in enumerate(delivery.parts, 1)),
            )
            for delivery in (digest.deliveries or () if digest is not None and dropped is None else ())
        ),
        acks=tuple(_ack(ack, ledger.zone) for ack in acks if ack.alert == status.alert.id),
    )


def _ack(ack: Ack, zone: tzinfo) -> AckView:
    until, at = local(ack.until, zone), local(ack.at, zone)
    return AckView(ack.by, ack.word, until, at, ack.means, ack.source or None, ack.position)
