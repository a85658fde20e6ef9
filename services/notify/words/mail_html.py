"""A letter's items as the HTML part of a mail: what is shown is the plain text, line by line. Pure.

All styles are inline, as many mail clients drop style sheets, and the page has tables nowhere. Text and background keep
the client's own colours, so that a dark screen stays dark; only the mark of what is overdue has both colours set.
"""

from collections.abc import Sequence
from html import escape

from events.text import Language
from services.notify.letter import Item
from services.notify.words.plain import links
from services.notify.words.shown import WORDS

_FONTS = "-apple-system,'Segoe UI','PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif"
_BODY = f"margin:0;padding:16px;font:16px/1.6 {_FONTS};overflow-wrap:anywhere;word-break:break-word"
_PAGE = "max-width:640px;margin:0 auto"
_ITEM = "margin:0 0 20px;padding:0 0 0 12px;border-left:4px solid {}"
_OVERDUE, _OTHER = "#c5221f", "#8a8f98"
"""Of the bar beside an item: each is 3:1 or more against white and against #1e1e1e (WCAG 2.2, 1.4.11)."""
_TITLE = "font-size:16px;line-height:1.5;margin:0 0 4px"
_LINES = "margin:0"
_FOOT = "margin:24px 0 0;font-size:14px"


def mail_html(heading: str, items: Sequence[Item], rest: int, more: str, language: Language) -> str:
    """Return the HTML of a mail whose subject is `heading`; `rest` items more can be read at `more`."""
    words = WORDS[language]
    blocks = [_item(item, language) for item in items]
    if rest:
        blocks.append(f'<p style="{_LINES}">{escape(words.rest(rest))}{_link(more)}</p>')
    blocks.append(f'<p style="{_FOOT}">{escape(words.automatic)}</p>')
    body = "\n".join(blocks)
    return (
        f'<!DOCTYPE html>\n<html lang="{"zh-CN" if language == "zh" else "en"}" style="color-scheme:light dark">\n'
        '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        '<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">'
        f"<title>{escape(heading)}</title></head>\n"
        f'<body style="{_BODY}"><div style="{_PAGE}">\n{body}\n</div></body></html>\n'
    )


def _item(item: Item, language: Language) -> str:
    words = WORDS[language]
    lines = [escape(line) for line in item.lines]
    lines += [f"{escape(said + words.colon)}{_link(address)}" for said, address in links(item, language)]
    title = f'<h2 style="{_TITLE}">{escape(item.title)}</h2>'
    text = f'<p style="{_LINES}">{"<br>".join(lines)}</p>'
    style = _ITEM.format(_OVERDUE if item.urgent else _OTHER)
    return f'<div style="{style}">\n{title}\n{text}\n</div>'


def _link(address: str) -> str:
    return f'<a href="{escape(address)}">{escape(address)}</a>'
