"""Moments as auditors write them: a day, a position, an instant."""

from datetime import date, datetime, time

from events.ledger import Ledger
from services.common.settings import SettingsError

_DAY = len("2018-12-31")


def moment_of(text: str, ledger: Ledger) -> int | datetime:
    """Return a position, an instant, or the end of a day; raises SettingsError for other text."""
    if text.isascii() and text.isdecimal():
        return int(text)
    return _read(text, ledger, time.max, "a day (2018-12-31, its end is meant), a position (120), or an instant")


def begin_of(text: str, ledger: Ledger) -> datetime:
    """Return an instant, or the begin of a day; raises SettingsError for other text."""
    return _read(text, ledger, time.min, "a day (2018-12-31), or an instant")


def _read(text: str, ledger: Ledger, of_day: time, right: str) -> datetime:
    try:
        if len(text) == _DAY:
            return datetime.combine(date.fromisoformat(text), of_day, ledger.zone)
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise SettingsError(f"{text!r} is no moment; give {right} with an offset (2018-12-20T09:00:00+08:00)")
    return instant
