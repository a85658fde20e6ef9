"""Deliveries: how alerts become digests, and the states of a digest's delivery to each channel. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from events.ledger import Ledger
from services.notify.alerts import Alert

DIGEST_MOST = 200
"""Alerts in one digest: as many as a reader looks through and a channel accepts."""

TRIES = 8
"""Attempts before a delivery fails: about five minutes of back-off in all."""

BACKOFF_SECONDS = (1.0, 120.0)
"""Real time before the second attempt, doubled before each further one, and its maximum."""

DeliveryState: TypeAlias = Literal["waiting", "sending", "sent", "failed", "uncertain"]
State: TypeAlias = Literal["waiting", "sending", "sent", "failed", "uncertain", "no-channel"]
"""`uncertain`: a crash came between sending and recording it, on a channel that shows a repeat as another message."""


class Attempt(Struct, frozen=True, gc=False):
    """One attempt to deliver, at the ledger's instant `at`."""

    at: datetime
    result: Literal["sent", "failed", "interrupted"]
    detail: str


class Delivery(Struct, frozen=True, gc=False):
    """A digest's delivery to one channel; `channel` is its fingerprint, `shown` names it without its secrets.

    `next` is the real instant (Unix seconds) before which there is no attempt.
    """

    channel: str
    shown: str
    state: DeliveryState = "waiting"
    attempts: tuple[Attempt, ...] = ()
    next: float = 0.0


class Digest(Struct, frozen=True, gc=False):
    """Alerts to one recipient that are sent together, at `closes`; its id is that of its first alert."""

    id: str
    recipient: str
    closes: datetime
    alerts: tuple[str, ...]
    deliveries: tuple[Delivery, ...] | None = None

    @property
    def done(self) -> bool:
        """Whether no delivery is left to attempt."""
        return self.deliveries is not None and all(
            delivery.state not in {"waiting", "sending"} for delivery in self.deliveries
        )


def gather(pending: Digest | None, alert: Alert, window: timedelta) -> Digest:
    """Return the digest with an alert added: the recipient's open one, or a new one."""
    if pending is not None and alert.at < pending.closes and len(pending.alerts) < DIGEST_MOST:
        return replace(pending, alerts=(*pending.alerts, alert.id))
    return Digest(alert.id, alert.recipient, alert.at + window, (alert.id,))


def message(ledger: Ledger, digest: Digest, alerts: Sequence[Alert]) -> tuple[str, str]:
    """Return a digest's title and text, in Chinese."""
    title = alerts[0].title if len(alerts) == 1 else f"{ledger.title}：{digest.recipient}有 {len(alerts)} 条提醒"
    return f"【督办】{title}", "\n\n".join(f"{alert.title}\n{alert.text}" for alert in alerts)


def state_of(digest: Digest | None) -> State:
    """Return the state of the alerts in a digest; None is the digest of an alert that is in none yet."""
    if digest is None or digest.deliveries is None:
        return "waiting"
    if not digest.deliveries:
        return "no-channel"
    states = {delivery.state for delivery in digest.deliveries}
    order: tuple[State, ...] = ("sending", "waiting", "failed", "uncertain", "sent")
    return next(state for state in order if state in states)


def attempted(delivery: Delivery, attempt: Attempt, *, final: bool, retry_at: float) -> Delivery:
    """Return a delivery after an attempt; after a `final` one there is no other, as it would fail, too."""
    attempts = (*delivery.attempts, attempt)
    if attempt.result == "sent":
        return replace(delivery, state="sent", attempts=attempts)
    if final or len(attempts) >= TRIES:
        return replace(delivery, state="failed", attempts=attempts)
    return replace(delivery, state="waiting", attempts=attempts, next=retry_at)


def interrupted(delivery: Delivery, at: datetime, *, repeatable: bool) -> Delivery:
    """Return a delivery whose sender died while sending; only a `repeatable` one, known by its id, is sent again."""
    attempt = Attempt(at, "interrupted", "the sender ended before it could note the result")
    state: Literal["waiting", "uncertain"] = "waiting" if repeatable else "uncertain"
    return replace(delivery, state=state, attempts=(*delivery.attempts, attempt))


def backoff(tried: int, chance: float) -> float:
    """Return the seconds to wait after `tried` attempts; `chance` (0 to 1) spreads deliveries that failed together."""
    shortest, longest = BACKOFF_SECONDS
    return float(min(longest, shortest * 2 ** (tried - 1)) * (0.5 + chance))
