"""Rows of a table that are no tasks: its sections, its notes and totals."""

import re

_TOTAL = re.compile(r"[合总小共]\s*计[:：]?\s*[0-9]*\s*[项个条件]?")
_NOTE_WORD = re.compile(r"(?:备?注|附注|(?:填[表报])?说明)[0-9]*[:：.、]?")
_NOTE = re.compile(
    r"[（(]?(?:续[上前]?表|接上[页表]|转下页).{0,6}|[※*＊].+|[合总小共]\s*计.{0,20}"
    r"|(?:备?注|附注|(?:填[表报])?说明)[0-9]*[:：.、].*|填[表报]说明\s.*"
    r"|(?:审[核批定]|签发|制表|校对|复核)[:：].*"
    r"|(?:填[表报写]|制表|审核|联系|经办|报送|编制)(?:单位|人|日期|时间|部门|领导|电话|人及电话)[:：].*",
    re.DOTALL,
)
_LEVELS = (
    re.compile(r"第[一二三四五六七八九十百0-9]+[部编章篇板类]"),
    re.compile(r"[一二三四五六七八九十百]+[、.．，]|[IVX]+[.、]"),
    re.compile(r"[（(][一二三四五六七八九十百]+[）)]"),
    re.compile(r"[0-9]+[、.．]|[（(][0-9]+[）)]"),
)
_NUMERAL = re.compile(r"[（(]?[一二三四五六七八九十百]+[）)]?[、.．]?")


def is_note(text: str, *, alone: bool) -> bool:
    """Return whether a text that begins a row, or stands alone in it, makes it a note or a total."""
    patterns = (_TOTAL, _NOTE_WORD, _NOTE) if alone else (_TOTAL, _NOTE_WORD)
    return any(pattern.fullmatch(text) for pattern in patterns)


def is_numeral(text: str) -> bool:
    """Return whether a text is a number as sections have it (一, （二）)."""
    return _NUMERAL.fullmatch(text) is not None


def is_enumerated(text: str) -> bool:
    """Return whether a text begins as the name of a section does (一、)."""
    return any(level.match(text) for level in _LEVELS[:3])


def below(sections: tuple[str, ...], text: str) -> tuple[str, ...]:
    """Return the sections that a new one stands in, and itself: （一） is part of 一、, and 一、 of 第一部分."""
    level = _level(text)
    return (*(section for section in sections if _level(section) < level), text)


def _level(text: str) -> int:
    """Return how deep a section is; one without a number stands for itself."""
    return next((at for at, level in enumerate(_LEVELS, 1) if level.match(text)), 0)
