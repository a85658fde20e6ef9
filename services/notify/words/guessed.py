"""Alerts whose time was counted in working days of a year that has no calendar yet. Pure."""

from datetime import datetime

from events.ledger import Ledger
from events.working_days import WorkingDays
from services.notify.alerts import Alert


def guessed_year(ledger: Ledger, alert: Alert, days: WorkingDays, now: datetime) -> int | None:
    """Return the year without a calendar by whose weekends an alert was timed, None if its time rests on none.

    An alert that may wait is held over days that are not worked; a step of an escalation may be counted in working
    days from its due.
    """
    if alert.waits and ledger.alerts.in_working_time:
        first, last = ledger.day(alert.at), ledger.day(now)
    elif alert.due is not None and _counts_working_days(ledger, alert):
        first, last = ledger.day(alert.due), ledger.day(alert.at)
    else:
        return None
    years = range(first.year, last.year + 1) if first < last else ()
    return next((year for year in years if not days.known(year)), None)


def _counts_working_days(ledger: Ledger, alert: Alert) -> bool:
    return any(
        rule.delay.working
        for rule in ledger.alerts.rules
        if rule.on == alert.on == "open" and rule.called == alert.rule and rule.number <= alert.step
    )
