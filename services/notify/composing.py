"""Composition: the letter of a digest, in Chinese. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from events.ledger import Ledger
from services.notify.alerts import Alert
from services.notify.letter import Item, Letter

TITLE_MOST = 24
"""Characters of a task's title that a one-line title keeps."""


def compose(
    ledger: Ledger,
    name: str,
    recipient: str,
    alerts: Sequence[Alert],
    *,
    language: str,
    public_url: str | None,
    now: datetime,
) -> Letter:
    """Return the letter of alerts to a recipient; overdue tasks come first."""
    items = sorted((_item(ledger, alert) for alert in alerts), key=lambda item: not item.urgent)
    title = items[0].title if len(items) == 1 else f"{ledger.title}：{recipient}有 {len(items)} 条提醒"
    text = "\n\n".join("\n".join((item.title, *item.lines)) for item in items)
    data = {"ledger": name, "recipient": recipient, "title": f"【督办】{title}", "text": text, "alerts": alerts}
    payload = msgspec.json.encode({"type": "duban.alerts.v1", "timestamp": now, "data": data})
    id = f"{name}-{alerts[0].id}"
    return Letter(
        id, f"【督办】{title}", tuple(items), f"{public_url}/{name}/" if public_url else "", payload, language
    )


def _item(ledger: Ledger, alert: Alert) -> Item:
    title = alert.title if len(alert.title) <= TITLE_MOST else f"{alert.title[:TITLE_MOST]}…"
    lines = (alert.title, f"牵头单位：{alert.lead}", _line(ledger, alert))
    return Item(f"{_word(alert)}：{alert.task} {title}", lines, urgent=alert.on == "passed")


def _word(alert: Alert) -> str:
    if alert.on == "neared":
        return "今日到期" if (alert.days or 0) <= 1 else f"还有 {alert.days} 天到期"  # the last day counts
    return {"assigned": "交办", "passed": "逾期", "trouble": "发送渠道故障"}.get(alert.on, alert.on)


def _line(ledger: Ledger, alert: Alert) -> str:
    if alert.detail:
        return alert.detail
    if alert.due is None:
        return f"时间进度：{alert.deadline or '未定'}"
    last = (alert.due - timedelta(seconds=1)).astimezone(ledger.zone)  # the day before the due instant
    return f"应于{last:%Y年%-m月%-d日}前（含当日）办结{'，至今未销号' if alert.on == 'passed' else ''}"
