"""The numbers of rows, as tables write them: 1, １., （1）, 三十二, 1.1."""

import re

from services.schedule.text import normalise, numeral

MOST = 1_000_000
"""The highest row number, as `events.schema.TaskAssigned` limits it."""

_LONGEST = 20
"""Characters of a number with what stands around it."""

_AROUND = re.compile(r"^第?[(\[]?|[)\]]?[项条号]?[.、,)]*$")
_SUB = re.compile(r"[(]?[0-9]{1,4}(?:[.·(-][0-9]{1,4}[)]?)+[.、)]?")
_FIRST_PART = re.compile(r"[(]?([0-9]{1,4})[.·(-]|[(]1[)]$")
_CIRCLED = {chr(0x2460 + at): at + 1 for at in range(20)}


def read_number(text: str) -> int | None:
    """Return the number a cell states, also one that is too high; None for any other text."""
    if text in _CIRCLED:
        return _CIRCLED[text]
    if len(text) > _LONGEST:
        return None
    plain = _AROUND.sub("", normalise(text))
    if plain.isascii() and plain.isdigit() and len(plain) <= len(str(MOST)):
        return int(plain)
    return numeral(plain) if plain else None


def begins_parts(text: str, below: str) -> bool:
    """Return whether a number has parts, the first of which stands below it (1 and 1.1, 1 and （1））."""
    first = _FIRST_PART.match(normalise(below)) if len(below) <= _LONGEST else None
    if first is None or "(" in normalise(text):
        return False
    return first[1] is None or (is_sub_number(below) and int(first[1]) == read_number(text))


def is_sub_number(text: str) -> bool:
    """Return whether a cell states a number within another’s (1.1, 2-3)."""
    return len(text) <= _LONGEST and _SUB.fullmatch(normalise(text)) is not None
