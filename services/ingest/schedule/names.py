"""Names of organisations in running text: where one ends and the next begins, and which name nobody in particular."""

import re
import unicodedata
from collections.abc import Collection, Iterator
from itertools import accumulate

_OPENING, _CLOSING = "（", "）"
_BRACKETS = _OPENING + _CLOSING
_PLAIN = str.maketrans("(),;:〔〕[]【】", "（），；：（）（）（）")
_HEADED = re.compile(r"【([^【】]+(?:单位|部门))】\s*[:：]?")
_CIRCLED = re.compile(r"[①-⑳㉑-㉟❶-❿]")
_NUMBER = re.compile(r"(?:^|(?<=[\s；，。、：]))(?:（\d{1,2}）|\d{1,2}[.、）])(?=\s*[^\W\d_])")
_WIDTHLESS = re.compile(r"[\u00ad\u200b-\u200f\u2060\ufeff\ue000-\ue006]")
_JUSTIFIED = re.compile(r"[^\s、，；。：]?(?:\s+[^\s、，；。：])+")

_SEPARATORS = "、，；/和及与"
_HIDE = str.maketrans(_SEPARATORS, "\ue000\ue001\ue002\ue003\ue004\ue005\ue006")
_SHOW = str.maketrans("\ue000\ue001\ue002\ue003\ue004\ue005\ue006", _SEPARATORS)

_ENDS = re.compile(
    r"(?:局|委|办|厅|署|部|院|府|政协|(?<!社)会|联|团市委|公司|集团|银行|支行|分行|台|报|社|中心|处|科|站|所|室|队|校|学|"
    r"(?<!公)园|馆|厂|段|海关|机关|法院|公室|县|区|市|镇|乡|街道|单位|部门|机构|企业)(?:（[^（]*）)?$"
)
_BEGINS = re.compile(r"各|有关|相关|其他|[省市州县区镇乡]|中|国|全")
_SHORT = re.compile(
    r"(?!社会资本).{1,8}(?:局|委|办|厅|署|联|部|院|政府|委员会|办公室|公司|报社|电视台|银行)$|.*管委会$"
)
_SPACED = re.compile(r"[^\s]{2,7}(?:局|委|办|厅|署|联)(?=$|\s)")
_OFFICE = re.compile(r".{2,}(?:局|厅|署|联|委员会|.办)$|.[^省市县区党].+委$")
"""An office of its own, unlike 市委 and 市政府, after which a space may stand inside a name (市委 政法委)."""
_SHORTEST = 2
_SPACE = re.compile(r"\s+")
_AND = re.compile(r"\s*(?:以及|和|及|与)\s*|\s+")

_LEVEL = r"(?:(?:自治)?[省市州县区旗镇乡]|街道)(?:（[^（）]*）)?"
_SEAT = r"(?:中央|国家|[部省市州县区])"
_WHOLE = re.compile(
    rf"(?<![^\s；，。、：各（])(?:{_LEVEL}(?:、{_LEVEL})+(?:人民政府|政府|党委|办事处|管委会)?|{_SEAT}(?:、{_SEAT})+"
    r"[驻直属级][^\s；，。、]{0,9}(?:单位|机构|部门|企业))(?=$|[\s；，。、）（和及与等负牵配按])|(?<=各)委、办、局|(?<=党委)、(?=人民政府|政府)"
)
"""One name in which 、 stands: 各县、市、区人民政府, 中央、省驻湛单位, 市政府各委、办、局, 各级党委、政府."""

_OPEN_WORD = re.compile(r"等|各|有关|相关|其[他它]")
_UNNAMED = re.compile(
    r"(?:等|各|[0-9一二三四五六七八九十]+[个家]|全市|本级|所属|国家|中央|[省市州县区镇乡][直级属]?|政府|有关|相关|其[他它]|职能|成员|"
    r"责任|牵头|配合|主管|业务|参与|承办|、|机关|（驻.）)*(?:部门|单位|地区|地方|机构|企业|团体|组织|方面|等|地)"
)
_COLLECTIVE = re.compile(
    r"(?:全?[省市州县区]|[省市州县区][直级属]|[省市州县区]政?府(?:直属)?|沿[海江线])*(?:各(?!界)|有关|相关|涉及|其[他它]).+"
    r"|.{0,6}(?:所在地|属地|事发地).+"
    rf"|(?:{_SEAT}、?)*驻.{{1,2}}(?:有关|各)*(?:单位|机构|部门|企业)"
    rf"|(?:{_LEVEL}、?){{2,}}级?(?:人民政府|政府|党委|管委会|办事处)(?:（[^（）]*）)?"
    rf"|{_SEAT}?(?:属|直属?)(?:国有)?(?:事业)?(?:单位|机构|部门|企业)|(?:乡镇|街道|镇街)(?:人民政府|政府|办事处)?"
    rf"|(?:{_LEVEL}、?){{2,}}|[市县区镇乡]（(?:[市县区乡]、?|街道?|园区)+）(?:人民政府|政府|党委|管委会)?(?:（[^（）]*）)?"
)
_AND_OTHERS = re.compile(r"(?P<head>.+?)(?P<others>等.*)")


def regular(text: str) -> str:
    """Return a text in one width, with one kind of brackets, and one space or line break where there were several.

    What numbers its items becomes 、, and 【牵头单位】 a label like any other.
    """
    plain = unicodedata.normalize("NFKC", _CIRCLED.sub("、", _HEADED.sub(r"；\1：", text))).translate(_PLAIN)
    plain = _SPACE.sub(lambda space: "\n" if "\n" in space[0] else " ", _WIDTHLESS.sub("", plain))
    return _NUMBER.sub("、", plain)


def spelling(name: str) -> str:
    """Return a name in the one spelling in which names are compared and kept: regular, without spaces."""
    return _SPACE.sub("", regular(name))


def hide(text: str, known: Collection[str]) -> str:
    """Hide the separators that stand inside a name, so that it is not split: in known ones and in 各县、市、区政府.

    `show` undoes it.
    """
    text = _WHOLE.sub(lambda match: match[0].translate(_HIDE), text)
    inside = [name for name in known if any(character in name for character in _SEPARATORS)]
    if not inside:
        return text
    names = re.compile("|".join(map(re.escape, sorted(inside, key=len, reverse=True))))
    return names.sub(lambda match: match[0].translate(_HIDE), text)


def show(text: str) -> str:
    """Return a text with the separators that were hidden in it."""
    return text.translate(_SHOW)


def is_unnamed(name: str) -> bool:
    """Tell whether a name is a word for units without naming any (等有关部门, 各有关部门, 市直各单位)."""
    name = show(name)
    return _UNNAMED.fullmatch(name) is not None and _OPEN_WORD.search(name) is not None


def is_open(name: str) -> bool:
    """Tell whether a name stands for units that it does not name, also for all of a kind (各镇街, 县级以上各政府)."""
    return is_unnamed(name) or _COLLECTIVE.fullmatch(show(name)) is not None


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
        if between and _ends(left, known) and _follows(left, right, known, spaced=match[0].isspace()):
            return [*split_names(left, known), *split_names(right, known)]
    name = _SPACE.sub("", text)
    match_others = _AND_OTHERS.fullmatch(name)
    if match_others is None or not is_unnamed(match_others["others"]) or show(name) in known:
        return [name]
    head, others = match_others.groups()
    return [head, others] if others != "等" or _ends(head, known) else [name]


def _ends(name: str, known: Collection[str]) -> bool:
    return show(name) in known or is_open(name) or _ENDS.search(name) is not None


def _follows(left: str, text: str, known: Collection[str], *, spaced: bool) -> bool:
    """Tell whether a name begins here; after a space (市委 宣传部) only a full one does, or an office after another."""
    if show(text) in known or is_open(text) or (_SHORT.fullmatch(text) and not spaced):
        return True
    if spaced and _OFFICE.search(left) and _SPACED.match(text):
        return True
    return _BEGINS.match(text) is not None and _ENDS.search(_AND_OTHERS.sub(r"\g<head>", text)) is not None
