"""Paragraphs of a document as the outline that their numbers make: 一、（一）1.（1）①."""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct, field

from services.schedule.listing import label_line

_LEVELS = tuple(
    map(
        re.compile,
        (
            r"第[一二三四五六七八九十百0-9]+[部编章篇板类节](?:分)?[、.．\s]*",
            r"[一二三四五六七八九十百]{1,4}[、.．，]\s*",
            r"[（(][一二三四五六七八九十百]{1,4}[）)][、.．]?\s*",
            r"[0-9０-９]{1,3}\s*(?:[、．﹒]|[.](?![0-9]))\s*",
            r"[（(][0-9０-９]{1,3}[）)][、.．]?\s*",
            r"[①-⑳㉑-㉟]\s*",
        ),
    )
)
_FOOTER = re.compile(r"[-—–－\s·]*第?\s*[0-9]{1,4}\s*页?[-—–－\s·]*(?:共\s*[0-9]+\s*页)?")
_ENDED = re.compile(r"[。；：！？!?;:…）)〕】”]\s*$")
_WIDEST = 60
"""Characters of a line that a program has wrapped at most."""

_NEARLY = 4
_FULL = 0.2
"""How near the widest line others are in a wrapped text, and how many of them are."""

_FEWEST_FULL = 3

_CUT = re.compile(r"[（(][^（）()]*$")
_REST = re.compile(r"[^（）()]*[）)]")
"""A bracket of which a paragraph has the beginning, and the next one the end."""


class Paragraph(Struct, frozen=True):
    """A paragraph without the spaces around it, where it stands, for people (“line 12”), and what is struck out in it.

    Its text is empty where all of it is struck out.
    """

    text: str
    place: str
    struck: tuple[str, ...] = ()


class Node(Struct):
    """A numbered paragraph: its level (0: the document), its number, its text, and what stands below it."""

    level: int
    number: str
    text: str
    place: str
    below: list["Node | Paragraph"] = field(default_factory=list)


def outline(paragraphs: Sequence[Paragraph]) -> Node:
    """Return the document with its numbered paragraphs, each below that of the level above it."""
    root = Node(0, "", "", "")
    path = [root]
    for paragraph in paragraphs:
        level, number, text = _numbered(paragraph.text)
        if not level:
            path[-1].below.append(paragraph)
            continue
        while path[-1].level >= level:
            path.pop()
        node = Node(level, number, text, paragraph.place)
        path[-1].below.append(node)
        path.append(node)
    return root


def _numbered(text: str) -> tuple[int, str, str]:
    """Return the level that a paragraph’s number has, the number, and the text after it; level 0 without a number."""
    for level, pattern in enumerate(_LEVELS, 1):
        if (match := pattern.match(text)) and text[match.end() :].strip():
            return level, match[0].strip(), text[match.end() :].strip()
    return 0, "", text


def whole_paragraphs(lines: Sequence[Paragraph]) -> list[Paragraph]:
    """Return paragraphs without page numbers, and in one piece what a bracket, or a program’s width, has cut."""
    lines = [line for line in lines if line.text and not _FOOTER.fullmatch(line.text)]
    width = _width([line.text for line in lines])
    whole: list[Paragraph] = []
    last = ""
    for line in lines:
        if whole and _goes_on(whole[-1].text, last, line.text, width):
            whole[-1] = Paragraph(whole[-1].text + line.text, whole[-1].place)
        else:
            whole.append(line)
        last = line.text
    return whole


def _width(texts: Sequence[str]) -> int | None:
    """Return how long the lines of a wrapped text are; None for a text with a line for each paragraph."""
    widest = max(map(len, texts), default=0)
    full = sum(len(text) >= widest - _NEARLY for text in texts)
    return widest if widest <= _WIDEST and full >= max(_FEWEST_FULL, _FULL * len(texts)) else None


def _goes_on(text: str, last: str, line: str, width: int | None) -> bool:
    if _CUT.search(text) and _REST.match(line):
        return True
    if width is None or _numbered(line)[0] or label_line(line):
        return False
    return len(last) >= width - _NEARLY and not _ENDED.search(text)


def nodes(node: Node) -> Iterator[Node]:
    """Find the numbered paragraphs directly below one."""
    yield from (one for one in node.below if isinstance(one, Node))
