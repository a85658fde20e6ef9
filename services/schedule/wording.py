"""A clause without a date: what goes on (持续实施, 每周调度), what waits (按省的要求), or nothing about time."""

import re

from lark import Token

from events.deadline import Ongoing, Triggered
from services.schedule.grammar import Node, marks_of

_LEADS = {"LEAD", "CONDITION", "IN_TIME", "SEPARATOR", "FROM", "NOUN"}
_RULES = {"CONDITION": "condition", "IN_TIME": "in-time"}
OTHER_INTERVAL = "other-interval"
WORDINGS = {"ongoing", "condition", "in-time", OTHER_INTERVAL}
"""Rules that read words which may as well be about the work."""

_VERB = re.compile(
    "(?:坚持|推进|推动|实施|开展|进行|执行|运行|使用|公开|监测|落实|抓好|完善|加强|整改|工作|管理|更新|完成|报告|报送|上报|调度|督查|检查)?[)]?"
)
_OTHER_WORD = re.compile("[接等对期招款优看亏亟虐]待|待[遇业产办]")
"""Words in which 待 does not wait (待遇, 公务接待)."""

_GOING_ON = re.compile(
    "(?:坚持|推进|推动|实施|开展|落实|抓好|完善|加强|整改|工作|管理|更新|完成|巩固|提升|深化|保持|规范|运行|[和、])*[)]?"
)
"""What may follow words of going on beside a date, without being about something else."""


def read_wording(clause: Node, text: str) -> tuple[Ongoing | Triggered, str] | None:
    """Read a clause of words, and name the rule that reads it; None if it says nothing about time.

    What comes again in an interval that no recurrence has (每周) is ongoing, and so is what goes on, also where it
    follows somebody’s plan; else the first of what it follows (按省的要求) or waits for (适时) is its trigger.
    """
    marks = marks_of(clause)
    if every_other(clause):
        return Ongoing(text), OTHER_INTERVAL
    if marks[0].type != "IN_TIME" and _goes_on(marks):
        return Ongoing(text), "ongoing"
    for at, mark in enumerate(marks):
        if mark == "待" and not _OTHER_WORD.search("".join(marks[max(at - 1, 0) : at + 2])):
            return Triggered(text, "".join(marks[at:])), "event"
        if mark.type in _RULES:
            return Triggered(text, str(mark)), _RULES[mark.type]
    return None


def every_other(clause: Node) -> bool:
    """Return whether words of a clause name an interval that no recurrence has (每周例会后, 每学期开学前)."""
    return any(mark.type == "EVERY_OTHER" for mark in (*marks_of(clause), *marks_of(clause, -1)))


def _goes_on(marks: list[Token]) -> bool:
    """Return whether words of going on begin the clause, or end it with at most a verb (抓好落实，持续推进)."""
    for at, mark in enumerate(marks):
        if mark.type != "GOES_ON":
            continue
        if all(each.type in _LEADS for each in marks[:at]) or _VERB.fullmatch("".join(marks[at + 1 :])):
            return True
    return False


def is_bare(clause: Node) -> bool:
    """Return whether a clause says that something goes on, or waits, and nothing else (并长期坚持)."""
    marks = marks_of(clause)
    at = next((at for at, mark in enumerate(marks) if mark.type == "GOES_ON"), len(marks))
    rest = [mark for mark in marks[at:] if mark.type != "GOES_ON"]
    return all(mark.type in _LEADS for mark in marks[:at]) and _GOING_ON.fullmatch("".join(rest)) is not None
