"""A letter's items as plain text, for any message and for a mail. Pure."""

from collections.abc import Sequence

from events.text import Language
from services.notify.letter import Item
from services.notify.words.shown import WORDS


def plain_text(items: Sequence[Item], rest: int, more: str, language: Language) -> str:
    """Return items as text, an empty line between two; `rest` is how many more there are, to be read at `more`."""
    blocks = ["\n".join((item.title, *item.lines, *_linked(item, language))) for item in items]
    return "\n\n".join(blocks + ([f"{WORDS[language].rest(rest)}{more}"] if rest else []))


def mail_text(items: Sequence[Item], rest: int, more: str, language: Language) -> str:
    """Return the text part of a mail: the items, and that it needs no answer."""
    return f"{plain_text(items, rest, more, language)}\n\n{WORDS[language].automatic}\n"


def links(item: Item, language: Language) -> list[tuple[str, str]]:
    """Return the words and the address of each link of an item."""
    words = WORDS[language]
    return [(said, address) for said, address in ((words.acknowledge, item.ack), (words.look, item.link)) if address]


def _linked(item: Item, language: Language) -> list[str]:
    return [f"{said}{WORDS[language].colon}{address}" for said, address in links(item, language)]
