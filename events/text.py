"""Texts as they are compared, and as they are shown to people. Pure.

Two spellings of one text are equal in Unicode's normal form C (NFC): é is one character or two, by keyboard and system.
"""

import unicodedata
from functools import lru_cache
from typing import Literal, TypeAlias

Language: TypeAlias = Literal["zh", "en"]
"""The languages of texts for people, Chinese first."""

SHOWN = 200
"""Characters of somebody else's text in a message: as long as the longest name, a line or two on a terminal."""

_DETAIL = 2_000
"""Characters of a whole message: a task may have 200 units with names of 200 characters, and an answer names them."""

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode's categories of controls, formats (zero width, bidirectional), surrogates and separators of lines."""

_BLANK = frozenset(
    chr(code)
    for first, last in (
        (0x034F, 0x034F),  # combining grapheme joiner
        (0x115F, 0x1160),  # fillers of Hangul
        (0x17B4, 0x17B5),  # inherent vowels of Khmer
        (0x180B, 0x180F),  # variation selectors of Mongolian
        (0x2800, 0x2800),  # Braille without a dot
        (0x3164, 0x3164),
        (0xFE00, 0xFE0F),  # variation selectors
        (0xFFA0, 0xFFA0),
        (0xE0100, 0xE01EF),
    )
    for code in range(first, last + 1)
)
"""Letters, marks and symbols that leave no mark: Unicode's Default_Ignorable_Code_Point beyond those categories."""

NONCHARACTERS = frozenset(
    map(
        chr,
        [*range(0xFDD0, 0xFDF0), *(plane + last for plane in range(0, 0x110000, 0x10000) for last in (0xFFFE, 0xFFFF))],
    )
)
"""Code points that are for ever no characters (Unicode, 23.7)."""

CACHED = 4_096
"""Names that are remembered: a ledger has some hundred, and every event has one of them."""


def composed(text: str) -> str:
    """Return a text in NFC."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


@lru_cache(CACHED)
def name_of(text: str) -> str:
    """Return a name as it is compared: in NFC, without white space at its ends."""
    return composed(text).strip()


@lru_cache(CACHED)
def name_fault(text: str) -> str | None:
    """Return what is wrong with a name that people have to tell apart by sight, None if nothing is."""
    name = name_of(text)
    if not name:
        return "has nothing but white space"
    odd = next(filter(hidden, name), None)
    return f"has the character {codepoint(odd)}, which cannot be seen; leave it out" if odd is not None else None


def hidden(char: str) -> bool:
    """Return whether a character acts on its surroundings, or shows nothing, instead of being read."""
    return char in _BLANK or unicodedata.category(char) in _HIDDEN or char in NONCHARACTERS


def codepoint(char: str) -> str:
    """Return how a character is named where it cannot be shown: `U+200B`."""
    return f"U+{ord(char):04X}"


def printed(detail: str) -> str:
    """Return what is wrong with something for whoever sent it: on one line, bounded, nothing in it hidden."""
    if not detail.isprintable():
        detail = "".join(codepoint(char) if hidden(char) else char for char in detail)
    return detail if len(detail) <= _DETAIL else f"{detail[:_DETAIL]}…"


def shown(text: str) -> str:
    """Return a text of somebody else's for a message: its beginning, and what is hidden in it as `U+200B`."""
    start = ""
    for char in text:
        visible = codepoint(char) if hidden(char) else char
        if len(start) + len(visible) > SHOWN:
            return f"{start}…"
        start += visible
    return start


def quoted(text: str) -> str:
    """Return a text of somebody else's in quotation marks, as it is shown."""
    return f"'{shown(text)}'"
