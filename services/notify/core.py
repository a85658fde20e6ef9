"""Which alerts an event causes, and how alerts become digests that are posted to channels. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, TypeAlias, assert_never

from msgspec import Struct
from msgspec.structs import replace

from events.entries import Recorded
from events.ledger import AlertRule, Ledger, Trigger
from events.schema import (
    CompletionReturned,
    CompletionSubmitted,
    DeadlineClarified,
    DeadlineNeared,
    DeadlinePassed,
    EventData,
    ExtensionGranted,
    ExtensionRefused,
    ExtensionRequested,
    ProgressCorrected,
    ProgressReported,
    TaskAssigned,
    TaskClosed,
    TaskReassigned,
    TaskReopened,
    TaskSigned,
    TaskUrged,
    Unit,
)

VERSION = "2"
"""Of the rules in `evolve`: a new one makes notify fold the whole log anew, which announces nothing."""

DIGEST_MOST = 200
"""Alerts in one digest: what a reader may still look through, and a channel still takes."""

TITLE_MOST = 24
"""Characters of a task's title that a one-line title keeps."""

TRIES = 8
"""Attempts before a delivery is given up: some five minutes of back-off in all."""

BACKOFF_SECONDS = (1.0, 120.0)
"""Real time before the second attempt, doubled before each further one, and the longest."""

DeliveryState: TypeAlias = Literal["waiting", "sending", "sent", "failed", "uncertain"]
State: TypeAlias = Literal["waiting", "sending", "sent", "failed", "uncertain", "no-channel"]
"""`uncertain`: a crash came between sending and noting it, on a channel that would show a second one as a new one."""


class Task(Struct, frozen=True, gc=False):
    """What alerts have to say of a task."""

    title: str
    lead: str
    units: tuple[Unit, ...]


class Alert(Struct, frozen=True, gc=False):
    """One thing that one recipient is told; `causes` are positions, `at` is when the last of them was recorded."""

    id: str
    at: datetime
    on: Trigger
    task: str
    recipient: str
    title: str
    text: str
    causes: tuple[int, ...]


class Attempt(Struct, frozen=True, gc=False):
    """One try to deliver, at the ledger's instant `at`."""

    at: datetime
    result: Literal["sent", "failed", "interrupted"]
    detail: str


class Delivery(Struct, frozen=True, gc=False):
    """A digest's way over one channel; `channel` is its fingerprint, `shown` names it without its secrets.

    `next` is the real instant (Unix seconds) before which it is not tried.
    """

    channel: str
    shown: str
    state: DeliveryState = "waiting"
    attempts: tuple[Attempt, ...] = ()
    next: float = 0.0


class Digest(Struct, frozen=True, gc=False):
    """Alerts to one recipient that go out together, at `closes`; its id is that of its first alert."""

    id: str
    recipient: str
    closes: datetime
    alerts: tuple[str, ...]
    deliveries: tuple[Delivery, ...] | None = None

    @property
    def done(self) -> bool:
        """Whether nothing is left to do."""
        return self.deliveries is not None and all(
            delivery.state not in {"waiting", "sending"} for delivery in self.deliveries
        )


def evolve(task: Task | None, entry: Recorded) -> Task | None:
    """Return the task after an event; None as long as none was assigned."""
    match entry.event.data:
        case TaskAssigned(title=title, lead=lead, units=units):
            return Task(title, lead, units)
        case TaskReassigned(lead=lead, units=units):
            return replace(task, lead=lead, units=units) if task is not None else None
        case (
            TaskSigned()
            | ProgressReported()
            | ProgressCorrected()
            | CompletionSubmitted()
            | CompletionReturned()
            | TaskClosed()
            | TaskReopened()
            | TaskUrged()
            | ExtensionRequested()
            | ExtensionGranted()
            | ExtensionRefused()
            | DeadlineClarified()
            | DeadlineNeared()
            | DeadlinePassed()
        ):
            return task
        case _:
            assert_never(entry.event.data)


def alerts_for(ledger: Ledger, task: Task, entry: Recorded) -> Iterator[Alert]:
    """Yield what an event has people told: one alert per recipient, however many rules name it."""
    event = entry.event
    at = (event.recorded or event.time).astimezone(ledger.zone)
    news = _news(ledger, event.data, at)
    if news is None:
        return
    told = [name for rule in ledger.alerts.rules if rule.on == news.on for name in _recipients(ledger, rule, task)]
    title = f"{news.word}：{event.subject} {_shortened(task.title)}"
    text = f"{task.title}\n牵头单位：{ledger.directory.canonical(task.lead)}\n{news.line}"
    for number, recipient in enumerate(dict.fromkeys(told)):
        yield Alert(f"{entry.position}-{number}", at, news.on, event.subject, recipient, title, text, (entry.position,))


def gather(pending: Digest | None, alert: Alert, window: timedelta) -> Digest:
    """Return the digest an alert goes into: its recipient's open one, or a new one."""
    if pending is not None and alert.at < pending.closes and len(pending.alerts) < DIGEST_MOST:
        return replace(pending, alerts=(*pending.alerts, alert.id))
    return Digest(alert.id, alert.recipient, alert.at + window, (alert.id,))


def message(ledger: Ledger, digest: Digest, alerts: Sequence[Alert]) -> tuple[str, str]:
    """Return a digest's title and text, in the language of the ledger's people."""
    title = alerts[0].title if len(alerts) == 1 else f"{ledger.title}：{digest.recipient}有 {len(alerts)} 条提醒"
    return f"【督办】{title}", "\n\n".join(f"{alert.title}\n{alert.text}" for alert in alerts)


def state_of(digest: Digest | None) -> State:
    """Return how far the alerts in a digest are; None is an alert that is in no digest yet."""
    if digest is None or digest.deliveries is None:
        return "waiting"
    if not digest.deliveries:
        return "no-channel"
    states = {delivery.state for delivery in digest.deliveries}
    order: tuple[State, ...] = ("sending", "waiting", "failed", "uncertain", "sent")
    return next(state for state in order if state in states)


def attempted(delivery: Delivery, attempt: Attempt, *, final: bool, retry_at: float) -> Delivery:
    """Return a delivery after an attempt; `final` says that another one would end no better."""
    attempts = (*delivery.attempts, attempt)
    if attempt.result == "sent":
        return replace(delivery, state="sent", attempts=attempts)
    if final or len(attempts) >= TRIES:
        return replace(delivery, state="failed", attempts=attempts)
    return replace(delivery, state="waiting", attempts=attempts, next=retry_at)


def interrupted(delivery: Delivery, at: datetime, *, repeatable: bool) -> Delivery:
    """Return a delivery whose sender died while sending: tried again only where its receiver can tell a repeat."""
    attempt = Attempt(at, "interrupted", "the sender ended before it could note the result")
    state: Literal["waiting", "uncertain"] = "waiting" if repeatable else "uncertain"
    return replace(delivery, state=state, attempts=(*delivery.attempts, attempt))


def backoff(tried: int, chance: float) -> float:
    """Return the seconds to wait after `tried` attempts; `chance` (0 to 1) spreads those that failed together."""
    shortest, longest = BACKOFF_SECONDS
    return float(min(longest, shortest * 2 ** (tried - 1)) * (0.5 + chance))


class _News(NamedTuple):
    on: Trigger
    word: str
    line: str


def _news(ledger: Ledger, data: EventData, at: datetime) -> _News | None:
    match data:
        case TaskAssigned(deadline=deadline):
            return _News("assigned", "交办", f"时间进度：{deadline.text or '未定'}")
        case DeadlineNeared(due=due, days_left=days) if at < due:  # recorded late, its passing is told instead
            left = "今日到期" if days <= 1 else f"还有 {days} 天到期"  # the last day counts: due is the day after it
            return _News("neared", left, f"应于{_last_day(ledger, due)}前（含当日）办结")
        case DeadlinePassed(due=due):
            return _News("passed", "逾期", f"应于{_last_day(ledger, due)}前（含当日）办结，至今未销号")
        case _:
            return None


def _recipients(ledger: Ledger, rule: AlertRule, task: Task) -> Iterator[str]:
    duties = ledger.directory.obligations(task.units)
    for audience in rule.to:
        match audience:
            case "units":
                yield from duties
            case "lead":
                yield ledger.directory.canonical(task.lead)
            case "cooperating":
                yield from (unit for unit, role in duties.items() if role == "cooperating")
            case "supervisor":
                yield ledger.alerts.supervisor
            case _:
                assert_never(audience)


def _last_day(ledger: Ledger, due: datetime) -> str:
    """The due instant is exclusive: people read the day before it."""
    return f"{(due - timedelta(seconds=1)).astimezone(ledger.zone):%Y年%-m月%-d日}"


def _shortened(title: str) -> str:
    return title if len(title) <= TITLE_MOST else f"{title[:TITLE_MOST]}…"
