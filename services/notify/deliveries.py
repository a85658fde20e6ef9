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

TITLE_MOST = 24
"""Characters of a task's title that a one-line title keeps."""

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
    """Alerts of one `group` (gathering.py) to one recipient that are sent together, at `closes`.

    Its id is that of its first alert.
    """

    id: str
    recipient: str
    closes: datetime
    alerts: tuple[str, ...]
    deliveries: tuple[Delivery, ...] | None = None
    group: str = ""

    @property
    def done(self) -> bool:
        """Whether no delivery is left to attempt."""
        return self.deliveries is not None and all(
            delivery.state not in {"waiting", "sending"} for delivery in self.deliveries
        )


def message(ledger: Ledger, digest: Digest, alerts: Sequence[Alert]) -> tuple[str, str]:
    """Return a digest's title and text, in Chinese."""
    titles = [f"{_word(alert)}：{alert.task} {_shortened(alert.title)}" for alert in alerts]
    title = titles[0] if len(alerts) == 1 else f"{ledger.title}：{digest.recipient}有 {len(alerts)} 条提醒"
    texts = [f"{alert.title}\n牵头单位：{alert.lead}\n{_line(ledger, alert)}" for alert in alerts]
    return f"【督办】{title}", "\n\n".join(f"{title}\n{text}" for title, text in zip(titles, texts, strict=True))


def _word(alert: Alert) -> str:
    if alert.on == "neared":
        return "今日到期" if (alert.days or 0) <= 1 else f"还有 {alert.days} 天到期"  # the last day counts
    return {"assigned": "交办", "passed": "逾期"}.get(alert.on, alert.on)


def _line(ledger: Ledger, alert: Alert) -> str:
    if alert.due is None:
        return f"时间进度：{alert.deadline or '未定'}"
    last = (alert.due - timedelta(seconds=1)).astimezone(ledger.zone)  # the day before the due instant
    return f"应于{last:%Y年%-m月%-d日}前（含当日）办结{'，至今未销号' if alert.on == 'passed' else ''}"


def _shortened(title: str) -> str:
    return title if len(title) <= TITLE_MOST else f"{title[:TITLE_MOST]}…"


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
