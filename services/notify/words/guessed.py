"""Alerts whose time was counted in working days of a year that has no calendar yet. Pure."""

from datetime import datetime

from events.ledger import Ledger
from events.working_days import WorkingDays
from services.notify.alerts import Alert


def guessed_year(ledger: Ledger, alert: Alert, days: WorkingDays, now: datetime) -> int | None:
    """Return the year without a calendar by whose weekends an alert was held, None if its time rests on none."""
    if not alert.waits:
        return None
    first, last = ledger.day(alert.at), ledger.day(now)
    if first == last:
        return None
    return next((year for year in range(first.year, last.year + 1) if not days.known(year)), None)
