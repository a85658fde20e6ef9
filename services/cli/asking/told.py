"""What people had been told of a task by a moment: the alerts about it, and the attempts to deliver them."""

from datetime import datetime
from typing import NamedTuple

from events.record import Record
from services.cli.recorded import recorded_entries
from services.notify.alerts import Alert
from services.notify.outbox import alert_decoder
from services.notify.record import Attempted, entry_decoder, is_alert


class Told(NamedTuple):
    """An alert about the task, and the attempts to deliver it up to the moment."""

    alert: Alert
    attempts: tuple[Attempted, ...]


async def told_of(record: Record, task: str, at: datetime) -> list[Told]:
    """Return the alerts about a task that arose by an instant, each with the attempts to deliver it by then."""
    alerts: dict[str, Alert] = {}
    attempts: dict[str, list[Attempted]] = {}
    async for _, raw in recorded_entries(record):
        entry = alert_decoder.decode(raw) if is_alert(raw) else entry_decoder.decode(raw)
        if entry.at > at:
            continue
        if isinstance(entry, Alert) and entry.task == task:
            alerts[entry.id] = entry
        elif isinstance(entry, Attempted):
            for id in entry.alerts:
                attempts.setdefault(id, []).append(entry)
    return [Told(alert, tuple(attempts.get(id, ()))) for id, alert in alerts.items()]
