"""The expiry of a token, as an operator writes it."""

import re
from datetime import datetime, time, timedelta

from events.ledger import Ledger
from services.cli.token_rows import shown
from services.common.settings import SettingsError

_DAYS = re.compile(r"([1-9][0-9]{0,3})d")


def instant_of(text: str, ledger: Ledger, now: datetime) -> datetime:
    """Return the instant of expiry; raises SettingsError if the text cannot be read or the instant has passed."""
    try:
        until = _read(text, ledger, now)
    except (ValueError, OverflowError):
        wanted = "90d, a day such as 2027-06-30, or an instant such as 2027-06-30T12:00:00+08:00"
        raise SettingsError(f"--expires {text!r} is not one of: {wanted}") from None
    if until <= now:
        raise SettingsError(f"--expires {text!r} has passed: by the ledger's clock it is {shown(now, ledger)}")
    return until.astimezone(ledger.zone)


def _read(text: str, ledger: Ledger, now: datetime) -> datetime:
    """Return the instant of a number of days, a day or an instant; raises ValueError or OverflowError."""
    if days := _DAYS.fullmatch(text):
        return now + timedelta(days=int(days[1]))
    if len(text) == len("2027-06-30"):
        return datetime.combine(datetime.fromisoformat(text).date() + timedelta(days=1), time(), ledger.zone)
    until = datetime.fromisoformat(text)
    if until.tzinfo is None:
        raise ValueError(text)
    return until
