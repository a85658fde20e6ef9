"""The one spelling of names and cells: widths, brackets, spaces, numbers; and the names in which separators stand."""

import re
import unicodedata
from collections.abc import Collection
from functools import lru_cache

from services.schedule.radicals import RADICALS

_SPACE = re.compile(r"\s+")
_PLAIN = str.maketrans("(),;:〔〕[]【】<>〈〉丶|", "（），；：（）（）（）（）（）、、")
_HEADED = re.compile(r"【([^【】]+(?:单位|部门))】\s*[:：]?")
_CIRCLED = re.compile(r"[①-⑳㉑-㉟❶-❿]")
_NUMBER = re.compile(
    r"(?:（\d{1,2}）|(?:^|(?<=[\s；，。、：]))(?:\d{1,2}[.、）]|[一二三四五六七八九十]{1,2}、)"
    r"|(?<=[局委办厅署部院府会联团司心处科站所校镇乡县区市道])\d{1,2}[.、])(?=\s*[^\W\d_])"
)
_ROLE_BEFORE = re.compile(
    r"(（[^（）]{0,3}(?:牵头|主办|承办|配合|协办|参与)[^（）]{0,4}）)\s*(?=[省市县区镇乡州各团中国])"
)
"""A role in brackets, after which a name begins (市民政局（牵头）市财政局)."""
_WIDTHLESS = re.compile(r"[\u00ad\u200b-\u200f\u2060\ufeff\ue000-\ue006]")

_SEPARATORS = "、，；/和及与"
"""What may stand inside a name; hidden, each is a character that no text has (those are taken out)."""
_HIDE = str.maketrans(_SEPARATORS, "\ue000\ue001\ue002\ue003\ue004\ue005\ue006")
_SHOW = str.maketrans("\ue000\ue001\ue002\ue003\ue004\ue005\ue006", _SEPARATORS)

LEVEL = (
    r"(?:(?:自治|县级|[直所]?辖)?[省市州县区旗盟镇乡]"
    r"|市州|州市|县市区|市县区?|县区|区县|乡镇|镇街|特区|街道?|园区|功能区)(?:（[^（）]*）)?"
)
"""Places of one level of government, alone: 县, 市, 区, 街道, 县（市、区）, 县级市."""

SEAT = r"(?:中央|国家|[部省市州县区镇乡中])"
"""Whose unit one is: 中央, 省, 市."""

_OFFICE = r"(?:人民政府|政府|党委|办事处|管委会)"

_OF_A_KIND = r"(?:省?直管|省辖|贫困|扩权|试点|示范|涉农)"

_WHOLE = re.compile(
    rf"(?<=各)省、自治区、直辖市[^\s；，。、]{{0,12}}?(?:[局厅委部院办会处]|部门|单位|公司|中心|机构)(?=$|[\s；，。、）负牵配按])"
    rf"|(?<![^\s；，。、：各（])(?:{LEVEL}(?:、{LEVEL})+(?:[两三四]级)?{_OFFICE}?"
    rf"|{SEAT}[属直管]?(?:、{SEAT}[属直管]?)+[驻直属级在][^\s；，。、]{{0,12}}(?:单位|机构|部门|企业)"
    rf"|(?<=各){LEVEL}(?:人民政府|政府)(?:、(?:管委会|办事处))+)"
    r"(?=$|[\s；，。、）（和及与等负牵配按结落])"
    rf"|(?<=有关|相关|涉及){LEVEL}(?:、{LEVEL})+(?:党委和?)?(?:人民政府|政府|管委会)?(?=$|[\s；，。、）和负牵配按])"
    rf"|(?<=各)(?:设区)?{LEVEL}(?:、{_OF_A_KIND}{LEVEL})+(?:党委和?)?(?:人民政府|政府|[一-鿿]{{2,6}}[局委办])(?=$|[\s；，。、）])"
    rf"|(?<=各)[^\s、，；。各市州县区]{{1,3}}{LEVEL}(?:、{LEVEL})+{_OFFICE}(?=$|[\s；，。、）])"
    r"|(?<![^\s；，。、：（])[一-鿿]{2,4}、(?=[一-鿿]{2,4}片区)"
    r"|(?<=各)村、(?:居民?|社区)(?:委员会|委会)?(?=$|[\s；，。、）])|(?<=各)委、办、(?:厅、)?局|(?<=各)办、局|(?<=部门)、(?=单位(?:$|[\s；，。、）]))|(?<=党委)、(?=人民政府|政府)|(?<=党工委)、(?=办事处|管委会)"
)
"""One name in which 、 stands: 各县、市、区人民政府, 中央、省驻湛单位, 市政府各委、办、局, 各级党委、政府."""


def regular(text: str) -> str:
    """Return a text in one width, with one kind of brackets, and one space or line break where there were several.

    What numbers its items becomes 、, and 【牵头单位】 a label like any other.
    """
    plain = unicodedata.normalize(
        "NFKC", _CIRCLED.sub("、", _HEADED.sub(r"；\1：", text.translate(RADICALS)))
    ).translate(_PLAIN)
    plain = _SPACE.sub(lambda space: "\n" if "\n" in space[0] else " ", _WIDTHLESS.sub("", plain))
    return _ROLE_BEFORE.sub(r"\1、", _NUMBER.sub("、", plain))


def spelling(name: str) -> str:
    """Return a name in the one spelling in which names are compared and kept: regular, without spaces."""
    return _SPACE.sub("", regular(name))


def hide(text: str, known: Collection[str]) -> str:
    """Hide the separators that stand inside a name, so that it is not split: in known ones and in 各县、市、区政府.

    `show` undoes it.
    """
    if not any(separator in text for separator in _SEPARATORS):
        return text
    text = _WHOLE.sub(lambda match: match[0].translate(_HIDE), text)
    names = _names_with_separators(tuple(known))
    return names.sub(lambda match: match[0].translate(_HIDE), text) if names else text


@lru_cache(maxsize=8)  # a directory is asked for each row
def _names_with_separators(known: tuple[str, ...]) -> re.Pattern[str] | None:
    inside = [name for name in known if any(character in name for character in _SEPARATORS)]
    return re.compile("|".join(map(re.escape, sorted(inside, key=len, reverse=True)))) if inside else None


def show(text: str) -> str:
    """Return a text with the separators that were hidden in it."""
    return text.translate(_SHOW)
