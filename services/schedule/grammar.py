"""A regular phrase to its tree, by the grammar in `phrase.lark`.

LALR: one pass from left to right, so reading a phrase takes time in proportion to its length, and where the grammar has
no way on is where the phrase stops making sense.
"""

from functools import cache, lru_cache
from typing import TypeAlias

from lark import Lark, Token, Tree, UnexpectedInput
from lark.exceptions import UnexpectedToken

Node: TypeAlias = Tree[Token]


@cache
def lark() -> Lark:
    """Return the grammar, which takes some 0.2 s to make."""
    return Lark.open(
        "phrase.lark",
        rel_to=__file__,
        start=["phrase", "stretch", "refused"],  # the last only so that its tokens are known
        parser="lalr",
        lexer="basic",
        propagate_positions=True,
    )


_REASONS = {
    "VAGUE": "does not say which day",
    "AFTER": "does not say by when",
    "DAY": "is a second time, or of no month that was named",
}
"""What is wrong with a token that stands where the grammar has no use for it."""


class UnparsedError(ValueError):
    """A phrase that the grammar does not derive; `at` is where it stops making sense."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.at = at


@lru_cache(maxsize=4_096)
def parse(plain: str) -> Node:
    """Return the tree of a regular phrase whose goals are masked.

    Raise UnparsedError, naming what cannot be read, where there is none.
    """
    try:
        return lark().parse(plain, start="phrase")
    except UnexpectedToken as error:
        token = error.token
        if token.type == "$END":
            raise UnparsedError("it breaks off", len(plain) - 1) from error
        reason = _REASONS.get(token.type, "cannot be read")
        at = token.start_pos or 0
        raise UnparsedError(f"“{token}” in “{plain[max(0, at - 6) :]}” {reason}", at) from error
    except UnexpectedInput as error:  # pragma: no cover - every character is a token
        raise UnparsedError("it cannot be read", 0) from error


def tokens(node: Node | Token) -> dict[str, str]:
    """Return the tokens of a node by their names; of two with one name the last."""
    if isinstance(node, Token):
        return {node.type: str(node)}
    return {token.type: str(token) for token in node.scan_values(lambda value: isinstance(value, Token))}


def child(node: Node, name: str) -> Node | None:
    """Return the node’s child of that rule, or None."""
    return next((each for each in node.children if isinstance(each, Tree) and each.data == name), None)


def token(node: Node, name: str) -> Token | None:
    """Return the node’s own token of that name, or None."""
    return next((each for each in node.children if isinstance(each, Token) and each.type == name), None)


def marks_of(clause: Node, at: int = 0) -> list[Token]:
    """Return the tokens of a clause’s words, or with `at` -1 those of its tail."""
    node = clause.children[at]
    return [token for token in node.children if isinstance(token, Token)] if isinstance(node, Tree) else []


_CARRYING = {"dated", "festival", "recurring", "span", "event", "period", "ISSUE", "WITHIN", "SINCE"}
"""What means a clause's time; of a clause of words it is the words that its rule reads."""

_WORDED = {"GOES_ON", "CONDITION", "IN_TIME", "EVERY_OTHER"}


def carrying(clause: Node) -> tuple[int, int]:
    """Return where the words stand that mean a clause's time: all of it where no part does by itself."""
    spans = [
        (each.meta.start_pos, each.meta.end_pos) if isinstance(each, Tree) else (each.start_pos or 0, each.end_pos or 0)
        for each in clause.children
        if (each.data if isinstance(each, Tree) else each.type) in _CARRYING
    ]
    if str(clause.data) == "event_clause":
        spans = [(clause.meta.start_pos, end) for _, end in spans]
    if not spans:
        spans = [(mark.start_pos or 0, mark.end_pos or 0) for mark in marks_of(clause) if mark.type in _WORDED]
    if not spans:
        return clause.meta.start_pos, clause.meta.end_pos
    return min(begin for begin, _ in spans), max(end for _, end in spans)
