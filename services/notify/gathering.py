"""Gathering: which digest an alert joins, and when that digest closes. Pure."""

from datetime import timedelta

from msgspec.structs import replace

from events.ledger import Ledger
from events.working_days import WorkingDays
from services.notify.alerts import Alert
from services.notify.deliveries import DIGEST_MOST, Digest


def group_of(_ledger: Ledger, alert: Alert) -> str:
    """Return the group of an alert: alerts of one group go into one digest."""
    return alert.recipient


def gather(last: Digest | None, alert: Alert, ledger: Ledger, _days: WorkingDays) -> Digest:
    """Return the digest with an alert added: the last one of its group while that is open, or a new one."""
    if last is not None and last.deliveries is None and alert.at < last.closes and len(last.alerts) < DIGEST_MOST:
        return replace(last, alerts=(*last.alerts, alert.id))
    closes = alert.at + timedelta(minutes=ledger.alerts.window_minutes)
    return Digest(alert.id, alert.recipient, closes, (alert.id,), group=group_of(ledger, alert))
