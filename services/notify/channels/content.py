"""The content of a message: what it shows, before a channel gives it its form. Pure."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace

from services.notify.letter import Item, Letter

SUBJECT_MOST = 100
"""Characters of a subject: a line of a phone's notification has fewer."""

LINK_MOST = 1_000
"""Bytes of a link; a longer one is left out, as no task's page has one."""

_BREAKS = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_LINES = re.compile(r"[\r\n\x0b\x0c\x85\u2028\u2029]+")
LINK_WORDS = {"zh": ("任务详情", "收到后请登记办理意见"), "en": ("Task page", "Acknowledge with a word")}
"""The words on the links to a task's page and to the form that acknowledges an alert."""

_UNSAFE = re.compile(r"""[^\x21-\x7e]|[<>"'()\[\]\\`{}|^]""")


class Content(NamedTuple):
    """A message: its part's id, its heading with its number, its items, and how many others there are, at `more`."""

    id: str
    heading: str
    items: tuple[Item, ...]
    rest: int
    more: str
    language: str

    @property
    def rest_words(self) -> str:
        """The words before the address of the rest; empty where there is none."""
        if not self.rest:
            return ""
        return f"另有 {self.rest} 项，见 " if self.language == "zh" else f"{self.rest} more: "

    def links(self, item: Item) -> list[tuple[str, str]]:
        """Return the words and the address of each link of an item: the form that acknowledges it, and its page."""
        look, acknowledge = LINK_WORDS.get(self.language, LINK_WORDS["zh"])
        return [(words, address) for words, address in ((acknowledge, item.ack), (look, item.link)) if address]


def one_line(text: str) -> str:
    """Return text as one line without control characters, which would end a header or a markdown paragraph."""
    return _BREAKS.sub(" ", text.encode(errors="replace").decode()).strip()


def tidied(item: Item) -> Item:
    """Return an item of lines that are not empty and have no breaks in them, with a link that is one."""
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


def plain(page: Content) -> str:
    """Return it as plain text without the heading, which is the subject, unless there is nothing else."""
    colon = "：" if page.language == "zh" else ": "
    blocks = [
        "\n".join((item.title, *item.lines, *(f"{words}{colon}{address}" for words, address in page.links(item))))
        for item in page.items
    ]
    if page.rest:
        blocks.append(f"{page.rest_words}{page.more}")
    return "\n\n".join(blocks or [page.heading])


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
