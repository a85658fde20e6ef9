"""The content of a message: what it shows, before a channel gives it its form. Pure."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace

from events.text import Language
from services.notify.letter import Item, Letter
from services.notify.words.lines import one_line

SUBJECT_MOST = 100
"""Characters of a subject: a line of a phone's notification has fewer."""

LINK_MOST = 1_000
"""Bytes of a link; a longer one is left out."""

_LINES = re.compile(r"[\r\n\x0b\x0c\x85\u2028\u2029]+")
_UNSAFE = re.compile(r"""[^\x21-\x7e]|[<>"'()\[\]\\`{}|^]""")


class Content(NamedTuple):
    """A message: its part's id, its heading with its number, its items, and how many others there are, at `more`."""

    id: str
    heading: str
    items: tuple[Item, ...]
    rest: int
    more: str
    language: Language


def tidied(item: Item) -> Item:
    """Return an item of lines that are not empty and have no breaks in them, with links that are such.

    A break or a control character would end a header or a markdown paragraph.
    """
    lines = (one_line(line) for text in item.lines for line in _LINES.split(text))
    return replace(
        item,
        title=one_line(item.title),
        lines=tuple(line for line in lines if line),
        link=checked_link(item.link),
        ack=checked_link(item.ack),
    )


def checked_link(link: str) -> str:
    """Return an http link as it may stand in any markup, percent-encoded where needed; empty for what is none."""
    if not link.startswith(("http://", "https://")):
        return ""
    safe = _UNSAFE.sub(_percent, link)
    return safe if len(safe) <= LINK_MOST else ""


def _percent(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode(errors="replace"))


def content_of(letter: Letter, items: Sequence[Item], number: int, of: int, rest: int) -> Content:
    """Return the content of a part; its heading is numbered where there are several."""
    heading = cut(one_line(letter.subject), SUBJECT_MOST)
    if of > 1:
        heading += f"（{number}/{of}）" if letter.language == "zh" else f" ({number}/{of})"
    id = letter.id if of == 1 else f"{letter.id}.{number}"
    return Content(id, heading, tuple(items), rest, checked_link(letter.more), letter.language)


_JOINED = re.compile("[\u0300-\u036f\u200d\u20d0-\u20ff\ufe00-\ufe0f\U0001f3fb-\U0001f3ff]")
"""Characters that belong to the one before: combining marks, joiners, variations and skin colours."""

_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]")
_ANY_LINK = re.compile(r"https?://[\x21-\x7e]+")


def cut(text: str, most: int) -> str:
    """Return text of at most `most` characters (at least 1), the last … where it was longer.

    It is cut neither inside a character as readers see one, nor inside a link.
    """
    if len(text) <= most:
        return text
    end = most - 1
    for link in _ANY_LINK.finditer(text):
        if link.start() < end < link.end():
            end = link.start()
    while end > 0 and _inside(text, end):
        end -= 1
    return f"{text[:end].rstrip()}…"


def _inside(text: str, at: int) -> bool:
    """Return whether a place is inside a character as readers see one."""
    return bool(
        _JOINED.match(text[at]) or text[at - 1] == "\u200d" or (_FLAG.match(text[at]) and _FLAG.match(text[at - 1]))
    )
