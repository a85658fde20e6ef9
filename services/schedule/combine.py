"""What the clauses of a phrase mean together: one deadline, or its steps."""

import re
from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from events.deadline import Ambiguous, Deadline, Fixed, Milestone, Milestones, Ongoing, Recurring, Triggered
from services.schedule.clause import Clause
from services.schedule.period import PERIODS
from services.schedule.series import MOST_STEPS
from services.schedule.text import normalise

_PERCENT = re.compile(
    r"(?:完成|进度)(?![^0-9]*(?:增|提高|下降|降低))[^0-9,;。]{0,8}?(?P<part>[0-9]{1,3}(?:\.[0-9]+)?)%"
    r"|(?P<done>[0-9]{1,3}(?:\.[0-9]+)?)%(?:以上)?(?:的?(?:任务|工作|工程)量?)?(?:完成|到位)"
    r"|(?:完成|任务|进度)[^0-9,;。]{0,4}?(?P<half>过半|一半)"
)
_WHOLE, _HALF = 100, 50
_MANNER = re.compile(r"[分逐按].{0,3}(?:调度|推进|实施|组织实施|落实|督导|通报)?[,，;；。]?")
"""So, unlike with 每, a period is the way in which the work for a date is done (按月调度，年底前完成)."""

_SERVICE = re.compile("[以之]?内?(?:全部|全程)?(?:办结|办理|办毕|出证|发证|答复|审结|响应|送达)|不超过|[0-9]{4}年度")
"""A period in which a service is to be done, to be reached by a date (年底前实现3日内办结), and a year of work."""

_AMONG = re.compile(r"其中[,，:：]?$")
"""A part of the work that is due before the whole (2023年达到400万，其中，2021年200万)."""

_PUT_OFF = re.compile("可[^,;。]{0,6}(?:延|推迟|放宽)")
"""A later date that holds for some of the work only (确有困难的可延至2025年6月底)."""

_LASTS = re.compile("[用以][0-9]+年(?:左右|多)?的?时间")
"""A length of what begins with a day (2024年起，用三年时间完成)."""

_WAITING = {"event", "period-after-event"}
_LIMITS_THAT_WAIT = {*_WAITING, "festival"}


class Meaning(Struct, frozen=True):
    """A deadline, the rule that reads it, the clauses it rests on, and whether limits that wait were passed over."""

    deadline: Deadline
    rule: str
    clauses: tuple[Clause, ...]
    passed_over_waiting: bool = False


def combine(clauses: list[Clause], text: str) -> Meaning:
    """Return what the clauses mean together; ValueError if it is nothing that one deadline can say."""
    dated = [clause for clause in clauses if isinstance(clause.means, Fixed | Ambiguous)]
    for clause in dated[1:]:
        if _PUT_OFF.search(words := normalise(text[clause.begin : clause.end])):
            raise ValueError(f"for which of the work “{words}” holds cannot be read")
    _check_periods(clauses, dated, text)
    if dated:
        clauses = [clause if _counts(clause, dated, text) else replace(clause, means=None) for clause in clauses]
    meant = [clause for clause in clauses if clause.means is not None]
    series = [clause for clause in meant if isinstance(clause.means, Recurring | Milestones)]
    if not meant:
        raise ValueError("it names neither a date nor what it waits for, nor that it goes on")
    if series:
        if dated or len({_recurs(clause) for clause in series}) > 1:
            raise ValueError("it is due both once and again and again; that is more than one task")
        since = [clause for clause in meant if clause.rule == "since"]
        return replace(_meaning(series[0], meant), clauses=(*since, series[0]))
    if any(clause.rule in PERIODS for clause in dated) and any(clause.rule in _WAITING for clause in meant):
        raise ValueError("it does not say from when it counts")
    if dated and (other := next((clause for clause in meant if _is_before(clause)), None)):
        raise ValueError(f"when “{text[slice(*other.carried)]}” is, it does not say; that is a second limit")
    if not dated:
        goes_on = [clause for clause in meant if isinstance(clause.means, Ongoing)]
        if any(clause.rule == "since" for clause in goes_on) and (lasts := _LASTS.search(normalise(text))):
            raise ValueError(f"until when “{lasts[0]}” lasts cannot be read")
        return _meaning(goes_on[0] if goes_on and meant[0].rule == "condition" else meant[0], meant)
    waiting = any(clause.rule == "period-after-event" for clause in meant)
    last = next(clause for clause in reversed(meant) if not isinstance(clause.means, Triggered))
    if len({_dues(clause) for clause in dated}) == 1 and last is dated[-1]:
        return replace(_meaning(dated[0], []), clauses=tuple(dated), passed_over_waiting=waiting)
    return Meaning(Milestones(text, tuple(_steps(clauses, text))), "steps", tuple(meant), waiting)


def _check_periods(clauses: list[Clause], dated: list[Clause], text: str) -> None:
    """Raise ValueError for a period that counts from an unnamed day, unless it is a service's and a date is named."""
    for clause in clauses:
        named = any(other.rule not in PERIODS for other in dated)
        if clause.unclear and not (named and _SERVICE.search(normalise(text[clause.begin : clause.end]))):
            raise ValueError(clause.unclear)


def _counts(clause: Clause, dated: list[Clause], text: str) -> bool:
    """Return whether a clause says a time of its own beside those with dates, and not how the work is done."""
    match clause.means:
        case Recurring():
            word = text[clause.carried[0]]
            manner = (
                word == "逐"
                or (word in "分按" and clause.begin < dated[-1].begin)
                or _MANNER.fullmatch(text[clause.begin : clause.end])
            )
            return not manner and (clause.itemised or not clause.goal)
        case Ongoing():
            return clause.bare
        case _:
            return True


def _is_before(clause: Clause) -> bool:
    """Return whether a clause is a limit whose day nobody has named (春节前, 验收前)."""
    waits = isinstance(clause.means, Triggered) and clause.means.trigger.endswith("前")
    return waits and clause.rule in ("festival", "event")


def _meaning(clause: Clause, meant: list[Clause]) -> Meaning:
    """Return what one clause means of those that mean something."""
    assert clause.means is not None
    others = any(other.rule in _LIMITS_THAT_WAIT for other in meant if other is not clause)
    return Meaning(clause.means, clause.rule, (clause,), others)


def _recurs(clause: Clause) -> object:
    """Return how a series comes again; each end in steps is one of its own."""
    means = clause.means
    return (means.every, means.first, means.day) if isinstance(means, Recurring) else clause.begin


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
    if len(steps) > MOST_STEPS:
        raise ValueError(f"it has {len(steps)} steps; a deadline can have {MOST_STEPS}")
    if any(_AMONG.search(text[:begin].rstrip()) for _, begin, _ in steps):
        steps.sort()
    for due, begin, end in steps:
        yield Milestone(text[begin:end], due, percent_of(text[begin:end]))


def percent_of(step: str) -> float | None:
    """Return the part of the work that a step must reach (完成60%, 完成过半); None if it names several, as goals."""
    parts = {float(match["part"] or match["done"] or _HALF) for match in _PERCENT.finditer(normalise(step))}
    if len(parts) != 1:
        return None
    percent = parts.pop()
    if percent > _WHOLE:
        raise ValueError(f"{percent:g} % is more than the whole")
    return int(percent) if percent.is_integer() else percent
