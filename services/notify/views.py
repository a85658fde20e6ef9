"""Alerts as clients read them: with their state, and the deliveries of the digest that has them."""

from msgspec import Struct
from msgspec.structs import asdict

from services.notify.alerts import Alert
from services.notify.deliveries import Attempt, DeliveryState, State
from services.notify.store import AlertStatus


class DeliveryView(Struct, frozen=True):
    """The delivery of an alert's digest on one channel; `channel` names it without its secrets."""

    channel: str
    state: DeliveryState
    attempts: tuple[Attempt, ...]


class AlertView(Alert, frozen=True, kw_only=True):
    """An alert, its state, the digest that has it, and that digest's deliveries."""

    state: State
    digest: str | None
    deliveries: tuple[DeliveryView, ...]


class AlertPage(Struct, frozen=True):
    """One page of alerts, and the cursor of the next page."""

    items: list[AlertView]
    next: str | None


def view(status: AlertStatus) -> AlertView:
    """Return an alert as clients read it."""
    digest = status.digest
    deliveries = digest.deliveries or () if digest is not None else ()
    return AlertView(
        **asdict(status.alert),
        state=status.state,
        digest=digest.id if digest is not None else None,
        deliveries=tuple(DeliveryView(one.shown, one.state, one.attempts) for one in deliveries),
    )
