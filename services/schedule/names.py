"""Names of organisations in running text: where one ends and the next begins."""

import re
from collections.abc import Collection, Iterator
from itertools import accumulate, pairwise

from services.schedule.endings import has_end, is_trade
from services.schedule.people import is_people
from services.schedule.spelling import show
from services.schedule.unnamed import is_open, is_unnamed

_OPENING, _CLOSING = "（", "）"
_BRACKETS = _OPENING + _CLOSING
_JUSTIFIED = re.compile(r"[^\s、，；。：]?(?:\s+[^\s、，；。：])+")
"""A name whose characters were set apart to fill its cell (市 残 联)."""

_BEGINS = re.compile(r"各|有关|相关|其他|[省市州县区镇乡]|中|国|全")
_SHORT = re.compile(
    r"(?!社会资本).{1,8}(?:局|委|办|厅|署|联|部|院|政府|委员会|办公室|公司|报社|电视台|银行)$|.*管委会$"
)
_SPACED = re.compile(r"[^\s]{2,7}(?:局|委|办|厅|署|联)(?=$|\s)")
_POST = re.compile(r"[^\s]{2,6}[站所院队](?=$|\s)")
_OFFICE = re.compile(r".{2,}(?:局|厅|署|联|委员会|.办)$|.[^省市县区党].+委$")
"""An office of its own, unlike 市委 and 市政府, after which a space may stand inside a name (市委 政法委)."""
_SHORTEST = 2
_SPACE = re.compile(r"\s+")
_AND = re.compile(r"\s*(?:以及|和|及|与)\s*|\s+")
_NOUN = re.compile(r"(?:单位|部门|机构|企业|地区|组织|团体)(?:（[^（）]*）)?(?=$|\s|以及|[和及与])")
"""What 和 adds to a name for units without naming any (有关部门和单位)."""
_SEPARATED = re.compile("[、，；。：]")
_GOES_ON = re.compile("(?:政府|党委|^.?委|总工会|联合会)$")
_LATTER = re.compile("(?:办公室|委员会|管委会|管理局|分公司|(?:股份)?有限公司|服务中心|领导小组|指挥部|人民政府)")
"""Lines that may be the first or the second part of one name."""

_AND_OTHERS = re.compile(r"(?P<head>.+?)(?P<others>等.*)")


def outside_brackets(text: str) -> list[int]:
    """Return the places outside brackets; raise ValueError if the brackets do not match."""
    places = []
    depth = 0
    for at, character in enumerate(text):
        depth -= character in _CLOSING
        if depth == 0 and character not in _BRACKETS:
            places.append(at)
        depth += character in _OPENING
        if depth < 0:
            break
    if depth != 0:
        raise ValueError("a bracket is not closed, or not opened")
    return places


def unbracket(text: str) -> str:
    """Return the inside of a text that is one bracket, any other text as it is."""
    text = text.strip().rstrip("。；").rstrip()
    depths = list(accumulate((character in _OPENING) - (character in _CLOSING) for character in text))
    whole = depths and depths[-1] == 0 and 0 not in depths[:-1] and text[0] in _OPENING
    return text[1:-1].strip() if whole else text


def split(text: str, separators: str) -> Iterator[tuple[str, str]]:
    """Find the non-empty parts between separators outside brackets, each with the separator before it ("" at first)."""
    begin, before = 0, ""
    for at in [*outside_brackets(text), len(text)]:
        if at == len(text) or text[at] in separators:
            if part := text[begin:at].strip():
                yield before, part
            begin, before = at + 1, text[at : at + 1]


def split_lines(text: str, known: Collection[str]) -> str:
    """Return a text in which lines are parts of a list, if nothing else separates it and each line is a whole name.

    A line that may go on in the next one (市政府 办公室) is none.
    """
    lines = [line.strip() for line in text.split("\n")]
    if len(lines) == 1 or _SEPARATED.search(text):
        return text
    whole = all(len(line) > _SHORTEST and _ends(line, known) for line in lines)
    cut = any(_GOES_ON.search(line) and not _BEGINS.match(after) for line, after in pairwise(lines))
    return text if cut or not whole or any(map(_LATTER.fullmatch, lines)) else "、".join(lines)


def split_names(text: str, known: Collection[str]) -> list[str]:
    """Split at 和, 及, 与 and spaces that stand between names, and before 等有关部门.

    A word stands between names if what is before it ends as an organisation’s name does (市经济和信息化局 stays whole)
    and what follows begins and ends as one, is short (市科技局和知识产权局), or is known.
    """
    if _JUSTIFIED.fullmatch(text):
        text = _SPACE.sub("", text)
    free = set(outside_brackets(text))
    for match in _AND.finditer(text):
        left, right = text[: match.start()], text[match.end() :]
        between = free.issuperset(range(*match.span())) and len(left) >= _SHORTEST
        if (
            between
            and not _NOUN.match(right)
            and _ends(left, known)
            and _follows(left, right, known, spaced=match[0].isspace())
        ):
            return [*split_names(left, known), *split_names(right, known)]
    if is_people(text.partition(" ")[0]) and has_end(text):
        raise ValueError(f"“{show(text)}” begins with a person; write the unit first (市民政局 张三)")
    name = _SPACE.sub("", text)
    match_others = _AND_OTHERS.fullmatch(name)
    if match_others is None or not is_unnamed(match_others["others"]) or show(name) in known:
        return [name]
    head, others = match_others.groups()
    return [head, others] if others != "等" or _ends(head, known) or not is_trade(head) else [name]


def _ends(name: str, known: Collection[str]) -> bool:
    name = name.removesuffix("等")
    return show(name) in known or is_open(name) or has_end(name)


def _follows(left: str, text: str, known: Collection[str], *, spaced: bool) -> bool:
    """Return whether a name begins here; after a space (市委 宣传部) a full name, or an office or post after one."""
    if show(text) in known or is_open(text) or (_SHORT.fullmatch(text) and not spaced):
        return True
    if spaced and ((_OFFICE.search(left) and _SPACED.match(text)) or (_POST.fullmatch(left) and _POST.match(text))):
        return True
    return _BEGINS.match(text) is not None and has_end(_AND_OTHERS.sub(r"\g<head>", text))
