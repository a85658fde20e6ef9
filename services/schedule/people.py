"""People among units: who is in charge (市民政局 张三), and labels of people (牵头负责领导：…)."""

import re
from typing import Literal, TypeAlias

from services.schedule.endings import TRADES
from services.schedule.labels import LEADERS, PERSONS

Kind: TypeAlias = Literal["leader", "person"]
"""A leader (领导) answers for the task, a person (责任人) for the unit named before."""

_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜"
    "范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文欧俞施洪翁严牛温芦季葛游鲁聂翟殷詹申"
    "饶莫章柳邢颜倪庄柯管祝凌霍涂宁焦岳舒纪伍鲍耿闫肖阮裴符华覃解辛牟苗尚卞喻奚褚卫蓝冼麦关苑巴"
)
_DOUBLE = "欧阳|司马|上官|诸葛|司徒|东方|皇甫|尉迟|公孙|慕容"
_PERSON = rf"(?:(?:{_DOUBLE})[一-鿿]{{1,2}}|[{_SURNAMES}](?:某{{1,2}}|[ \u3000]?[一-鿿][一-鿿·]?)|[{_SURNAMES}]××?)"
_ENDS = re.compile(r"[局委办厅署部院府会联团行台社处科站所室队校馆段县区市镇乡道位门构业司股组园村员场山]$")
_LAST = re.compile(
    rf"(?P<unit>.*[^\s（、，；])(?P<gap>\s*[（(]|\s+)(?P<people>{_PERSON}(?:同志)?(?:[\s、]+{_PERSON}(?:同志)?)*)[）)]?"
)
_JOINED = re.compile(rf"(?P<unit>.+[局委办厅署部院府会联团行台社处科站所室队])(?P<people>[{_SURNAMES}]某{{1,2}})")
_PEOPLE = re.compile(rf"\s*{_PERSON}(?:同志)?(?:[\s、]+{_PERSON}(?:同志)?)*\s*")

_FIELD = re.compile(
    rf"{'|'.join(sorted(TRADES))}|文[旅体物艺广教明]|石[油化]|康[复养]|高[新校教速铁]|林[草长地]|江[河湖]|田长|路[长政灯网]|管[网理护道]"
    "|卫[健计监]|[史方]志|常务|段长|施工|武[装警]|车[辆站]|龙头|白蚁|雷电|温泉|成员|汽车|钢铁|黄金|马铃薯|司机"
)
"""Words that begin as a surname does and are a field or a thing: 市卫健局（卫生） names nobody."""

_APART = re.compile(r"[\s（(某]")

LABEL = re.compile(
    rf"(?:^|(?<=[；，。、\s]))\s*[^：；，。、\s（）]{{0,8}}?(?:(?P<leader>{LEADERS})|(?P<person>{PERSONS}))\s*：",
    re.MULTILINE,
)
"""A label of people before a colon."""


def take_people(part: str) -> tuple[str, str]:
    """Return a part without the people named after its unit, and the people; nothing of a part that is only people."""
    if not _APART.search(part):
        return part, ""
    match = _JOINED.fullmatch(part) or _LAST.fullmatch(part)
    if match is None or any(
        _ENDS.search(name) or _FIELD.fullmatch(name) for name in re.split(r"[\s、]+", match["people"])
    ):
        return part, ""
    if _ENDS.search(match["unit"]) is None:
        return part, ""
    return match["unit"].rstrip(), "、".join(match["people"].split())


def is_people(text: str) -> bool:
    """Return whether a text names people and nothing else (张三、李四)."""
    name = text.strip()
    return _PEOPLE.fullmatch(name) is not None and not (_ENDS.search(name) or _FIELD.fullmatch(name))
