"""What people had been told of a task by a moment: the alerts about it, and the attempts to deliver them."""

from datetime import datetime
from typing import Any, NamedTuple

from events.keys import key
from events.saved_rows import RECORD
from services.notify.alerts import Alert
from services.notify.outbox import alert_decoder
from services.notify.record import Attempted, entry_decoder, is_alert

READ_BATCH = 1_000


class Told(NamedTuple):
    """An alert about the task, and the attempts to deliver it up to the moment."""

    alert: Alert
    attempts: tuple[Attempted, ...]


async def told_of(redis: Any, ledger: str, task: str, at: datetime) -> list[Told]:
    """Return the alerts about a task that arose by an instant, each with the attempts to deliver it by then."""
    alerts: dict[str, Alert] = {}
    attempts: dict[str, list[Attempted]] = {}
    after = "-"
    while entries := await redis.xrange(key(ledger, RECORD), min=after, count=READ_BATCH):
        for _, fields in entries:
            raw = fields[b"e"]
            if is_alert(raw):
                alert = alert_decoder.decode(raw)
                if alert.task == task and alert.at <= at:
                    alerts[alert.id] = alert
                continue
            entry = entry_decoder.decode(raw)
            if isinstance(entry, Attempted) and entry.at <= at:
                for id in entry.alerts:
                    attempts.setdefault(id, []).append(entry)
        after = f"({entries[-1][0].decode()}"
    return [Told(alert, tuple(attempts.get(id, ()))) for id, alert in alerts.items()]
