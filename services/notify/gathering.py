"""Gathering: which digest an alert joins, and when that digest closes. Pure."""

from datetime import date, timedelta
from typing import Protocol

from msgspec.structs import replace

from events.ledger import Ledger
from services.notify.alerts import Alert
from services.notify.deliveries import DIGEST_MOST, Digest


class WorkingDays(Protocol):
    """The days on which offices work."""

    def is_working(self, day: date) -> bool:
        """Return whether offices work on a day."""

    def after(self, day: date, n: int) -> date:
        """Return the n-th working day after a day."""

    def known(self, year: int) -> bool:
        """Return whether the working days of a year are published; those of others are Monday to Friday."""


def group_of(_ledger: Ledger, alert: Alert) -> str:
    """Return the group of an alert: alerts of one group go into one digest."""
    return alert.recipient


def gather(last: Digest | None, alert: Alert, ledger: Ledger, _days: WorkingDays) -> Digest:
    """Return the digest with an alert added: the last one of its group while that is open, or a new one."""
    if last is not None and last.deliveries is None and alert.at < last.closes and len(last.alerts) < DIGEST_MOST:
        return replace(last, alerts=(*last.alerts, alert.id))
    closes = alert.at + timedelta(minutes=ledger.alerts.window_minutes)
    return Digest(alert.id, alert.recipient, closes, (alert.id,), group=group_of(ledger, alert))
