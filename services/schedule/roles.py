"""The words that give units their roles: labels (牵头单位：…), marks (…牵头, …配合) and joints (A会同B)."""

import re
from collections.abc import Iterator
from typing import Literal, TypeAlias

from msgspec import Struct

from events.schema import Role
from services.schedule import people
from services.schedule.endings import has_end
from services.schedule.labels import DUTIES, JOINING, KINDS, LEADING, OWNING, RANKS, TEAMS, WATCHING
from services.schedule.unnamed import is_open

Whose: TypeAlias = people.Kind | Literal["watcher"]
Said: TypeAlias = Role | None
"""The role a text states; None where it only names the unit."""

_DOING = (
    r"落实|实施|推进|(?<![党团])(?<!管理|自治|社会|合作|经济|服务|工会|妇联|群众|行业|志愿|民间|中介|慈善|公益|村级)组织(?!部)|开展|研究|制定|起草|提出|办理|完成|做好|抓好|具体|统筹|指导|督促|责任(?=单位|部门|主体)|"
    r"(?:共同|联合)?组成[^、，；（）]{2,14}(?:组|专班|机构)|贯彻|督导|监督|协调|配套|结合(?:本地|本单位|本部门|各自)?(?:实际|职责|职能)"
)
_OBJECT = r"(?:相关|有关|各项|具体)?工作|任务|方案|措施|事项|制定|协调|推动|抓落实|抓总|总责"
"""What may follow the word of a role (牵头制定方案, 负总责)."""

_LABEL_WORDS = rf"(?:{RANKS})?(?:{DUTIES}|{OWNING}){{1,3}}(?:（[^（）：]{{1,8}}）)?"
_NAME_ENDS = r"(?<=[局委办厅署部院府会联团行司心处科站所校学馆关队县区市镇乡道位门构业）])(?<!督办)"
"""After these a label may follow without a separator; what else stands before one (督导责任单位) is part of it."""
_LABEL = re.compile(
    rf"(?:^|(?<=[；，。、\s]))\s*(?:[省市州县区]级?|行业|业务)?{_LABEL_WORDS}(?:{KINDS})?\s*(?:：|(?<=单位|部门)为?(?=[省市县区州旗镇国]))"
    r"|(?:^|(?<=[；，。、\s]))\s*被[^：；，。、\s（）]{2,4}(?:单位|部门)\s*："
    rf"|{_NAME_ENDS}{_LABEL_WORDS}(?:{KINDS})\s*：|(?:^\s*|(?<=\s)){_LABEL_WORDS}(?:单位|部门)(?=\s)",
    re.MULTILINE,
)
_WATCHERS = re.compile(
    rf"(?:(?:^|(?<=[；，。、\s]))[^：；，。、\s（）]{{0,4}}?|{_NAME_ENDS}(?:行业|业务)?)(?:{WATCHING}){{1,2}}(?:责任)?(?:单位|部门|机构|科室|处室)\s*：",
    re.MULTILINE,
)
"""A label of units that look on, and have no part in the task (督导单位：市政府督查室)."""
_WATCHES = re.compile(r".{2,}(?<![环省市县区目考绩])(?:负责)?督办")
_TEAM = re.compile(rf"(?:^|(?<=[；。\n]))\s*[^：；，。、\s（）]{{1,12}}(?:{TEAMS})\s*：(?=[^：]*$)")
"""The name of a team, before its members."""
_BRACKETED_LABEL = re.compile(rf"(?:^|(?<=[；，。、\s]))（({_LABEL_WORDS}(?:单位|部门))）\s*：?")
_OF_EACH = re.compile("[^、，；。（）局委办厅署部院]{0,6}各[^、，；。（）]{1,8}(?:单位|部门|主体|机构)")
"""Units of a kind, whatever duty the kind has (各项目实施单位)."""

_LEADS = re.compile(LEADING)
_JOINS = re.compile(rf"{JOINING}|联合|联办|会办|成员")
_ASKED = re.compile("(?:分别|共同|各自|具体|统一)?[由请]")
_LEADS_ALONE = re.compile(r"第一|主要|首要|负责|组长")
_JOINTLY = r"分别|共同|各自|分工|并列|双(?=牵头)|各[负司]其[责职]"
_SO = r"积极|密切|全力|做好|予以|给予|作?为|是|担?任(?=牵头|主办|责任)"
_DUTY = (
    r"(?:按照?|根据|依据|依)(?:部门|[^、，；。（）按依局委办厅署部院会]){0,6}?(?:职责|职能|分工)(?:任务|范围)?(?:分工)?"
)
_MARK = re.compile(
    rf"""
    (?P<names>[^、，；。（）]{{0,6}}各[^、，；。（）]{{0,6}}?(?:承办|主办|责任|牵头|协作|配合|参与|实施|建设|承担|落实|组织|推进|制定|监督|办理|完成)(?:单位|部门|主体|机构)|.*?)
    (?= 按|依|根据|{_JOINTLY}|{_SO}|负责|负总责|总|第一(?=牵头)|{_DOING}|{LEADING}|{JOINING} )
    (?P<duty> {_DUTY} )?
    (?P<jointly> (?:{_JOINTLY})* ) (?:{_SO})?
    (?: (?P<lead>(?:负责)?(?:总|第一)?(?:{LEADING})+|负总责|总负责|(?:主要|首要|第一)责任(?=单位|部门|主体))
      | (?P<cooperating>(?:{JOINING})+) | (?P<charge>负责)
      | {_DOING} )?
    (?: 负责|{_DOING}|配合|单位|部门|主体|{_OBJECT} )*
    """,
    re.VERBOSE,
)
_PART = re.compile(
    r"(?P<names>[^、，；]+?)(?:负责(?!人)|承担|统筹|牵头(?P<lead>)|协助|落实)(?P<object>[^、，；（）]{1,20})"
)
"""A unit and its part in the task (市财政局负责资金保障)."""
_MAINLY = re.compile(r"以?(?P<names>.+)为主")
_JOINT = re.compile(
    r"(?P<first>.*?)(?:会同|会商(?!会)|(?<!中华)联合(?![会国体社党])|(?<=[处科室])会(?=[^、，；]{2,8}(?:办公室|[处科室])(?:$|、))|(?<=[局委办厅部院会])(?:协同|[商同])(?=[省市县区州各有相]))(?P<others>.+)"
)
_BRACKETED = re.compile(r"(?P<names>.+?)\s*（(?P<inside>[^（）]+)）")
_HELPERS = re.compile(rf"（(?P<inside>[^（）：]*[^（）：、，；](?:{JOINING}))）")
_OTHERS_LEAD = re.compile("(?:牵头|主办)(?![^：，；、。]{0,4}(?:领导|人|[省市县区]长|书记))")
_CARRIES = re.compile("(?<!牵头)(?<!主办)承办(?=(?:单位|部门)?：|[，；。、）]|$)")
"""Who carries out what another one leads (市文旅局牵头，县政府承办) takes part."""
_SIGNS: dict[str, Role] = {"牵": "lead", "主": "lead", "配": "cooperating", "协": "cooperating"}
_TASK = re.compile(
    r"(?:主要|具体)?(?:负责|承担|统筹)|[一-鿿]{2,8}(?:保障|审批|审核|工作|协调|服务|监管|建设|治理|管理|推进|指导|验收|排查|整治|宣传|业务|方面)$"
)


class Marked(Struct, frozen=True):
    """Names with the role that is stated for them.

    `marked` if by a mark that speaks of those before them, too; `charge` if it only says that they are in charge,
    `shared` if each is for its own duties (按职责分工负责).
    """

    names: str
    says: Said = None
    marked: bool = False
    charge: bool = False
    shared: bool = False


class Labelled(Struct, frozen=True):
    """What stands after a label: units with the role it states, or what `whose` says.

    That are people, or with their label (a `watcher`) words that name no unit of the task.
    """

    text: str
    says: Said = None
    whose: Whose | None = None


def labelled(text: str) -> Iterator[Labelled]:
    """Find what each label stands before; what stands before the first has no role, nor has 责任单位."""
    if _OTHERS_LEAD.search(text):
        text = _CARRIES.sub("协办", text)
    if "（" in text:
        text = _HELPERS.sub(_helpers, _BRACKETED_LABEL.sub(r"\1：", text))
    of_people = list(people.LABEL.finditer(text)) if "：" in text else []
    watchers = list(_WATCHERS.finditer(text)) if "：" in text else []
    taken = {at for label in (*of_people, *watchers) for at in range(*label.span())}
    labels = [*_LABEL.finditer(text), *_TEAM.finditer(text)]
    labels = [label for label in labels if taken.isdisjoint(range(*label.span()))]
    marks: list[tuple[int, int, Said, Whose | None]] = [(0, 0, None, None)]
    marks += [(label.start(), label.end(), _label_says(label), None) for label in labels]
    marks += [(label.start(), label.end(), None, "leader" if label["leader"] else "person") for label in of_people]
    marks += [(label.start(), label.start(), None, "watcher") for label in watchers]
    marks.sort(key=lambda mark: mark[:2])
    ends = [*(begin for begin, *_ in marks[1:]), len(text)]
    for (_, begin, says, kind), end in zip(marks, ends, strict=True):
        yield Labelled(text[begin:end].strip().rstrip("；，。、"), says, kind)


def read_mark(text: str) -> Marked:
    """Take the mark off a name (由市民政局牵头负责 is 市民政局, lead), also one in brackets (市民政局（牵头）)."""
    plain = _ASKED.sub("", text)
    bracketed = _BRACKETED.fullmatch(plain)
    if bracketed and bracketed["inside"] in _SIGNS:
        return Marked(bracketed["names"], _SIGNS[bracketed["inside"]])
    if bracketed and (mark := _MARK.fullmatch(bracketed["inside"])):
        if mark["names"]:
            raise ValueError(f"roles inside a bracket (“{bracketed['inside']}”) cannot be read")
        return Marked(bracketed["names"], _role(mark), marked=bool(mark["jointly"] and _role(mark)))
    if bracketed and _TASK.match(bracketed["inside"]):
        return Marked(bracketed["names"])
    if mainly := _MAINLY.fullmatch(plain):
        return Marked(mainly["names"], "lead", marked=True)
    mark = _MARK.fullmatch(plain)
    if mark is None or _OF_EACH.fullmatch(plain):
        return _part(plain) or Marked(plain)
    shared = bool(mark["charge"] and (mark["duty"] or mark["jointly"]))
    charge = bool(mark["charge"]) and not shared
    return Marked(mark["names"].strip(), _role(mark), marked=True, charge=charge, shared=shared)


def _part(plain: str) -> Marked | None:
    """Read a unit with its part in the task; None where the part names an organisation, or what has it is no name."""
    part = _PART.fullmatch(plain)
    if part is None or not (has_end(part["names"]) or is_open(part["names"])) or has_end(part["object"]):
        return None
    return Marked(part["names"], "lead" if part["lead"] is not None else None)


def is_watching(part: str) -> bool:
    """Return whether a part says only who sees to it that the task is done (市政府督查室督办)."""
    return _WATCHES.fullmatch(part) is not None


def read_joint(text: str) -> tuple[str, str] | None:
    """Return what stands before and after 会同, or None if it is not there."""
    match = _JOINT.fullmatch(text)
    return (match["first"], match["others"]) if match else None


def _label_says(label: re.Match[str]) -> Said:
    word = label[0].partition("（")[0]
    if _LEADS.search(word):
        return "lead"
    if _JOINS.search(word):
        return "cooperating"
    return "lead" if _LEADS_ALONE.search(word) else None


def _helpers(match: re.Match[str]) -> str:
    """Write 市民政局（市财政局配合） as 市民政局，市财政局配合，; a bracket of a mark alone stays."""
    mark = _MARK.fullmatch(match["inside"])
    return f"，{match['inside']}，" if mark and mark["names"] else match[0]


def _role(mark: re.Match[str]) -> Said:
    if mark["cooperating"]:
        return "cooperating"
    return "lead" if mark["lead"] else None
