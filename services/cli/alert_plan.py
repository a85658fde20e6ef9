"""Alerts that would be sent, by recipient and day, for people and for programs."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace
from rich.cells import cell_len, set_cell_size

from events.ledger import Ledger
from services.notify.simulation import AlertVerdict
from services.notify.words.chinese import ChineseWords
from services.notify.words.lines import one_line

WEEKDAYS = "一二三四五六日"

REASONS = {
    "closed": "任务已销号",
    "submitted": "已报送办结",
    "returned": "该次报送已退回",
    "new-due": "时限已调整",
    "passed": "已逾期，另行提醒",
    "answered": "申请已批复",
    "reported": "已反馈进展",
    "left": "该单位已不承担此任务",
    "superseded": "已有更新的提醒",
    "nothing": "无可汇总事项",
    "inhibited": "按抑制规则不发",
    "silenced": "静默期",
    "waits": "待汇总发送",
}
"""Why an alert is not sent."""

MARKS = {"": " ", "added": "+", "removed": "-"}

LEAST_TITLE = 8
"""Columns below which a title is left out."""

Change = Literal["", "added", "removed"]

_words = ChineseWords()


class PlanRow(Struct, frozen=True):
    """An alert that is sent at an instant, or not, for a `reason`; `change` compares it with the rules in force."""

    recipient: str
    at: datetime
    on: str
    word: str
    task: str
    title: str
    rule: str
    step: int
    due: datetime | None
    days: int | None
    causes: tuple[int, ...]
    reason: str | None
    channel: bool
    digest: str
    id: str
    change: Change = ""


def plan_rows(ledger: Ledger, verdicts: Iterable[AlertVerdict], since: date, until: date) -> list[PlanRow]:
    """Return what would be sent, and not be sent, from a day to another, by recipient and instant."""
    rows = [_row(ledger, verdict) for verdict in verdicts]
    known = {name: number for number, name in enumerate(ledger.directory.present)}
    chosen = [row for row in rows if since <= ledger.day(row.at) <= until]
    return sorted(chosen, key=lambda row: (known.get(row.recipient, -1), row.recipient, row.at, row.task, row.id))


def compared(before: Sequence[PlanRow], after: Sequence[PlanRow]) -> list[PlanRow]:
    """Return the rows of other rules, with what they would send that those in force do not, and the other way round."""
    sent_before, sent_after = ({_kind(row) for row in rows if row.reason is None} for rows in (before, after))
    marked = [
        replace(row, change="added") if row.reason is None and _kind(row) not in sent_before else row for row in after
    ]
    gone = [replace(row, change="removed") for row in before if row.reason is None and _kind(row) not in sent_after]
    places = {row.recipient: number for number, row in enumerate([*after, *before][::-1])}
    return sorted([*marked, *gone], key=lambda row: (-places[row.recipient], row.recipient, row.at, row.task, row.id))


def plan_lines(rows: Sequence[PlanRow], width: int) -> Iterator[str]:
    """Yield the rows as lines of at most `width` columns: recipient, day, alert."""
    for recipient, own in groupby(rows, key=lambda row: row.recipient):
        yield set_cell_size(recipient, min(width, cell_len(recipient)))
        for day, of_day in groupby(own, key=lambda row: row.at.date()):
            yield f"  {day:%Y-%m-%d} 周{WEEKDAYS[day.weekday()]}"
            yield from (plan_line(row, width) for row in of_day)


def plan_line(row: PlanRow, width: int) -> str:
    """Return an alert as one line: the time, what it is, the task, the rule, and why it is not sent."""
    head = f"  {MARKS[row.change]} {row.at:%H:%M}  {row.word}"
    rule = f"［{row.rule}{f' {row.step}' if row.step else ''}］"
    tail = f"{rule}未发：{said(row.reason)}" if row.reason is not None else rule
    tail += "" if row.channel or row.reason is not None else "（无通知渠道）"
    middle = f"  {row.task} {one_line(row.title, 200)}" if row.task else ""
    room = width - cell_len(head) - cell_len(tail) - 1
    if room < cell_len(f"  {row.task}") + LEAST_TITLE:
        middle = f"  {row.task}" if row.task else ""
    if cell_len(middle) > room:
        middle = f"{set_cell_size(middle, max(0, room - 1)).rstrip()}…" if room > 1 else ""
    line = f"{head}{middle} {tail}"
    return line if cell_len(line) <= width else set_cell_size(line, width)


def plan_total(rows: Sequence[PlanRow], *, compare: bool) -> str:
    """Return how many alerts would be sent, and how that differs from the rules in force."""
    sent = sum(row.reason is None and row.change != "removed" for row in rows)
    added, removed = (sum(row.change == change for row in rows) for change in ("added", "removed"))
    more = f"；与现行规则相比，增加 {added} 条，减少 {removed} 条" if compare else ""
    silent = sum(row.reason is not None for row in rows)
    return f"共发送 {sent} 条，未发 {silent} 条{more}。"


def said(reason: str) -> str:
    """Return a reason in words; that of a silence is in the file."""
    word, colon, more = reason.partition(": ")
    return f"{REASONS[word]}{f'（{more}）' if colon else ''}"


def _row(ledger: Ledger, verdict: AlertVerdict) -> PlanRow:
    alert = verdict.alert
    return PlanRow(
        alert.recipient,
        verdict.at.astimezone(ledger.zone),
        alert.on,
        _words.word(alert) if alert.week is None else f"每周汇总：{next(_words.figures(alert.week))}",
        alert.task,
        alert.title,
        alert.rule,
        alert.step,
        alert.due,
        alert.days,
        alert.causes,
        verdict.reason,
        bool(ledger.alerts.channels_of(alert.recipient)),
        verdict.digest,
        alert.id,
    )


def _kind(row: PlanRow) -> tuple[object, ...]:
    """Return what tells an alert from others to the same recipient; not by which rule it is sent, but on which day."""
    return row.recipient, row.at.date(), row.on, row.task, row.step, row.due, row.causes
