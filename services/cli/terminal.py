"""The terminal: texts of events and of configuration are shown as they are, and steer nothing."""

from typing import Any

from rich.console import Console
from rich.text import Text

from events.text import codepoint, hidden


def visible(text: str) -> str:
    """Return a text in which such characters stand as U+XXXX; line feeds and tabs stay."""
    if text.isprintable():
        return text
    return "".join(codepoint(char) if char not in "\n\t" and hidden(char) else char for char in text)


class Terminal(Console):
    """A console that takes no text for markup or emoji, and shows what would act on the terminal."""

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, markup=False, emoji=False, highlight=False)

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(visible(text), **options)
