"""Deliveries: a digest's messages to each channel of its recipient, and the state of each part of them. Pure."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from services.notify.channels.result import Outcome

DIGEST_MOST = 200
"""Alerts in one digest: as many as a reader looks through."""

DeliveryState: TypeAlias = Literal["waiting", "sending", "sent", "handed-over", "failed", "uncertain", "paused"]
"""What became of a part, or of a delivery as a whole.

waiting      to be sent, or to be tried again
sending      an attempt is under way
sent         the receiver accepted it
handed-over  Apprise passed it on; whether it arrived is not known
failed       abandoned: the receiver refused it for good, or all tries failed
uncertain    perhaps delivered: the answer was lost, on a channel that shows a repeat as another message
paused       not sent: the channel is paused, as it failed for days
"""

State: TypeAlias = Literal[
    "waiting", "sending", "sent", "handed-over", "failed", "uncertain", "paused", "no-channel", "dropped"
]
"""What became of an alert: `dropped` if what it said was settled before it was sent."""

ENDED: frozenset[DeliveryState] = frozenset({"sent", "handed-over", "failed", "uncertain", "paused"})
"""No attempt follows, unless an operator orders one."""

DEAD: frozenset[DeliveryState] = frozenset({"failed", "uncertain", "paused"})
"""In the dead letters (死信): an operator may have it sent again."""

WORST_FIRST: tuple[DeliveryState, ...] = (
    "sending",
    "waiting",
    "failed",
    "paused",
    "uncertain",
    "handed-over",
    "sent",
)

PerAddress: TypeAlias = tuple[tuple[str, Outcome, str], ...]
"""Of a mail: each address with the outcome and detail of the latest attempt."""


class Attempt(Struct, frozen=True):
    """One attempt to deliver a part, at the ledger's instant `at`; `interrupted` if the sender ended meanwhile."""

    at: datetime
    outcome: Outcome | Literal["interrupted"]
    detail: str
    recipients: PerAddress = ()


class PartDelivery(Struct, frozen=True):
    """The delivery of one message.

    `tries` are the attempts that count, since `first` (Unix seconds, 0: none yet). `next` is the real instant before
    which there is no attempt. `recipients` are the results of a mail's addresses so far; no other attempt goes to
    those that are not `again`.
    """

    state: DeliveryState = "waiting"
    attempts: tuple[Attempt, ...] = ()
    tries: int = 0
    first: float = 0.0
    next: float = 0.0
    recipients: PerAddress = ()

    @property
    def open(self) -> tuple[str, ...]:
        """The mail addresses that are still to be reached, none if it is all of them or no mail."""
        return tuple(address for address, outcome, _ in self.recipients if outcome == "again")


class Delivery(Struct, frozen=True):
    """A digest's delivery on one channel: `channel` is the channel's key, `shown` names it without its secrets."""

    channel: str
    shown: str
    parts: tuple[PartDelivery, ...]

    @property
    def state(self) -> DeliveryState:
        """The state of the part that is least done."""
        return worst(part.state for part in self.parts)

    @property
    def current(self) -> int | None:
        """The index of the part that is sent or to be sent next, None if none is left: parts are sent in order."""
        return next((index for index, part in enumerate(self.parts) if part.state not in ENDED), None)


class Digest(Struct, frozen=True):
    """Alerts of one `group` to one recipient that are sent together, at `closes`; its id is that of its first alert.

    `deliveries` is None until it closes. `dropped` are the alerts that were settled by then, with the reasons.
    """

    id: str
    recipient: str
    closes: datetime
    alerts: tuple[str, ...]
    deliveries: tuple[Delivery, ...] | None = None
    group: str = ""
    dropped: tuple[tuple[str, str], ...] = ()

    @property
    def sent_alerts(self) -> tuple[str, ...]:
        """The alerts that its messages show."""
        dropped = {alert for alert, _ in self.dropped}
        return tuple(alert for alert in self.alerts if alert not in dropped)

    @property
    def done(self) -> bool:
        """Whether no delivery is left to attempt."""
        return self.deliveries is not None and all(delivery.state in ENDED for delivery in self.deliveries)

    @property
    def dead(self) -> bool:
        """Whether a part of it is in the dead letters."""
        return any(part.state in DEAD for delivery in self.deliveries or () for part in delivery.parts)

    @property
    def unreached(self) -> bool:
        """Whether its recipient had no channel when it closed."""
        return self.deliveries == () and bool(self.sent_alerts)


def worst(states: Iterable[DeliveryState]) -> DeliveryState:
    """Return the state that is least done; that of nothing is `sent`."""
    found = set(states)
    return next((state for state in WORST_FIRST if state in found), "sent")


def state_of(digest: Digest | None, alert: str) -> State:
    """Return the state of an alert; None is the digest of one that is in none yet."""
    if digest is None:
        return "waiting"
    if alert in {dropped for dropped, _ in digest.dropped}:
        return "dropped"
    if digest.deliveries is None:
        return "waiting"
    return worst(one.state for one in digest.deliveries) if digest.deliveries else "no-channel"


def with_part(delivery: Delivery, index: int, part: PartDelivery) -> Delivery:
    """Return a delivery with one of its parts replaced."""
    return replace(delivery, parts=(*delivery.parts[:index], part, *delivery.parts[index + 1 :]))


def with_delivery(digest: Digest, delivery: Delivery) -> Digest:
    """Return a digest with its delivery on the same channel replaced."""
    deliveries = tuple(delivery if one.channel == delivery.channel else one for one in digest.deliveries or ())
    return replace(digest, deliveries=deliveries)


def delivery_on(digest: Digest, channel: str) -> Delivery | None:
    """Return a digest's delivery on a channel, None if it has none there."""
    return next((one for one in digest.deliveries or () if one.channel == channel), None)
