"""A clause that counts from something (15个工作日内, 省方案出台后3个月内), or waits for it (省方案出台后)."""

import re
from datetime import timedelta

from lark import Token

from events.deadline import Fixed, Ongoing, Triggered, add_months
from services.schedule.grammar import Node, child, marks_of, token, tokens
from services.schedule.period import last_day
from services.schedule.span import Origin, Span, read_span

_AIMS = {"力争", "争取", "计划", "预计", "拟", "目标"}
"""With these, a period after words about the work is that of the plan (加快发展，争取三年内实现)."""

_CASE = re.compile(r"(?:[的后时]|之日起?)$")
"""What a case ends with (不予批准的，应当在3个工作日内答复)."""

_OWN = ("自", "从", "本", "该", "收", "接", "即日", "现在")
"""With these the issue is that of the very document, whatever stands before (各地自印发之日起)."""


_EACH_OF_MANY = re.compile("(?<![本该此])(?:规范性文件|决定书|通知书|证书|许可证|公告|批复)$")
"""Kinds of documents: each counts from its own issue (规范性文件自发布之日起15日内报送备案)."""

_NOT = re.compile("[未无]|没有|不[得予再受能可许]")
"""What follows a period in which something may not happen: it is no time to do it in."""

_RULE = re.compile(r"[^,;。]*应当?$")
"""What stands before the start of a period in a rule for cases (承办单位应当自交办之日起3个月内答复)."""

_ADDRESSED = re.compile("(?:[各你]|全体|所有|有关|相关|责任|承办|牵头|主办|协办)[^,;。]*$")
"""Who gets the very document; another one gets something else (镇国土所接到通知后3日内)."""

_MONEY = re.compile("资金|经费|指标|预算|补[助贴]|专款")
"""What is handed down by something else than the document (资金实行专户管理，下达后10日内拨付)."""

_OF_CASES = ("交办", "收到", "接到", "下达")
"""What such a rule counts from; nobody says of a document’s own issue that it is handed over."""


class NoTaskError(ValueError):
    """A period in which something may not happen, or did not."""


class UnclearPeriodError(ValueError):
    """A period of which the clause does not say from when it counts."""


def read_counted(clause: Node, text: str, origin: Origin) -> tuple[Fixed | Triggered, str]:
    """Read a `counted_clause` from the day it names, or else from the day of issue, and name the rule.

    What is counted from the issue of something else waits. UnclearPeriodError where it does not say from when.
    """
    issue, since, marks = token(clause, "ISSUE"), child(clause, "span"), marks_of(clause)
    after = "".join(marks_of(clause, -1))
    if _NOT.match(after):
        raise NoTaskError(f"“{after}” is no task")
    if issue and (_of_other(marks, issue, origin) or _of_case(marks, issue, origin)):
        return Triggered(text, _until_tail(clause, text)), "period-after-event"
    start = origin.start
    period = tokens(child(clause, "period") or clause)
    if not issue and not since and "HOURS" in period:
        unclear = UnclearPeriodError if marks or after else ValueError
        raise unclear(f"from when “{period['COUNT']}{period['HOURS']}” counts, it does not say")
    if since:
        span = read_span(since, origin)
        if span.unit != "day" or token(clause, "WITHIN") == "时间":
            return _calendar_years(clause, span, text), "range-end"
        start = span.start
    elif not issue and token(clause, "WITHIN") == "时间":
        raise UnclearPeriodError("it does not say from when it counts")
    elif not issue and origin.event:
        return Triggered(text, f"{origin.event},{_until_tail(clause, text)}"), "period-after-event"
    elif not issue and (_CASE.search(origin.worded) or (origin.worded and not _AIMS & set(marks))):
        raise UnclearPeriodError(f"it does not say from when it counts: from the issue, or from “{origin.worded}”")
    elif not issue and any(mark.type in ("WORD", "TO") for mark in marks):
        raise UnclearPeriodError("it does not say from when it counts")
    if not token(clause, "WITHIN") and after:
        raise ValueError(f"what “{after}” adds cannot be read")
    last, rule = last_day(period, start, origin.days)
    return Fixed(text, last + timedelta(days=1)), rule


def _calendar_years(clause: Node, span: Span, text: str) -> Fixed:
    """Read whole years or months that begin with a date (2012年起5年内, 4月1日起为期3个月): to the end of the last."""
    period = tokens(child(clause, "period") or clause)
    if not period.keys() & {"YEARS", "MONTHS"}:
        raise ValueError("it does not say from which day it counts")
    return Fixed(text, add_months(span.start, int(period["COUNT"]) * (12 if "YEARS" in period else 1)))


def read_issue(clause: Node, text: str, origin: Origin) -> tuple[Ongoing | Triggered, str]:
    """Read what begins with the issue (自印发之日起施行); what waits for the issue of something else is triggered."""
    issue = token(clause, "ISSUE")
    if issue and _of_other(marks_of(clause), issue, origin):
        return Triggered(text, _until_tail(clause, text)), "event"
    return Ongoing(text), "since"


def read_event(clause: Node, text: str) -> tuple[Triggered, str]:
    """Read what waits for an event, or is counted from one that only its own words name: both are the trigger."""
    trigger = _until_tail(clause, text)
    occasion, types = token(child(clause, "event") or clause, "OCCASION"), [mark.type for mark in marks_of(clause)]
    if occasion and "GOAL" in types:
        raise ValueError(f"from when “{trigger}” lasts, it does not say")
    if occasion and not {"WORD", "NOUN"} & set(types) and occasion == "期间":
        raise NoTaskError(f"“{trigger}” names no event")
    if all(mark.type not in ("WORD", "GOAL", "NOUN", "CONDITION") for mark in marks_of(clause)):
        raise ValueError(f"“{trigger}” names no event")
    return Triggered(text, trigger), "period-after-event" if child(clause, "period") else "event"


def _of_other(marks: list[Token], issue: Token, origin: Origin) -> bool:
    """Return whether it is something else that is issued (省方案印发后)."""
    named = any(mark.type in ("WORD", "GOAL") for mark in marks)
    if "下达" in issue and _MONEY.search(origin.worded):
        return True
    return named and (not is_own(issue) or _EACH_OF_MANY.search("".join(marks)) is not None)


def _of_case(marks: list[Token], issue: Token, origin: Origin) -> bool:
    """Return whether it counts from when a case is handed over or received, as a rule or one of no addressee says."""
    words, named = "".join(marks), any(mark.type == "WORD" for mark in marks)
    if named and issue.lstrip("于在").startswith(("收", "接")) and not _ADDRESSED.search(words):
        return True
    rule = _RULE.fullmatch(words) is not None or _CASE.search(origin.worded) is not None
    return rule and any(word in issue for word in _OF_CASES)


def is_own(issue: Token) -> bool:
    """Return whether the words of an issue themselves say that it is that of the document at hand (本通知印发后)."""
    return issue.lstrip("于在").startswith(_OWN)


def _until_tail(clause: Node, text: str) -> str:
    last = clause.children[-2]
    end = last.end_pos if isinstance(last, Token) else last.meta.end_pos
    return text[: (end or 0) - clause.meta.start_pos]
