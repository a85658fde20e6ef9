"""The words that give units their roles: labels (牵头单位：…), marks (…牵头, …配合) and joints (A会同B)."""

import re
from collections.abc import Iterator
from typing import TypeAlias

from msgspec import Struct

from events.schema import Role

Said: TypeAlias = Role | None
"""The role a text states; None where it only names the unit."""

_LEADING = r"牵头|主办|主责|主抓|承办"
_JOINING = r"配合|协办|协助|协同|参加|参与|支持"
_DOING = r"落实|实施|推进|组织|开展|研究|制定|起草|提出|办理|完成|做好|抓好|责任(?=单位|部门)"
_LABEL = re.compile(
    rf"(?:^|(?<=[；;，,。、\s]))\s*(?:(?P<lead>(?:第一|主要)责任|(?:总|联合)?(?:{_LEADING}|负责)(?:责任)?)"
    rf"|(?P<cooperating>(?:{_JOINING}|联合|联办|会办|成员)(?:责任)?)"
    r"|责任|实施|落实|执行|主管|承担|完成)(?:单位|部门|机构|主体)?\s*[：:]"
)
_MARK = re.compile(
    rf"""
    (?P<names>.*?)
    (?= 按|依|根据|分别|共同|各自|分工|积极|密切|全力|做好|予以|给予|为|负责|总|{_DOING}|{_LEADING}|{_JOINING} )
    (?P<duty> (?:按照?|根据|依据|依)(?:各自)?的?(?:工作|部门)?(?:职责|职能)(?:任务|范围)?(?:分工)? )?
    (?P<jointly> (?:分别|共同|各自|分工)* ) (?:积极|密切|全力|做好|予以|给予|为)?
    (?: (?P<lead>(?:负责)?总?(?:{_LEADING})) | (?P<cooperating>{_JOINING}) | (?P<charge>负责) | {_DOING} )?
    (?: 负责|{_DOING}|配合|单位|部门|工作 )*
    """,
    re.VERBOSE,
)
_JOINT = re.compile(r"(?P<first>.*?)(?:会同|会商|联合(?![会国体社党]))(?P<others>.+)")
_BRACKETED = re.compile(r"(?P<names>.+?)\s*[（(](?P<inside>[^（()）]+)[）)]")


class Marked(Struct, frozen=True):
    """Names with the role that is stated for them; `marked` if by a mark that speaks of those before them, too."""

    names: str
    says: Said = None
    marked: bool = False


def labelled(text: str) -> Iterator[tuple[Said, str]]:
    """Find what each label stands before, with its role; what stands before the first has none, nor has 责任单位."""
    labels = list(_LABEL.finditer(text))
    begins = [0, *(label.end() for label in labels)]
    ends = [*(label.start() for label in labels), len(text)]
    says: list[Said] = [None]
    says += ["lead" if label["lead"] else "cooperating" if label["cooperating"] else None for label in labels]
    for role, begin, end in zip(says, begins, ends, strict=True):
        yield role, text[begin:end].strip().rstrip("；;，,。、")


def read_mark(text: str) -> Marked:
    """Take the mark off a name (由市民政局牵头负责 is 市民政局, lead), also one in brackets (市民政局（牵头）)."""
    plain = text.removeprefix("由").removeprefix("请")
    bracketed = _BRACKETED.fullmatch(plain)
    if bracketed and (mark := _MARK.fullmatch(bracketed["inside"])):
        if mark["names"]:
            raise ValueError(f"roles inside a bracket (“{bracketed['inside']}”) cannot be read")
        return Marked(bracketed["names"], _role(mark))
    mark = _MARK.fullmatch(plain)
    if mark is None:
        return Marked(plain)
    return Marked(mark["names"].strip(), _role(mark), marked=True)


def read_joint(text: str) -> tuple[str, str] | None:
    """Return what stands before and after 会同, or None if it is not there."""
    match = _JOINT.fullmatch(text)
    return (match["first"], match["others"]) if match else None


def _role(mark: re.Match[str]) -> Said:
    if mark["cooperating"]:
        return "cooperating"
    if mark["lead"] or (mark["charge"] and not mark["duty"] and not mark["jointly"]):
        return "lead"
    return None
