"""The limits that running text states beyond doubt, and where."""

from collections.abc import Iterator

from lark import Token, Tree, UnexpectedInput

from services.ingest.schedule.counted import is_own
from services.ingest.schedule.grammar import LARK, Node, child, tokens

_LIMITS = {"BEFORE", "INCLUDED", "EXCLUDED", "UNTIL"}
_PUNCTUATION = "(:"
_PAST = ("建成", "取得", "登记", "入库", "投入使用", "投产", "形成", "购买", "在册", "淘汰", "注册")
"""Words that make of a limit what something is called by (2000年底前建成的小区)."""


def find_limits(plain: str) -> Iterator[tuple[int, int]]:
    """Find each stretch of a regular text that states a limit: an end (底前, 内), a count from the issue, 每季度末.

    A span alone is none, for it may only name something (2018年度计划).
    """
    marks = list(LARK.lex(plain))
    at = 0
    while at < len(marks):
        length, node = (0, None) if marks[at] in _PUNCTUATION else _longest(marks[at:])
        if (
            node is not None
            and not _of_other(marks[:at], marks[at : at + length])
            and _states_limit(node)
            and not _names_something(marks[at + length :])
        ):
            yield marks[at].start_pos or 0, marks[at + length - 1].end_pos or 0
        at += max(length, 1)


def _longest(marks: list[Token]) -> tuple[int, Node | None]:
    """Return the longest beginning that is a `stretch`, and its tree."""
    parser = LARK.parse_interactive(start="stretch")
    length, node = 0, None
    for count, mark in enumerate(marks, 1):
        try:
            parser.feed_token(mark)
        except UnexpectedInput:
            break
        if "$END" in parser.accepts():
            length, node = count, parser.copy().feed_eof()
    return length, node


def _states_limit(node: Node) -> bool:
    if dated := child(node, "dated"):
        limit = tokens(child(dated, "limit") or Tree("limit", []))
        return bool(limit.keys() & _LIMITS) or limit.get("WITHIN", "期间") != "期间"
    if again := child(node, "recurring"):
        return child(again, "item") is not None
    return True


def _of_other(before: list[Token], marks: list[Token]) -> bool:
    """Tell whether it is counted from the issue of what the words before it name (细则印发之日起)."""
    return (
        bool(before) and before[-1].type == "WORD" and any(mark.type == "ISSUE" and not is_own(mark) for mark in marks)
    )


def _names_something(after: list[Token]) -> bool:
    words = "".join(after[:12])
    return words.startswith("的") or any(words.startswith(past) and "的" in words for past in _PAST)
