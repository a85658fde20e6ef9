"""Gathering: which digest an alert joins, and when that digest closes. Pure."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import assert_never

from msgspec.structs import replace

from events.ledger import Ledger
from events.working_days import WorkingDays
from services.notify.alerts import Alert
from services.notify.deliveries import DIGEST_MOST, Digest

ONE_DAY = timedelta(days=1)

LATE = timedelta(hours=1)
"""Of the ledger's time, after which a digest that is still open has missed its time, as nothing ran then."""


def group_of(ledger: Ledger, alert: Alert) -> str:
    """Return the group of an alert: alerts of one group go into one digest.

    It is what `group_by` names; alerts that may wait and those that may not are never in one digest.
    """
    labels = [alert.recipient]
    for label in ledger.alerts.group_by:
        match label:
            case "task":
                labels.append(alert.task)
            case "on":
                labels.append(alert.on)
            case "rule":
                labels.append(alert.rule)
            case "lead":
                labels.append(alert.lead)
            case "recipient":
                pass
            case _:
                assert_never(label)
    return "\0".join([*labels, "waits" if alert.waits else "now"])


def gather(last: Digest | None, alert: Alert, ledger: Ledger, days: WorkingDays) -> Digest:
    """Return the digest with an alert added: the last one of its group until its deliveries are made, or a new one.

    `last` is the latest digest of the alert's group (`group_of`), None if there was none. One that should have closed
    before the alert arose, but has not, as nothing ran then, takes it as well: what was missed is settled together. A
    reminder is not held beyond its due.
    """
    due = alert.due if alert.on == "neared" else None
    in_time = last is not None and (due is None or last.closes < due)
    if last is not None and last.deliveries is None and len(last.alerts) < DIGEST_MOST and in_time:
        return replace(last, alerts=(*last.alerts, alert.id))
    soonest = closes = alert.at + ledger.alerts.wait
    if last is not None and last.deliveries is not None:
        closes = max(closes, last.closes + ledger.alerts.interval)
    instants = [closes, soonest]
    if alert.waits:
        held = [working_time(at, ledger, calendar) for at in instants for calendar in (days, None)]
        instants = [*held, *instants]
    closes = next((at for at in instants if due is None or at < due), soonest)
    return Digest(alert.id, alert.recipient, closes.astimezone(ledger.zone), (alert.id,), group=group_of(ledger, alert))


def missed_its_time(digest: Digest, now: datetime) -> bool:
    """Return whether a digest that closes now does so much later than at its time."""
    return now - digest.closes > LATE


def held_until(alerts: Sequence[Alert], now: datetime, ledger: Ledger, days: WorkingDays) -> datetime:
    """Return when a digest closes that has missed its time: in working time if it may wait, else now.

    A reminder in it is not held beyond its due.
    """
    if not all(alert.waits for alert in alerts):
        return now
    due = min((alert.due for alert in alerts if alert.on == "neared" and alert.due is not None), default=None)
    held = (working_time(now, ledger, calendar) for calendar in (days, None))
    return next((at for at in held if due is None or at < due), now)


def working_time(instant: datetime, ledger: Ledger, days: WorkingDays | None) -> datetime:
    """Return the first instant from one on at which alerts are sent that may wait; without `days`, every day counts.

    If the rules have times, one of them on a working day; if they have quiet hours alone, any time of a working day
    outside of them, such as the end of those of the night before.
    """
    rules = ledger.alerts
    if not rules.in_working_time:
        return instant
    local = instant.astimezone(ledger.zone)
    day = local.date()
    while True:
        if days is None or days.is_working(day):
            for candidate in _times(ledger, day, local):
                if candidate >= local:
                    return candidate
        day += ONE_DAY


def _times(ledger: Ledger, day: date, instant: datetime) -> list[datetime]:
    """Return the instants of a day at which alerts are sent, in order; `instant` is one of them if it may be."""
    rules, quiet = ledger.alerts, ledger.alerts.quiet
    if rules.times:
        return [datetime.combine(day, at, ledger.zone) for at in rules.times]
    assert quiet is not None
    starts = [datetime.combine(day, at, ledger.zone) for at in (time(), quiet.end)]
    now = [instant] if instant.date() == day else []
    return sorted(at for at in (*starts, *now) if not quiet.has(at.time()))
