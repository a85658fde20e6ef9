"""What the clauses of a phrase mean together: one deadline, or its steps."""

import re
from collections.abc import Iterator
from datetime import datetime

from events.deadline import Ambiguous, Deadline, Fixed, Milestone, Milestones, Ongoing, Recurring
from services.schedule.clause import Clause
from services.schedule.period import PERIODS
from services.schedule.text import normalise

_PERCENT = re.compile(
    r"(?:完成|进度)(?![^0-9]*(?:增|提高|下降|降低))[^0-9,;。]{0,8}?(?P<part>[0-9]{1,3}(?:\.[0-9]+)?)%"
    r"|(?P<done>[0-9]{1,3}(?:\.[0-9]+)?)%(?:以上)?(?:的?(?:任务|工作|工程)量?)?(?:完成|到位)"
    r"|(?:完成|任务|进度)[^0-9,;。]{0,4}?(?P<half>过半|一半)"
)
_WHOLE, _HALF = 100, 50
_MANNER = "分逐按"
"""With these, unlike 每, a period is the way in which the work for a date is done (按月调度，年底前完成)."""


def combine(clauses: list[Clause], text: str) -> tuple[Deadline, str]:
    """Return what the clauses mean together; ValueError if it is nothing that one deadline can say."""
    meant = [clause for clause in clauses if clause.means is not None]
    dated = [clause for clause in meant if isinstance(clause.means, Fixed | Ambiguous)]
    series = [
        clause
        for clause in meant
        if isinstance(clause.means, Recurring | Milestones) and not (dated and text[clause.begin] in _MANNER)
    ]
    if not meant:
        raise ValueError("it names neither a date nor what it waits for, nor that it goes on")
    if series:
        if dated or len(series) > 1:
            raise ValueError("it is due both once and again and again; that is more than one task")
        return _said(series[0])
    if any(clause.rule in PERIODS for clause in dated) and any(clause.rule == "event" for clause in meant):
        raise ValueError("it does not say from when it counts")
    if not dated:
        goes_on = [clause for clause in meant if isinstance(clause.means, Ongoing)]
        return _said(goes_on[0] if goes_on and meant[0].rule == "condition" else meant[0])
    if len({_dues(clause) for clause in dated}) == 1 and meant[-1] is dated[-1]:
        return _said(dated[0])
    return Milestones(text, tuple(_steps(clauses, text))), "steps"


def _said(clause: Clause) -> tuple[Deadline, str]:
    assert clause.means is not None
    return clause.means, clause.rule


def _dues(clause: Clause) -> tuple[datetime, ...]:
    match clause.means:
        case Fixed(due=due):
            return (due,)
        case Ambiguous(strict=strict, loose=loose):
            return (strict, loose)
        case _:
            return ()


def _steps(clauses: list[Clause], text: str) -> Iterator[Milestone]:
    """Return a step for each due instant, with the words about it."""
    steps: list[tuple[datetime, int, int]] = []
    goes_on = False
    for clause in clauses:
        match clause.means:
            case Fixed(due=due) | Ambiguous(loose=due):
                same = bool(steps) and steps[-1][0] == due
                steps.append((due, steps.pop()[1] if same else clause.begin, clause.end))
                goes_on = True
            case None if goes_on:
                due, begin, _ = steps.pop()
                steps.append((due, begin, clause.end))
            case _:
                goes_on = False
    for due, begin, end in steps:
        yield Milestone(text[begin:end], due, _percent(text[begin:end]))


def _percent(step: str) -> float | None:
    """Return the part of the work that a step must reach (完成60%, 完成过半)."""
    parts = {float(match["part"] or match["done"] or _HALF) for match in _PERCENT.finditer(normalise(step))}
    if not parts:
        return None
    if len(parts) > 1:
        raise ValueError(f"“{step}” names more than one part of the work")
    percent = parts.pop()
    if percent > _WHOLE:
        raise ValueError(f"{percent:g} % is more than the whole")
    return int(percent) if percent.is_integer() else percent
