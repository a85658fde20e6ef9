"""A clause that counts from something (15个工作日内, 省方案出台后3个月内), or waits for it (省方案出台后)."""

from datetime import timedelta

from lark import Token

from events.deadline import Fixed, Ongoing, Triggered
from services.schedule.grammar import Node, child, marks_of, token, tokens
from services.schedule.period import last_day
from services.schedule.span import Origin, read_span

_OWN = ("自", "从", "本", "该", "收", "接", "即日", "现在")
"""With these the issue is that of the very document, whatever stands before (各地自印发之日起)."""


def read_counted(clause: Node, text: str, origin: Origin) -> tuple[Fixed | Triggered, str]:
    """Read a `counted_clause` from the day it names, or else from the day of issue, and name the rule.

    What is counted from the issue of something else waits. ValueError where it does not say from when it counts.
    """
    issue, since, marks = token(clause, "ISSUE"), child(clause, "span"), marks_of(clause)
    if issue and _of_other(marks, issue):
        return Triggered(text, _until_tail(clause, text)), "period-after-event"
    start = origin.start
    if since:
        span = read_span(since, origin)
        if span.unit != "day":
            raise ValueError("it does not say from which day it counts")
        start = span.start
    elif not issue and any(mark.type in ("WORD", "TO") for mark in marks):
        raise ValueError("it does not say from when it counts")
    if not token(clause, "WITHIN") and (after := marks_of(clause, -1)):
        raise ValueError(f"what “{''.join(after)}” adds cannot be read")
    last, rule = last_day(tokens(child(clause, "period") or clause), start, origin.days)
    return Fixed(text, last + timedelta(days=1)), rule


def read_issue(clause: Node, text: str) -> tuple[Ongoing | Triggered, str]:
    """Read what begins with the issue (自印发之日起施行); what waits for the issue of something else is triggered."""
    issue = token(clause, "ISSUE")
    if issue and _of_other(marks_of(clause), issue):
        return Triggered(text, _until_tail(clause, text)), "event"
    return Ongoing(text), "since"


def read_event(clause: Node, text: str) -> tuple[Triggered, str]:
    """Read what waits for an event, or is counted from one that only its own words name: both are the trigger."""
    trigger = _until_tail(clause, text)
    if all(mark.type not in ("WORD", "NOUN", "CONDITION") for mark in marks_of(clause)):
        raise ValueError(f"“{trigger}” names no event")
    return Triggered(text, trigger), "period-after-event" if child(clause, "period") else "event"


def _of_other(marks: list[Token], issue: Token) -> bool:
    """Return whether it is something else that is issued (省方案印发后)."""
    return any(mark.type == "WORD" for mark in marks) and not is_own(issue)


def is_own(issue: Token) -> bool:
    """Return whether the words of an issue themselves say that it is that of the document at hand (本通知印发后)."""
    return issue.startswith(_OWN)


def _until_tail(clause: Node, text: str) -> str:
    last = clause.children[-2]
    end = last.end_pos if isinstance(last, Token) else last.meta.end_pos
    return text[: (end or 0) - clause.meta.start_pos]
