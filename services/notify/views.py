"""Alerts as clients read them: with their state, and the deliveries of the digest that has them."""

from msgspec import Struct
from msgspec.structs import asdict

from events.ledger import Ledger
from services.notify.deliveries import Attempt, DeliveryState, State
from services.notify.store import AlertStatus
from services.notify.words.shown import ShownAlert, shown


class DeliveryView(Struct, frozen=True):
    """The delivery of an alert's digest on one channel; `channel` names it without its secrets."""

    channel: str
    state: DeliveryState
    attempts: tuple[Attempt, ...]


class AlertView(ShownAlert, frozen=True):
    """An alert in words, its state, the digest that has it, and that digest's deliveries."""

    state: State
    digest: str | None
    deliveries: tuple[DeliveryView, ...]


class AlertPage(Struct, frozen=True):
    """One page of alerts, and the cursor of the next page."""

    items: list[AlertView]
    next: str | None


def view(ledger: Ledger, status: AlertStatus) -> AlertView:
    """Return an alert as clients read it."""
    digest = status.digest
    deliveries = digest.deliveries or () if digest is not None else ()
    return AlertView(
        **asdict(shown(ledger, status.alert)),
        state=status.state,
        digest=digest.id if digest is not None else None,
        deliveries=tuple(DeliveryView(one.shown, one.state, one.attempts) for one in deliveries),
    )
