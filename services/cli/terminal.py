"""The terminal: texts of events and configuration are printed literally and cannot control it."""

from typing import Any

from rich.console import Console
from rich.text import Text

from events.text import codepoint, hidden


def visible(text: str) -> str:
    """Return a text with hidden and control characters as U+XXXX, except line feeds and tabs."""
    if text.isprintable():
        return text
    return "".join(codepoint(char) if char not in "\n\t" and hidden(char) else char for char in text)


class Terminal(Console):
    """A console without markup and emoji that prints control characters as U+XXXX."""

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, markup=False, emoji=False, highlight=False)

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(visible(text), **options)
