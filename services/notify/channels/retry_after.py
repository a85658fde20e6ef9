"""The seconds after which a receiver wants to be asked again. Pure."""

from datetime import UTC
from email.utils import parsedate_to_datetime

MOST = 86_400.0
"""The most seconds that are honoured, a day: a receiver cannot put alerts off for ever."""


def retry_after(text: str | None, now: float) -> float:
    """Return the seconds that a Retry-After asks for, given as seconds or as a date (RFC 9110, 10.2.3); 0 for none.

    `now` are Unix seconds.
    """
    text = (text or "").strip()
    if text.isascii() and text.isdecimal():
        return min(MOST, float(text[:10]))
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    at = date if date.tzinfo is not None else date.replace(tzinfo=UTC)
    return min(MOST, max(0.0, at.timestamp() - now))
