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
        self._levels: dict[tuple[str, int], tuple[str, str, int]] = {}
        self._abstract: dict[str, str] = {}
        self._counts: dict[str, dict[int, int]] = defaultdict(dict)
        for kind in () if root is None else root.iter(qn("w:abstractNum")):
            for level in kind.iter(qn("w:lvl")):
                key = (kind.get(qn("w:abstractNumId"), ""), int(level.get(qn("w:ilvl"), "0")))
                start = int(_value(level, "w:start") or "1")
                self._levels[key] = (_value(level, "w:numFmt") or "decimal", _value(level, "w:lvlText") or "", start)
        for number in () if root is None else root.iter(qn("w:num")):
            self._abstract[number.get(qn("w:numId"), "")] = _value(number, "w:abstractNumId") or ""

    def before(self, paragraph: Element) -> str:
        """Return the number that is seen before a paragraph; nothing for one that is in no list, or has a bullet."""
        properties = paragraph.find(f"{qn('w:pPr')}/{qn('w:numPr')}")
        number = None if properties is None else _value(properties, "w:numId")
        if properties is None or number is None:
            return ""
        level, kind = int(_value(properties, "w:ilvl") or "0"), self._abstract.get(number, "")
        form, text, start = self._levels.get((kind, level), ("bullet", "", 1))
        counts = self._counts[number]
        counts[level] = counts.get(level, start - 1) + 1
        for deeper in [one for one in counts if one > level]:
            del counts[deeper]
        return "" if form in {"bullet", "none"} else _PLACE.sub(self._shown(kind, counts), text)

    def _shown(self, kind: str, counts: dict[int, int]) -> Callable[[re.Match[str]], str]:
        def show(place: re.Match[str]) -> str:
            level = int(place[1]) - 1
            form, _, start = self._levels.get((kind, level), ("decimal", "", 1))
            count = counts.get(level, start)
            return _chinese(count) if form in _CHINESE_FORMATS and 0 < count < _HUNDRED else str(count)

        return show


def _value(parent: Element, tag: str) -> str | None:
    found = parent.find(qn(tag))
    return None if found is None else found.get(qn("w:val"))


def _chinese(count: int) -> str:
    """Return a number up to 99 as 二十一."""
    tens, ones = divmod(count, 10)
    return ("" if tens <= 1 else _CHINESE[tens]) + ("十" if tens else "") + (_CHINESE[ones] if ones else "")
