"""The texts of a cell: no character that a document cannot hold, and nothing that a spreadsheet would compute. Pure."""

import re

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Beginnings that spreadsheets take for a formula (OWASP, CSV Injection), full-width forms included."""

GUARD = "'"
"""Makes a CSV cell text for a spreadsheet. OWASP recommends it; other programs show the quote, which harms nothing."""

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_FORBIDDEN = re.compile("[\ud800-\udfff\ufffe\uffff]")
_PICTURES = 0x2400
"""The first of Unicode's pictures of control characters, in their order."""


def visible(text: str) -> str:
    """Return a text with a picture in place of each control character, which XML cannot hold (␀ for NUL)."""
    shown = _CONTROLS.sub(lambda found: "␡" if found[0] == "\x7f" else chr(_PICTURES + ord(found[0])), text)
    return _FORBIDDEN.sub("\ufffd", shown)


def is_formula(text: str) -> bool:
    """Return whether a spreadsheet might take a text for a formula, also after spaces."""
    return text.startswith(FORMULA) or text.lstrip().startswith(FORMULA)


def guarded(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula when it opens a CSV file."""
    shown = visible(text)
    return GUARD + shown if is_formula(shown) else shown
