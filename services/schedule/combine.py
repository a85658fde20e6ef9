"""What the clauses of a phrase mean together: one deadline, or its steps."""

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from events.deadline import (
    Ambiguous,
    Deadline,
    Fixed,
    Milestone,
    Milestones,
    Ongoing,
    Recurring,
    Triggered,
    Unspecified,
)
from services.schedule.clause import Clause
from services.schedule.counted import UnclearPeriodError
from services.schedule.dated import NoLimitError
from services.schedule.doubt import Doubt
from services.schedule.goal import names_quantity, says_which
from services.schedule.grammar import UnparsedError
from services.schedule.period import PERIODS
from services.schedule.series import MOST_STEPS, UnevenError
from services.schedule.text import normalise
from services.schedule.wording import OTHER_INTERVAL

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

_PUT_OFF = re.compile(
    "可[^,;。]{0,6}(?:延|推迟|放宽)|特殊情况|确有困难|确需|困难(?:较大|地区)?的|个别(?:情况|项目|地区)|(?:至迟|最多|最长)"
)
"""A later date that holds for some of the work only (确有困难的可延至2025年6月底)."""

_FAILING = re.compile("(?:不能|无法|难以|确因|确有)[^,;。]*的")
"""Work for which the date before cannot be kept (不能按期完成的，9月底前完成)."""

_STATES = re.compile("到|至|前|底|内|止|完成|建成|竣工|结束|每|启动|达到|实现|投[入用产]|交付|通车|开放|^中?远期$")
"""What a time that is a limit has beside it."""

_LASTS = re.compile(
    "(?:[用以]|集中|经过|通过)[0-9]+(?:[-至到][0-9]+)?(?:[年天日周]|个月)(?:左右|多)?的?[^0-9,;。]{0,2}(?:时间|努力|奋斗|治理|整治|攻坚|建设)"
    "|[0-9]+(?:年|个月)(?:集中)?(?:攻坚|巩固|提升|行动期|整治期|集中)|(?:延长|推迟|延期|顺延)[至到]?[0-9]+(?:[年天日周]|个月|个工作日)|提前[0-9]+(?:年|个月)"
)
"""A length of what begins with a day (2024年起，用三年时间完成)."""

_MORE_THAN_ONE = "it is due both once and again and again; that is more than one task"

_BEGINS = re.compile("启动|开工|动工|开始|部署|动员")
"""With these, steps that are not in the order of their dates contradict each other (2018年底启动，6月底前完成)."""

_WAITING = {"event", "period-after-event"}
_LIMITS_THAT_WAIT = {*_WAITING, "festival"}


class Meaning(Struct, frozen=True):
    """A deadline, the rule that reads it, the clauses it rests on, and the doubts that the others leave."""

    deadline: Deadline
    rule: str
    clauses: tuple[Clause, ...]
    doubts: tuple[Doubt, ...] = ()


def combine(clauses: list[Clause], text: str) -> Meaning:
    """Return what the clauses mean together; ValueError if it is nothing that one deadline can say."""
    clauses = _without_frames(clauses, text)
    if uneven := _uneven(clauses, text):
        return uneven
    dated = [clause for clause in clauses if _dues(clause)]
    for before, clause in pairwise(dated):
        words = normalise(text[clause.begin : clause.end])
        if _PUT_OFF.search(words) or _FAILING.search(normalise(text[before.end : clause.end])):
            raise ValueError(f"for which of the work “{words}” holds cannot be read")
    passed_over: tuple[Doubt, ...] = ("other-time-passed-over",) if _passes_over_times(clauses, text) else ()
    without_start = _without_start(clauses, text)
    if waits := _waiting_for_start(clauses, without_start, text):
        return waits
    if dated and (last := next((each for each in without_start if each.begin > dated[-1].begin), None)) and last.unread:
        raise last.unread
    unclear: tuple[Doubt, ...] = ("start-unclear",) if without_start else ()
    if dated:
        counting = [clause for clause in clauses if _counts(clause, dated, text)]
        if again := [clause for clause in counting if isinstance(clause.means, Recurring)]:
            _check_years(again, dated, text)
            passed_over = ("other-time-passed-over",)
        clauses = [clause if clause in counting else replace(clause, means=None) for clause in clauses]
        clauses = [replace(each, means=None) if isinstance(each.means, Recurring) else each for each in clauses]
    meant = [clause for clause in clauses if clause.means is not None]
    if not meant:
        return _no_time(clauses, text)
    meaning = _dated(clauses, dated, meant, text) if dated else _undated(meant, text)
    return replace(meaning, doubts=(*meaning.doubts, *unclear, *passed_over))


def _uneven(clauses: list[Clause], text: str) -> Meaning | None:
    """Return dates of each year at unequal intervals as going on; raise their error beside any other time."""
    uneven = next((clause for clause in clauses if isinstance(clause.unread, UnevenError)), None)
    if uneven is None or uneven.unread is None:
        return None
    if any((each.means or each.unread) and each is not uneven for each in clauses):
        raise uneven.unread
    return Meaning(Ongoing(text), OTHER_INTERVAL, (uneven,), ("other-interval",))


def _check_years(again: list[Clause], dated: list[Clause], text: str) -> None:
    """Raise ValueError for dates without a year beside what comes again: they may be dates of each period."""
    again = [each for each in again if isinstance(each.means, Recurring) and each.means.every != "month"]
    begins = min((each.begin for each in again if each.itemised), default=len(text))
    yearless = [clause for clause in dated if "年" not in text[slice(*clause.carried)]]
    if any(clause.begin > begins for clause in yearless) or (again and len(yearless) > 1):
        raise ValueError(_MORE_THAN_ONE)


def _without_frames(clauses: list[Clause], text: str) -> list[Clause]:
    """Drop the meaning of a bare year that only says of which year a later clause is, and is not the whole of it.

    Of a whole, the later clause is a part (今年引进80个，其中上半年40个).
    """
    kept = []
    for at, clause in enumerate(clauses):
        later = next((other for other in clauses[at + 1 :] if _dues(other)), None)
        within = clause.frame and later is not None and _dues(later)[-1] <= _dues(clause)[-1]
        within = within and later is not None and "其中" not in text[clause.begin : later.carried[0]]
        kept.append(replace(clause, means=None) if within else clause)
    return kept


def _without_start(clauses: list[Clause], text: str) -> list[Clause]:
    """Return the clauses with a period that counts from an unnamed day, but for that of a service beside a date."""
    periods = [clause for clause in clauses if isinstance(clause.unread, UnclearPeriodError)]
    return [clause for clause in periods if not _is_service(clause, clauses, text)]


def _is_service(clause: Clause, clauses: list[Clause], text: str) -> bool:
    """Return whether a clause says how long a service may take, or names a year of work, beside a date."""
    named = any(_dues(each) and each.rule not in PERIODS for each in clauses)
    return named and _SERVICE.search(normalise(text[clause.begin : clause.end])) is not None


def _passes_over_times(clauses: list[Clause], text: str) -> bool:
    """Return whether a clause with a time that cannot be read is passed over, as a date follows it.

    Else only one that states no limit itself is (可设置3年左右的过渡期). Raise its error otherwise.
    """
    unread = [clause for clause in clauses if isinstance(clause.unread, NoLimitError | UnparsedError)]
    unread = [clause for clause in unread if not _is_service(clause, clauses, text)]
    last = max((each.begin for each in clauses if _dues(each)), default=0)
    limits = any(_dues(each) or isinstance(each.means, Recurring | Milestones) for each in clauses)
    for clause in unread:
        words = normalise(text[clause.begin : clause.end])
        if clause.unread and (not limits or "每" in words or (clause.begin >= last and _STATES.search(words))):
            raise clause.unread
    return bool(unread)


def _waiting_for_start(clauses: list[Clause], without_start: list[Clause], text: str) -> Meaning | None:
    """Return a deadline that waits for the start of its period, where nothing dates that start.

    None where a date, or what comes again, stands beside it.
    """
    periods = [*without_start, *(clause for clause in clauses if clause.rule in PERIODS)]
    begins = max((clause.begin for clause in periods), default=0)
    waiting = [clause for clause in clauses if clause.rule in _WAITING and clause.begin < begins]
    dated = [clause for clause in clauses if _dues(clause) and clause.rule not in PERIODS]
    again = [clause for clause in clauses if isinstance(clause.means, Recurring | Milestones)]
    if not periods or dated or again or not (waiting or any(clause.unread for clause in periods)):
        return None
    first, last = min(clause.begin for clause in (*periods, *waiting)), max(clause.carried[1] for clause in periods)
    kept = tuple(sorted((*periods, *waiting), key=lambda clause: clause.begin))
    return Meaning(Triggered(text, text[first:last]), "period-after-event", kept, ("start-unclear",))


def _no_time(clauses: list[Clause], text: str) -> Meaning:
    """Return that no time is stated, if a quantity is; ValueError for words that state neither."""
    if past := next((clause.unread for clause in clauses if clause.unread), None):
        raise past
    if lasts := _LASTS.search(normalise(text)):
        if lasts[0].startswith("提前"):
            raise ValueError(f"before what “{lasts[0]}” is, it does not say")
        return Meaning(Triggered(text, lasts[0]), "period-after-event", (), ("start-unclear",))
    if says_which(text):
        raise ValueError("its only time says which ones are meant, and not by when")
    if not names_quantity(text):
        raise ValueError("it names neither a date nor what it waits for, nor that it goes on")
    return Meaning(Unspecified(text), "nothing", (), ("no-time",))


def _undated(meant: list[Clause], text: str) -> Meaning:
    """Return what clauses without a date mean: what comes again, goes on, or waits."""
    series = [clause for clause in meant if isinstance(clause.means, Recurring | Milestones)]
    if not series:
        goes_on = [clause for clause in meant if isinstance(clause.means, Ongoing)]
        often = next((clause for clause in goes_on if clause.rule == OTHER_INTERVAL), None)
        if often and meant[0].rule == "event":
            return _meaning(often, meant)
        if any(clause.rule == "since" for clause in goes_on) and (lasts := _LASTS.search(normalise(text))):
            raise ValueError(f"until when “{lasts[0]}” lasts cannot be read")
        return _meaning(goes_on[0] if goes_on and meant[0].rule == "condition" else meant[0], meant)
    if waits := _within_period(meant, text):
        raise ValueError(f"when “{waits}” is in each period, it does not say")
    several = len({_recurs(clause) for clause in series}) > 1
    if several and any(isinstance(clause.means, Milestones) for clause in series):
        raise ValueError("it comes again in several ways; that is more than one task")
    since = [clause for clause in meant if clause.rule == "since"]
    meaning = replace(_meaning(series[0], meant), clauses=(*since, series[0]))
    other = several or any(clause.rule == OTHER_INTERVAL for clause in meant)
    return replace(meaning, doubts=(*meaning.doubts, "other-time-passed-over")) if other else meaning


def _within_period(meant: list[Clause], text: str) -> str | None:
    """Return what waits right after a bare 每年, which it dates (每年，在汛期前完成检修); None if nothing does."""
    for clause, after in pairwise(meant):
        bare = isinstance(clause.means, Recurring) and clause.carried == (clause.begin, clause.end)
        if bare and after.rule in _LIMITS_THAT_WAIT:
            return text[slice(*after.carried)]
    return None


def _dated(clauses: list[Clause], dated: list[Clause], meant: list[Clause], text: str) -> Meaning:
    """Return what clauses with dates mean: one date, or steps."""
    if any(isinstance(clause.means, Milestones) for clause in meant):
        raise ValueError(_MORE_THAN_ONE)
    if other := next((each for each in meant if _is_before(each) and each.begin > dated[-1].begin), None):
        raise ValueError(f"when “{text[slice(*other.carried)]}” is, it does not say; that is a second limit")
    waits = any(clause.rule == "period-after-event" or _is_before(clause) for clause in meant)
    doubts: tuple[Doubt, ...] = ("condition-passed-over",) if waits else ()
    last = next(clause for clause in reversed(meant) if not isinstance(clause.means, Triggered))
    if len({_dues(clause) for clause in dated}) == 1 and last is dated[-1]:
        return replace(_meaning(dated[0], []), clauses=tuple(dated), doubts=doubts)
    steps = tuple(_steps(clauses, text))
    ordered = tuple(sorted(steps, key=lambda step: step.due))
    if steps != ordered and not _BEGINS.search(text):
        steps, doubts = ordered, (*doubts, "out-of-order")
    return Meaning(Milestones(text, steps), "steps", tuple(meant), doubts)


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
            return clause.bare and clause.rule != OTHER_INTERVAL
        case _:
            return True


def _is_before(clause: Clause) -> bool:
    """Return whether a clause is a limit whose day nobody has named (春节前, 验收前)."""
    waits = isinstance(clause.means, Triggered) and clause.means.trigger.endswith("前")
    return waits and clause.rule in ("festival", "event")


def _meaning(clause: Clause, meant: list[Clause]) -> Meaning:
    """Return the meaning of one clause, with a doubt if another that waits is passed over."""
    assert clause.means is not None
    others = any(other.rule in _LIMITS_THAT_WAIT for other in meant if other is not clause)
    return Meaning(clause.means, clause.rule, (clause,), ("condition-passed-over",) if others else ())


def _recurs(clause: Clause) -> object:
    """Return what tells one recurrence from another; a series that ends is one of its own."""
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
    among = any(_AMONG.search(text[:begin].rstrip()) for _, begin, _ in steps)
    if among or any(clause.bare_year for clause in clauses):
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
