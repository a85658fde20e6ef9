"""The words around the dates of a phrase, and what a phrase without a date means."""

import re

from events.deadline import Ongoing, Triggered

CONDITION = re.compile(
    r"(?:严格|主动|积极)?(?:按照?|依照|遵照|根据|依据|视|结合|随|参照)(?!序时|时序)"
    r"[^0-9,]*?(?:要求|部署|安排|规定|进度|进展|情况|计划|时限|时间|节点|通知|精神|需要|实际|方案|文件)"
)
"""What a task is done according to (按省的要求); alone it is what the task waits for."""

GO_ON = re.compile(r"并(?=持续|长期|常态|继续)")
"""Where a clause about going on begins without a comma (完成并长期坚持)."""

_LEAD_IN = re.compile(
    rf"(?:{CONDITION.pattern}|[(:,]|并且?|且|其中|全部|均|都|最终|力争|争取|确保|保证|务必|必须|要求|要|须|需|应|将|拟|计划|预计|预期|原则上|"
    r"最迟|最晚|不迟于|不晚于|不得晚于|截至|截止(?:日期|时间|到|至)?|(?:完成|办结|整改|实施|推进)?(?:时限|期限|时间|时间进度)|"
    r"(?:持续|坚持)?(?:推进|实施|开展|推动|进行|整改)?[至到]|即日起[-至到]|到|在|于|从|自|由|为)*"
)

_TIME = re.compile(
    r"[0-9]+(?:年|个?月|[日号天周旬时点季]|个?(?:工作日|星期|季度|小时)|[./:][0-9])|[上下]半年|[上中下]旬|"
    r"(?:年度?|月|季度?)[底末内初终]|[今明后当本次翌去来][年月周]|[本下当上]个?(?:月|季|周)|半个?[年月]|周[一二三四五六日末]|星期|"
    r"每(?:个|隔)?(?:[0-9半]|年|月|季|周|[日天旬]|学期|两)|[春夏秋冬]季|学期|学年|暑假|寒假|汛期|雨季|开学|"
    r"元旦|春节|清明|五一|十一|端午|中秋|国庆|两会|春运|[0-9]{4}|十[一二三四五六]五"
)

_CONTINUING = (
    r"(?:持续|长期|常态|经常|日常|常年|长年|常抓|一直|始终|贯穿|不间断|滚动|永久|即日|立即|即刻|即时|即行|马上|立刻|立行立改|尽快|"
    r"尽早|抓紧|随时|全天候|全程|继续|不断|逐步|稳步|有序)"
)
_ONGOING = re.compile(
    rf"^(?:并且?|且|要|须|需|应|将|予以|作为|坚持|全年|自|从|\()*{_CONTINUING}(?!规划|计划|目标|方案|时间)"
    rf"|{_CONTINUING}[性化]?(?:坚持|推进|推动|实施|开展|进行|落实|抓好|完善|加强|化|性|整改|工作|管理|更新)?\)?$"
)

_EVENT = re.compile(
    r".*?(?:(?<![随今前最此以落])后(?![续勤期备])|(?<![及适按同限临实准随小定有])时(?![间限序期段效候])|之日起)"
    r"|待.+|(?:[与和跟随]).+?同步|条件(?:成熟|具备|允许)|适时|择机|视情况?|酌情|另行.{0,2}|及时"
)
_COUNTED_AFTER = re.compile(r"的?[0-9]+(?:个?工作日|[日天周年]|个?星期|个月)[以之]?内")


def after_lead_in(clause: str) -> int:
    """Return where in a normalised clause the words before a date (力争, 最迟于) end."""
    match = _LEAD_IN.match(clause)
    assert match is not None  # it matches nothing, too
    return match.end()


def check_no_time(words: str) -> None:
    """Raise ValueError if words that are not read hold a time, for then they could change what was read."""
    if match := _TIME.search(words):
        raise ValueError(f"what “{match[0]}” adds in “{words}” cannot be read")


def read_wording(clause: str) -> Ongoing | Triggered | None:
    """Read a normalised clause without a date; None if it says nothing about time.

    What waits for an event (…后, …时, 适时) is triggered; what goes on (持续, 长期, 即日起) is ongoing, also where it
    follows somebody’s plan; what only follows a plan (按省的要求) is triggered. ValueError if it holds another time.
    """
    if match := _EVENT.match(clause):
        check_no_time(match[0] + _COUNTED_AFTER.sub("", clause[match.end() :], count=1))
        return Triggered(clause, match[0])
    check_no_time(clause)
    if _ONGOING.search(clause):
        return Ongoing(clause)
    if match := CONDITION.match(clause):
        return Triggered(clause, match[0])
    return None
