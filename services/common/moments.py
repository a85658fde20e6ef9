"""Moments in a query: positions of the log, and instants."""

import re
from datetime import datetime
from typing import Any

from litestar.exceptions import ValidationException

from events.deadline import check_year

INSTANT: dict[str, Any] = {"format": "date-time"}

MOMENT: dict[str, Any] = {"anyOf": [{"pattern": "^[0-9]{1,18}$"}, INSTANT]}
"""The schema of a position of the log, or an instant."""

_POSITION = re.compile(r"[0-9]{1,18}")
"""The positions that a stream's id can hold."""


def read_position(text: str) -> int | None:
    """Return a position of the log, None where the text is none."""
    return int(text) if _POSITION.fullmatch(text) else None


def read_instant(name: str, text: str, others: str = "") -> datetime:
    """Return an instant; raises ValidationException, with `name` and the `others` that are allowed, for other text.

    It is within the bounds of those in events, as beyond them adding days and changing the zone would fail.
    """
    try:
        instant = datetime.fromisoformat(text.replace(" ", "+"))  # an unescaped + arrives as a space
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise ValidationException(f"{name} {text!r} is not {others}an instant like 2018-12-20T09:00:00+08:00")
    try:
        check_year(instant)
    except ValueError as error:
        raise ValidationException(f"{name} {error}") from error
    return instant


def read_moment(name: str, text: str) -> int | datetime:
    """Return a position or an instant; raises ValidationException with the parameter's name for other text."""
    position = read_position(text)
    return position if position is not None else read_instant(name, text, "a position, or ")
