"""Names of organisations in running text: where one ends and the next begins."""

import re
from collections.abc import Collection, Iterator
from itertools import accumulate

_OPENING, _CLOSING = "（(〔[【", "）)〕]】"
_BRACKETS = _OPENING + _CLOSING

_ENDS = re.compile(
    r"(?:局|委|办|厅|署|部|院|府|政协|(?<!社)会|联|团市委|公司|集团|银行|支行|分行|台|报|社|中心|处|科|站|所|室|队|校|学|园|馆|厂|段|"
    r"海关|机关|法院|公室|县|区|市|镇|乡|街道|单位|部门|机构|企业)(?:[（(〔][^（(〔]*[）)〕])?$"
)
_BEGINS = re.compile(r"各|有关|相关|其他|[省市县区镇乡]|中|国|全")
_SHORT = re.compile(
    r"(?!社会资本).{1,8}(?:局|委|办|厅|署|联|部|院|政府|委员会|办公室|公司|报社|电视台|银行)$|.*管委会$"
)
_SHORTEST = 2
_SPACE = re.compile(r"\s+")
_AND = re.compile(r"\s*(?:以及|和|及|与)\s*|\s+")

_OPEN_WORD = re.compile(r"等|各|有关|相关|其[他它]")
_OPEN = re.compile(
    r"(?:等|各|[0-9一二三四五六七八九十]+[个家]|全市|本级|所属|国家|中央|[省市县区镇乡][直级属]?|有关|相关|其[他它]|职能|成员|责任|"
    r"牵头|配合|主管|业务|参与|承办|、|机关)*(?:部门|单位|地区|地方|机构|企业|团体|组织|方面|等|地)"
)
_AND_OTHERS = re.compile(r"(?P<head>.+?)(?P<others>等.*)")


def is_open(name: str) -> bool:
    """Tell whether a name stands for units that it does not name (等有关部门, 各有关部门, 市有关部门)."""
    return _OPEN.fullmatch(name) is not None and _OPEN_WORD.search(name) is not None


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
    text = text.strip().rstrip("。；;").rstrip()
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


def split_names(text: str, groups: Collection[str]) -> list[str]:
    """Split at 和, 及, 与 and spaces that stand between names, and before 等有关部门.

    A word stands between names if what is before it ends as an organisation’s name does (市经济和信息化局 stays whole)
    and what follows begins and ends as one, is short (市科技局和知识产权局), or is a group.
    """
    free = set(outside_brackets(text))
    for match in _AND.finditer(text):
        left, right = text[: match.start()], text[match.end() :]
        between = free.issuperset(range(*match.span())) and len(left) >= _SHORTEST
        if between and _ends(left, groups) and _follows(right, groups, spaced=match[0].isspace()):
            return [*split_names(left, groups), *split_names(right, groups)]
    name = _SPACE.sub("", text)
    match_others = _AND_OTHERS.fullmatch(name)
    if match_others is None or not is_open(match_others["others"]) or name in groups:
        return [name]
    head, others = match_others.groups()
    return [head, others] if others != "等" or _ends(head, groups) else [name]


def _ends(name: str, groups: Collection[str]) -> bool:
    return name in groups or is_open(name) or _ENDS.search(name) is not None


def _follows(text: str, groups: Collection[str], *, spaced: bool) -> bool:
    """Tell whether a name begins here; after a space (市委 宣传部) only a full one does."""
    if text in groups or is_open(text) or (_SHORT.fullmatch(text) and not spaced):
        return True
    return _BEGINS.match(text) is not None and _ENDS.search(_AND_OTHERS.sub(r"\g<head>", text)) is not None
