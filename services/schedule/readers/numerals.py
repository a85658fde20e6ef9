"""The numbers that Word gives the paragraphs of a list, as they are seen: 一、 （一） 1."""

import re
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from docx.oxml.ns import qn
from lxml.etree import _Element as Element

_CHINESE = "〇一二三四五六七八九"
_HUNDRED = 100
_CHINESE_FORMATS = frozenset(
    {"chineseCounting", "chineseCountingThousand", "japaneseCounting", "ideographDigital", "taiwaneseCountingThousand"}
)
_PLACE = re.compile(r"%([1-9])")


class Numbers:
    """The lists of one document; counts each as its paragraphs are asked for, in their order."""

    def __init__(self, document: Any) -> None:
        try:
            root = document.part.numbering_part.element
        except (KeyError, NotImplementedError):
            root = None
        self._styles = {style.get(qn("w:styleId")): style for style in document.styles.element.iter(qn("w:style"))}
        self._style_levels: dict[tuple[str, str], int] = {}
        self._levels: dict[tuple[str, int], tuple[str, str, int]] = {}
        self._abstract: dict[str, str] = {}
        self._counts: dict[str, dict[int, int]] = defaultdict(dict)
        for kind in () if root is None else root.iter(qn("w:abstractNum")):
            for level in kind.iter(qn("w:lvl")):
                key = (kind.get(qn("w:abstractNumId"), ""), int(level.get(qn("w:ilvl"), "0")))
                start = int(_value(level, "w:start") or "1")
                self._levels[key] = (_value(level, "w:numFmt") or "decimal", _value(level, "w:lvlText") or "", start)
                if style := _value(level, "w:pStyle"):
                    self._style_levels[key[0], style] = key[1]
        for number in () if root is None else root.iter(qn("w:num")):
            self._abstract[number.get(qn("w:numId"), "")] = _value(number, "w:abstractNumId") or ""

    def before(self, paragraph: Element) -> str:
        """Return the number that is seen before a paragraph; nothing for one that is in no list, or has a bullet."""
        number, stated, style = self._numbered(paragraph)
        if number is None:
            return ""
        kind = self._abstract.get(number, "")
        level = self._style_levels.get((kind, style), 0) if stated is None else int(stated)
        form, text, start = self._levels.get((kind, level), ("bullet", "", 1))
        counts = self._counts[number]
        counts[level] = counts.get(level, start - 1) + 1
        for deeper in [one for one in counts if one > level]:
            del counts[deeper]
        return "" if form in {"bullet", "none"} else _PLACE.sub(self._shown(kind, counts), text)

    def _numbered(self, paragraph: Element) -> tuple[str | None, str | None, str]:
        """Return the list of a paragraph, its level and the style that says so: its own, else those it is based on."""
        own = paragraph.find(qn("w:pPr"))
        name = "" if own is None else _value(own, "w:pStyle") or ""
        number, level = _list_of(own)
        seen: set[str] = set()
        while number is None and name in self._styles and name not in seen:
            seen.add(name)
            style = self._styles[name]
            number, above = _list_of(style.find(qn("w:pPr")))
            level = level or above
            if number is None:
                name = _value(style, "w:basedOn") or ""
        return number, level, name

    def _shown(self, kind: str, counts: dict[int, int]) -> Callable[[re.Match[str]], str]:
        def show(place: re.Match[str]) -> str:
            level = int(place[1]) - 1
            form, _, start = self._levels.get((kind, level), ("decimal", "", 1))
            count = counts.get(level, start)
            return _chinese(count) if form in _CHINESE_FORMATS and 0 < count < _HUNDRED else str(count)

        return show


def _list_of(properties: Element | None) -> tuple[str | None, str | None]:
    """Return the list and the level that properties of paragraphs name."""
    numbering = None if properties is None else properties.find(qn("w:numPr"))
    return (None, None) if numbering is None else (_value(numbering, "w:numId"), _value(numbering, "w:ilvl"))


def _value(parent: Element, tag: str) -> str | None:
    found = parent.find(qn(tag))
    return None if found is None else found.get(qn("w:val"))


def _chinese(count: int) -> str:
    """Return a number up to 99 as 二十一."""
    tens, ones = divmod(count, 10)
    return ("" if tens <= 1 else _CHINESE[tens]) + ("十" if tens else "") + (_CHINESE[ones] if ones else "")
