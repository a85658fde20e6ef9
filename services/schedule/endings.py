"""How names of organisations end, and endings that several names share (遂溪、徐闻县政府; 公安、交通部门)."""

import re
from collections.abc import Collection
from itertools import takewhile

from services.schedule.spelling import show

NAME_END = re.compile(
    r"(?:局|委|办|厅|署|(?<!干)部|院|府|政协|人大|(?<!社)会|联|团|公司|集团|银行|支行|分行|行|台|报|社|中心|处|科|站|所|室|队|校|学|"
    r"(?<!公)园|馆|厂|段|海关|机关|法院|县|区|市|州|旗|盟|镇|乡|(?<!农)(?<!乡)村|街道|嘎查|苏木|单位|部门|机构|企业|司|股|组|专班|领导小组|指挥部|"
    r"协|港|场|(?<!关)系|电信|联通|移动|邮政|铁塔|电网|供电|城投|交投|地区|庭|库|基地|管理区|组织|党组|支部|总支|工委|湖|山|岛|仓|学院|医院)"
    r"(?:（[^（）]*）)?$"
)
"""The ends of names of organisations and places."""

_ENTERPRISE_END = re.compile(
    "(?:中央|保险|人寿|财险|石油|石化|烟草|盐业|邮储|农信|燃气|水务|热力|自来水|公交|地铁|轨道|机场|航空|铁路|高速|有线|武警|(?<![采厂])矿|热线|[城交水旅农建产国文]投|疾控|妇幼|中专|职高|高中|初中|[一二三四五六七八九十]中|广播|日报|店|超市|市场|剧团|乐团|基金|供销|寺|庙|教堂|码头|口岸|两会|两委)[”』」]?(?:（[^（）]*）)?$|（(?:集团|股份|公司)）$"
)
"""The ends of names of enterprises and others that are also words: at these no name ends before 和 or 及."""

_TRADE = r"[一-鿿]{2,4}"
_COUNTY = r"[县市区旗]|自治[县州旗]|州|盟"
_PARK = (
    r"(?:开发|高新|经开|集中|集聚|新|园|示范|保税|管理|功能|试验|合作|旅游|保护|风景|景|工业|产业|物流|综保|特)区"
    r"|园|港口|新城|基地"
)
_DONOR = re.compile(
    rf"(?P<place>各|[^，；。：（）各]{{0,15}}?)(?P<level>{_PARK}|{_COUNTY}|街道|[镇乡])"
    rf"(?P<end>人民政府|政府|管委会|管理委员会|办事处)(?P<tail>（[^（）]*）)?(?P<rest>.*)",
)
_DEPARTMENT = re.compile(rf"(?P<own>{_TRADE})(?P<end>部门)(?P<rest>.*)")
_NO_TRADE = re.compile("有关|相关|各|其他|主管|责任|牵头|配合|职能|成员|业务|政府|本级|等")
_LIST = re.compile(r"([、]|(?<=[区县市旗])[和及与](?=[^、，；。]{1,12}(?:政府|管委会)))")
_BARE = re.compile(r"[一-鿿]{1,4}")
_BY = re.compile(r"(?:^|(?<=[，；。：\n]))[由请](?=[一-鿿])")
_CLASSES = (
    (re.compile(rf"(?:{_PARK})$"), "管"),
    (re.compile(r"(?:街道|[镇乡])$"), "办政"),
    (re.compile(rf"(?:{_COUNTY})$"), "人政"),
)
TRADES = frozenset(
    [
        "公安",
        "交通",
        "铁路",
        "水利",
        "电力",
        "邮政",
        "林业",
        "农牧",
        "农业",
        "旅游",
        "教育",
        "民政",
        "财政",
        "卫生",
        "文化",
        "体育",
        "建设",
        "住建",
        "环保",
        "国土",
        "规划",
        "城管",
        "交警",
        "司法",
        "工商",
        "税务",
        "质监",
        "食药",
        "药监",
        "安监",
        "应急",
        "消防",
        "气象",
        "通信",
        "电信",
        "科技",
        "工信",
        "商务",
        "粮食",
        "统计",
        "审计",
        "人社",
        "宣传",
        "组织",
        "金融",
        "物价",
        "广电",
        "民航",
        "公路",
        "海洋",
        "渔业",
        "市场监管",
        "自然资源",
        "生态环境",
        "住房城乡建设",
        "交通运输",
        "农业农村",
        "文化旅游",
        "卫生健康",
        "发改",
        "发展改革",
        "扶贫",
        "信访",
        "档案",
        "国资",
        "医保",
    ]
)
"""Fields of government; alone, none of them is a unit."""


def has_end(name: str) -> bool:
    """Return whether a name ends as those of organisations and places do."""
    return NAME_END.search(show(name)) is not None


def is_trade(name: str) -> bool:
    """Return whether a name is that of a field of government, or does not end as those of organisations do (容城)."""
    return name in TRADES or not (has_end(name) or _ENTERPRISE_END.search(name))


def share_endings(section: str, known: Collection[str]) -> str:
    """Complete names that share the end of the last of them: 遂溪、徐闻县政府 is 遂溪县政府、徐闻县政府."""
    clauses = re.split("([，；。\n])", _BY.sub("", section))
    return "".join(clause if at % 2 else _share(clause, known) for at, clause in enumerate(clauses))


def _share(clause: str, known: Collection[str]) -> str:
    if not any(end in clause for end in ("政府", "管委会", "管理委员会", "办事处", "部门")):
        return clause
    parts = _LIST.split(clause)
    for at in range(len(parts) - 1, 0, -2):
        donor = _DONOR.fullmatch(parts[at].strip())
        department = None if donor else _DEPARTMENT.fullmatch(parts[at].strip())
        before = range(at - 2, -1, -2)
        if donor:
            for one in takewhile(lambda one: _takes(parts[one], donor, known), before):  # noqa: B023 - used up in this turn
                name = parts[one].strip()
                level = "" if _level(name) else donor["level"]
                parts[one] = f"{name}{level}{donor['end']}"
        elif department and not _NO_TRADE.search(department["own"]):
            for one in takewhile(lambda one: parts[one].strip() in TRADES, before):
                parts[one] = f"{parts[one].strip()}{department['end']}"
    return "".join(parts)


def _takes(part: str, donor: re.Match[str], known: Collection[str]) -> bool:
    """Return whether a part is a place that takes the end of the donor: of the same kind, or without its level."""
    name = part.strip()
    if not name or show(name) in known or name.startswith("各"):
        return False
    kind = _level(name)
    if kind:
        of_kind = kind == _level(donor["level"]) or donor["end"].startswith("管")
        return donor["end"][0] in kind and of_kind
    return (
        donor["place"] not in {"", "各"}
        and _BARE.fullmatch(name) is not None
        and not has_end(name)
        and name not in TRADES
    )


def _level(name: str) -> str:
    """Return the first characters of the offices that a place of this kind has; nothing for what is no place."""
    return next((offices for pattern, offices in _CLASSES if pattern.search(name)), "")
