"""The terminal: texts of events and of configuration are shown as they are, and steer nothing."""

import unicodedata
from typing import Any

from rich.console import Console
from rich.text import Text

STEERING = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories of what acts instead of being shown: controls, bidirectional and invisible formats, separators."""


def visible(text: str) -> str:
    """Return a text in which such characters stand as U+XXXX; line feeds and tabs stay."""
    if text.isprintable():
        return text
    return "".join(
        f"U+{ord(char):04X}" if char not in "\n\t" and unicodedata.category(char) in STEERING else char for char in text
    )


class Terminal(Console):
    """A console that takes no text for markup or emoji, and shows what would act on the terminal."""

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, markup=False, emoji=False, highlight=False)

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(visible(text), **options)
