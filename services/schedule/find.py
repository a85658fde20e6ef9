"""The limits that running text states beyond doubt, and where."""

import re
from collections.abc import Iterator

from lark import Token, Tree, UnexpectedInput
from lark.parsers.lalr_interactive_parser import InteractiveParser

from services.schedule.counted import is_own
from services.schedule.grammar import Node, child, lark, tokens

_LIMITS = {"BEFORE", "INCLUDED", "EXCLUDED", "UNTIL"}
_LEADS = {"LEAD", "AT", "TO", "FROM"}
_PUNCTUATION = "(:"
_MOST = 40
"""Words of a limit; a range of two hours with all that can be said of them has fewer."""

_AHEAD = 12
"""Words after a limit that can make it a name."""

_CASE = re.compile(r"[^,;。]*的[,;。]")
"""Words that make of a limit a case (7月15日前办理的，享受补贴)."""

_OPEN_END = re.compile("世纪|更[长久晚]|远期")
"""An end that nobody dates, beside which no other is the whole limit (到2030年基本建成，到本世纪中叶全面建成)."""

_CUSTOM = re.compile("[^,;。]{0,8}(?:制度|机制)")
"""Words that make of what comes again the name of a custom (每季度末通报制度)."""


def find_limits(plain: str) -> Iterator[tuple[int, int]]:
    """Find each stretch of a regular text that states a limit: an end (底前, 内), a count from the issue, 每季度末.

    A span alone is none, for it may only name something (2018年度计划).
    """
    marks = list(lark().lex(plain))
    if any(mark.type == "VAGUE" and _OPEN_END.search(mark) for mark in marks):
        return
    at = 0
    while at < len(marks):
        length, node = (0, None) if marks[at] in _PUNCTUATION else _longest(marks[at : at + _MOST])
        before, stretch, after = (
            marks[max(at - 1, 0) : at],
            marks[at : at + length],
            marks[at + length : at + length + _AHEAD],
        )
        limits = node is not None and (_states_limit(node) or _is_reached(stretch, before, after))
        limits = limits and node is not None and not _names_something(node, after)
        if limits and not _of_other(before, stretch):
            yield stretch[0].start_pos or 0, stretch[-1].end_pos or 0
        at += max(length, 1)


def _longest(marks: list[Token]) -> tuple[int, Node | None]:
    """Return the longest beginning that is a `stretch`, and its tree."""
    fed, _ = _feed(marks)
    if all(mark.type in _LEADS for mark in marks[:fed]):
        return 0, None
    for length in range(fed, 0, -1):
        try:
            return length, _feed(marks[:length])[1].feed_token(Token("$END", ""))
        except UnexpectedInput:
            continue
    return 0, None


def _feed(marks: list[Token]) -> tuple[int, InteractiveParser]:
    """Return how many of the words a `stretch` could begin with, and the parser that has read them."""
    parser = lark().parse_interactive(start="stretch")
    for count, mark in enumerate(marks):
        try:
            parser.feed_token(mark)
        except UnexpectedInput:
            return count, parser
    return len(marks), parser


def _states_limit(node: Node) -> bool:
    if dated := child(node, "dated"):
        limit = tokens(child(dated, "limit") or Tree("limit", []))
        return bool(limit.keys() & _LIMITS) or limit.get("WITHIN", "期间") != "期间"
    if again := child(node, "recurring"):
        return child(again, "item") is not None
    return True


def _is_reached(stretch: list[Token], before: list[Token], after: list[Token]) -> bool:
    """Return whether a clause is nothing but the time at which something is reached (到2025年，覆盖率达到95%)."""
    alone = (not before or before[0].type == "SEPARATOR") and after[:1] and after[0] == ","
    leads = [mark for mark in stretch if mark.type in _LEADS]
    return bool(alone) and any(mark == "到" for mark in leads) and len(leads) < len(stretch)


def _of_other(before: list[Token], marks: list[Token]) -> bool:
    """Return whether it is counted from the issue of what the words before it name (细则印发之日起)."""
    named = any(mark.type == "WORD" for mark in before)
    return named and any(mark.type == "ISSUE" and not is_own(mark) for mark in marks)


def _names_something(node: Node, after: list[Token]) -> bool:
    words = "".join(after)
    if words.startswith("的") or _CASE.match(words):
        return True
    return child(node, "recurring") is not None and _CUSTOM.match(words) is not None
