"""Alerts: which ones an event causes, and for which recipients. Pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple, assert_never

from msgspec import Struct
from msgspec.structs import replace

from events import schema
from events.alerting import Audience, Trigger
from events.entries import Recorded
from events.ledger import Ledger
from events.schema import Unit

VERSION = "2"
"""Of the rules in `evolve`: another one makes notify fold the whole log again, which announces no alerts."""

TITLE_MOST = 24
"""Characters of a task's title that a one-line title keeps."""


class NotifiedTask(Struct, frozen=True, gc=False):
    """What alerts show of a task, its units as the events name them: a change of aliases needs no new fold."""

    title: str
    lead: str
    units: tuple[Unit, ...]


class Alert(Struct, frozen=True, gc=False):
    """An alert to one recipient; `causes` are positions, `at` is the recorded instant of the last of them."""

    id: str
    at: datetime
    on: Trigger
    task: str
    recipient: str
    title: str
    text: str
    causes: tuple[int, ...]


def evolve(task: NotifiedTask | None, entry: Recorded) -> NotifiedTask | None:
    """Return the task after an event; None as long as none was assigned."""
    match entry.event.data:
        case schema.TaskAssigned(title=title, lead=lead, units=units):
            return NotifiedTask(title, lead, units)
        case schema.TaskReassigned(lead=lead, units=units):
            return replace(task, lead=lead, units=units) if task is not None else None
        case (
            schema.TaskSigned()
            | schema.ProgressReported()
            | schema.ProgressCorrected()
            | schema.CompletionSubmitted()
            | schema.CompletionReturned()
            | schema.TaskClosed()
            | schema.TaskReopened()
            | schema.TaskUrged()
            | schema.AlertAcknowledged()
            | schema.ExtensionRequested()
            | schema.ExtensionGranted()
            | schema.ExtensionRefused()
            | schema.DeadlineClarified()
            | schema.DeadlineNeared()
            | schema.DeadlinePassed()
        ):
            return task
        case _:
            assert_never(entry.event.data)


def alerts_for(ledger: Ledger, task: NotifiedTask, entry: Recorded) -> Iterator[Alert]:
    """Yield the alerts that an event causes: one per recipient, however many rules name it."""
    event = entry.event
    at = (event.recorded or event.time).astimezone(ledger.zone)
    news = _news(ledger, event.data, at)
    if news is None:
        return
    lead = ledger.directory.canonical(task.lead)
    audiences = (audience for rule in ledger.alerts.rules if rule.on == news.on for audience in rule.to)
    title = f"{news.word}：{event.subject} {_shortened(task.title)}"
    text = f"{task.title}\n牵头单位：{lead}\n{news.line}"
    for number, recipient in enumerate(dict.fromkeys(_recipients(ledger, audiences, lead, task.units))):
        yield Alert(f"{entry.position}-{number}", at, news.on, event.subject, recipient, title, text, (entry.position,))


class _News(NamedTuple):
    on: Trigger
    word: str
    line: str


def _news(ledger: Ledger, data: schema.EventData, at: datetime) -> _News | None:
    match data:
        case schema.TaskAssigned(deadline=deadline):
            return _News("assigned", "交办", f"时间进度：{deadline.text or '未定'}")
        case schema.DeadlineNeared(due=due, days_left=days) if at < due:  # recorded later, the passing alone is news
            left = "今日到期" if days <= 1 else f"还有 {days} 天到期"  # the last day counts: due is the day after it
            return _News("neared", left, f"应于{_last_day(ledger, due)}前（含当日）办结")
        case schema.DeadlinePassed(due=due):
            return _News("passed", "逾期", f"应于{_last_day(ledger, due)}前（含当日）办结，至今未销号")
        case _:
            return None


def _recipients(ledger: Ledger, audiences: Iterable[Audience], lead: str, units: tuple[Unit, ...]) -> Iterator[str]:
    duties = ledger.directory.obligations(units)
    for audience in audiences:
        match audience:
            case "units":
                yield from duties
            case "lead":
                yield lead
            case "cooperating":
                yield from (unit for unit, role in duties.items() if role == "cooperating")
            case "supervisor":
                yield ledger.alerts.supervisor
            case _:
                assert_never(audience)


def _last_day(ledger: Ledger, due: datetime) -> str:
    """Return the last day in time, which is the day before the due instant."""
    return f"{(due - timedelta(seconds=1)).astimezone(ledger.zone):%Y年%-m月%-d日}"


def _shortened(title: str) -> str:
    return title if len(title) <= TITLE_MOST else f"{title[:TITLE_MOST]}…"
