"""Markdown as the robots of WeCom and DingTalk show it. Pure.

Neither documents a way to escape a character (https://developer.work.weixin.qq.com/document/path/91770,
https://open.dingtalk.com/document/orgapp/custom-robots-send-group-messages), and a backslash would be shown by one of
them. So characters that could be markup are shown by their full-width forms, which read the same in Chinese text.
"""

import re

from services.notify.channels.content import Content
from services.notify.words.plain import links
from services.notify.words.shown import WORDS

_LITERAL = str.maketrans({character: chr(ord(character) + 0xFEE0) for character in "\\`*_#<>[]~|!&@$^"})
"""To the full-width forms (U+FF01 to U+FF5E)."""

_LIST = re.compile(r"^([-+=])|^(\d{1,9})([.)])")


def literal(text: str) -> str:
    """Return a line of text as it may stand in markdown without being markup."""
    line = text.translate(_LITERAL)
    return _LIST.sub(lambda found: _wide(found[1]) if found[1] else f"{found[2]}{_wide(found[3])}", line)


def markdown(page: Content, line_end: str) -> str:
    """Return it as markdown: bold titles, lines that end with `line_end`, and a link for each item."""
    blocks = [f"**{literal(page.heading)}**"]
    for item in page.items:
        lines = [f"**{literal(item.title)}**", *map(literal, item.lines)]
        lines += [f"[{said}]({address})" for said, address in links(item, page.language)]
        blocks.append(line_end.join(lines))
    if page.rest:
        blocks.append(f"{WORDS[page.language].rest(page.rest)}[{page.more}]({page.more})")
    return "\n\n".join(blocks)


def _wide(character: str) -> str:
    return chr(ord(character) + 0xFEE0)
