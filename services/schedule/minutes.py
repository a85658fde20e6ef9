"""Units in the sentences of minutes (由市住建局牵头，市财政局配合，7月底前完成…): who begins one and is to act."""

import re
from collections.abc import Iterator

from msgspec import Struct

from services.schedule.content import is_units
from services.schedule.listing import Statement
from services.schedule.unnamed import is_open

_OPENING = re.compile(
    r"(?:会议)?(?:原则)?(?:要求|议定|明确|决定|确定|强调|同意|研究决定|认为)[，：:]|会议(?:要求|议定|明确|决定|确定)(?=[由请])"
)
_CLAUSES = re.compile("[，；]")
_ASKED = re.compile("(?:并|同时|具体|分别)*(?:由|请|责成|委托)")
_MUST = r"要(?!素)|应(?![急对用])|须|需(?!求)"
_DOES = (
    r"于|在(?=[0-9本今明])|尽快|抓紧|按照?|对(?!外)|就(?!业)|根据|依据|做好|完成|制定|研究(?![院所室中生会])|提出|开展|组织(?![部人])"
    r"|落实(?!办)|加快|进一步|保障(?![局厅部中服性])|提供|进行|承担|出具|提交|上报|报送|协调|跟进|督促|监督(?![管局所站])|指导(?!中心|站)|跟踪|督办(?![室中科])|调度(?![室中])|加强|予以|继续|及时|统筹(?![局办])|全力|切实|安排|筹措|筹集|拨付|抽调|选派|组建|查处|打击|编制|起草|召开|负总责|预拨|垫付|结清|兑付|兑现|发放|支付|招[聘录收]|办理|划拨|收缴|清理|整改|推进|实施|建立|修[建订]|改造|审核|审批|核[实定拨]|监测|排查|检查|清退|处置|化解|签订|发布|公布|印发|出台|谋划|争取|邀请|聘请|采购|招标|安置|搬迁|拆除|收回|追缴|约谈|通报|培训|宣传|走访|慰问|储备|投放|增加|减免|启动|举办|设立|成立|取消|调整|确定|梳理|汇总|评估|验收|申[报请]|对接|腾退|移交|接收|复核|开通|新建|扩建|补[贴助发齐]|清欠|下放|停[拨发止]|缓拨|追加|压减|核减|扣[减回]|返还|退[还回]|免除|每|[0-9]"
)
_OF_OTHERS = re.compile(rf"{_DOES}|建设(?![局厅委部和银集])|购置|安装|打造|培育|整合|支持|鼓励|引导|推动|帮助")
"""Verbs at the beginning of a clause whose object is to act, and is no unit of the task (指导派出所开展检查)."""

_DUTY = re.compile(rf"牵头|负责|{_MUST}|{_DOES}|$")
_NO_NAME = re.compile("^(?:关于|[对就为将把])|[局委办厅会院府处][^、，；]*[到向给把将从]")
"""What is more than names of units: what a sentence is about, or what they do (县公安局下放业务到中心镇办理)."""

_HELPING = re.compile(r"(?P<names>[^，；。]+?)(?:要|应|须|需)?(?:积极|密切|全力|做好)*(?:配合|协助|参与|参加)")


class Acting(Struct, frozen=True):
    """Who is to act, as the beginning of a clause says: `names`, with `others`, and the word of the duty."""

    names: str
    others: str
    duty: str


def sentence_units(text: str) -> Statement | None:
    """Return a paragraph with the units that a sentence of it begins with and that are to act; None for any other.

    Those of later clauses are units of the task, too.
    """
    units: list[str] = []
    for sentence in text.split("。"):
        opening = _OPENING.match(sentence)
        clauses = _CLAUSES.split(sentence[opening.end() :] if opening else sentence)
        for at, clause in enumerate(clauses):
            said = (_helping(clause) or _acting(clause)) if units else "" if at else _acting(clause)
            units += [said] if said else []
    return Statement(text.strip(), "，".join(units)) if units else None


def _helping(clause: str) -> str:
    helps = _HELPING.match(clause)
    return f"{helps['names']}配合" if helps and is_units(helps["names"]) else ""


def _acting(clause: str) -> str:
    """Return the units that a clause begins with, as a cell would name them, if they are to act.

    They are asked to, lead, or are in charge; of named ones also what they do is a task.
    """
    if _OF_OTHERS.match(clause):
        return ""
    asked = _ASKED.match(clause)
    acts = next(filter(_are_units, _readings(clause[asked.end() :] if asked else clause)), None)
    if acts is None:
        return ""
    if acts.others:
        return f"{acts.names}会同{acts.others}"
    if acts.duty in {"牵头", "负责"}:
        return f"{acts.names}{acts.duty}"
    return acts.names if asked or (acts.duty and not is_open(acts.names)) else ""


def _readings(clause: str) -> Iterator[Acting]:
    """Yield how a clause reads if what stands before each word of a duty are those who are to act."""
    for duty in _DUTY.finditer(clause):
        names, _, others = clause[: duty.start()].partition("会同")
        yield Acting(names, others, duty[0])


def _are_units(acts: Acting) -> bool:
    return (
        len(acts.names) > 1
        and not _NO_NAME.search(acts.names)
        and is_units(acts.names)
        and (not acts.others or is_units(acts.others))
    )
