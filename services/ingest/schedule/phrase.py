"""A deadline’s phrase (时间进度) to the deadline it means: clause by clause, then what the clauses mean together.

The language is a grammar (`phrase.lark`), not a heap of patterns: what it does not derive is refused. What a tree of it
means is the matter of a module each: a span of the calendar (`span`), its limit (`dated`), a period counted from the
issue (`period`), what comes again (`series`), and words without a date (`wording`).
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

import msgspec
from lark import Tree
from msgspec import Struct

from events.deadline import (
    Ambiguous,
    Deadline,
    Fixed,
    Milestone,
    Milestones,
    Ongoing,
    Recurring,
    Unspecified,
    next_due,
)
from services.ingest.schedule.counted import read_counted, read_event, read_issue
from services.ingest.schedule.dated import read_dated, read_festival
from services.ingest.schedule.find import find_limits
from services.ingest.schedule.grammar import Node, child, parse
from services.ingest.schedule.period import PERIODS
from services.ingest.schedule.series import MOST_STEPS, read_series
from services.ingest.schedule.span import Origin
from services.ingest.schedule.text import UnreadableError, check_text, make_plain, normalise
from services.ingest.schedule.wording import read_wording

_LONGEST = 2_000
"""Characters of a phrase, as `events.deadline.Phrase` limits it."""

_LONGEST_RUNNING = 20_000

_NOTHING = re.compile(
    r"-?|[/\\]|[暂]?无(?:明确|具体)?(?:的?(?:完成)?(?:时限|期限|时间)(?:要求|规定)?)?|未明确|未定时限", re.ASCII
)
_CIRCLED = {ord(number): ";" for number in "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳⑴⑵⑶⑷⑸⑹⑺⑻⑼⑽⒈⒉⒊⒋⒌⒍⒎⒏⒐⒑㈠㈡㈢㈣㈤㈥㈦㈧㈨㈩❶❷❸❹❺❻❼❽❾❿"}
_ENUMERATOR = re.compile(
    r"\([0-9一二三四五六七八九十]{1,2}\)"
    r"|(?:(?<=[,;。:])|^)(?:[0-9]{1,2}\.(?=[0-9]{1,2}月)|(?:[0-9]{1,2}[.、]|[一二三四五六七八九十]{1,2}、)(?=[0-9]{4}年|[^0-9]))"
    r"|[一二三四五六七八九]是(?=[0-9于在力到至今明年])"
)
"""What only numbers a clause; it is no part of a date (①2018年)."""

_PERCENT = re.compile(
    r"(?:完成|进度)(?![^0-9]*(?:增|提高|下降|降低))[^0-9,;。]{0,8}?(?P<part>[0-9]{1,3}(?:\.[0-9]+)?)%"
    r"|(?P<done>[0-9]{1,3}(?:\.[0-9]+)?)%(?:以上)?(?:的?(?:任务|工作|工程)量?)?(?:完成|到位)"
    r"|(?:完成|任务|进度)[^0-9,;。]{0,4}?(?P<half>过半|一半)"
)
_CLAUSE_END = re.compile(r"[，,；;。]|\s*$")
_WHOLE, _HALF = 100, 50


class Phrase(Struct, frozen=True):
    """A phrase as it was read, and the name of the rule that read it, of those listed in `phrase.lark`."""

    deadline: Deadline
    rule: str


class _Clause(Struct, frozen=True):
    """A clause, where it stands in the phrase, and what it means for itself (None: nothing about time)."""

    begin: int
    end: int
    means: Deadline | None
    rule: str = ""


def read_phrase(text: str, issued: date, zone: ZoneInfo, festivals: Mapping[str, date] = {}) -> Phrase:
    """Read a phrase on the day its table was issued; `due` are first instants of days in `zone`, exclusive.

    A phrase without a year is read in the year of issue, a later clause in the year named before it. “12月前” and
    “9月30日前” are ambiguous: before it begins (strict) or before it ends (loose); a kind with room for one reading
    only (milestones, recurring) takes the loose one, on which an ambiguous deadline passes. Dated clauses are steps,
    due one after another; what goes on after the last (完成，长期坚持) leaves it a step. A period counts from the issue
    of the document, and so does one from its receipt (收到通知后): the ledger hands it out on that day, and knows no
    other. A festival is the day that `festivals` names, or waits. The phrase is kept as written.
    Raises UnreadableError, and nothing else, for a phrase that is not understood in full.
    """
    try:
        check_text(text, _LONGEST)
        if _NOTHING.fullmatch(normalise(text)):
            return Phrase(Unspecified(text), "nothing")
        deadline, rule = _combine(list(_clauses(text, Origin(issued, zone), festivals)), text)
        return Phrase(msgspec.structs.replace(deadline, text=text), rule)
    except (ValueError, OverflowError) as error:
        raise UnreadableError(f"“{text}”: {error}") from error


def read_deadline(text: str, issued: date, zone: ZoneInfo, festivals: Mapping[str, date] = {}) -> Deadline:
    """Return the deadline of `read_phrase`."""
    return read_phrase(text, issued, zone, festivals).deadline


def find_phrase(text: str, issued: date, zone: ZoneInfo, festivals: Mapping[str, date] = {}) -> Phrase | None:
    """Find the deadline that running text states beyond doubt, as in a title; its text is that stretch. None if none.

    Several limits are one deadline only as steps, due one after another; else none of them is it.
    """
    try:
        check_text(text, _LONGEST_RUNNING)
    except ValueError:
        return None
    plain = make_plain(text)
    stretches = [plain.origin(begin, end) for begin, end in find_limits(plain.text)]
    found = [phrase for begin, end in stretches if (phrase := _try(text[begin:end], issued, zone, festivals))]
    if not found or len(found) < len(stretches):
        return None
    if len({_when(phrase.deadline) for phrase in found}) == 1:
        return found[0]
    end = _CLAUSE_END.search(text, stretches[-1][1])
    steps = _try(text[stretches[0][0] : end.start() if end else None], issued, zone, festivals)
    return (
        steps
        if steps and isinstance(steps.deadline, Milestones) and len(steps.deadline.milestones) == len(found)
        else None
    )


def _try(text: str, issued: date, zone: ZoneInfo, festivals: Mapping[str, date]) -> Phrase | None:
    """Read a stretch of running text; None if it cannot be read, or was over when the text was issued."""
    try:
        phrase = read_phrase(text, issued, zone, festivals)
    except UnreadableError:
        return None
    return phrase if next_due(phrase.deadline, Origin(issued, zone).start) else None


def _when(deadline: Deadline) -> Deadline:
    return msgspec.structs.replace(deadline, text="")


def _clauses(text: str, origin: Origin, festivals: Mapping[str, date]) -> Iterator[_Clause]:
    """Read each clause on what those before it have named."""
    plain = make_plain(text.translate(_CIRCLED)).sub(_ENUMERATOR, lambda match: ";" * len(match[0]))
    nodes = [node for node in parse(plain.text).children if isinstance(node, Tree)]
    filled = [node for node in nodes if not node.meta.empty]
    if len(filled) > MOST_STEPS:
        raise ValueError(f"it has {len(filled)} clauses; a deadline can have {MOST_STEPS} steps")
    for node in filled:
        at = node.meta.start_pos
        while at and plain.text[at - 1] == ";" and text[plain.begins[at - 1]] not in ";；":
            at -= 1  # the number before it is part of the clause
        begin, end = plain.origin(at, node.meta.end_pos)
        means, rule, origin = _read_clause(node, plain.text, origin, festivals)
        yield _Clause(begin, end, means, rule)


def _read_clause(
    node: Node, plain: str, origin: Origin, festivals: Mapping[str, date]
) -> tuple[Deadline | None, str, Origin]:
    text = plain[node.meta.start_pos : node.meta.end_pos]
    match str(node.data):
        case "dated_clause":
            return read_dated(node, text, origin)
        case "festival_clause":
            return read_festival(node, text, origin, festivals)
        case "recurring_clause":
            again = read_series(child(node, "recurring") or node, plain, origin)
            return again, f"every-{again.every}" if isinstance(again, Recurring) else "series", origin
        case "counted_clause":
            return *read_counted(node, text, origin), origin
        case "issue_clause":
            return *read_issue(node, text), origin
        case "event_clause" | "period_after_event":
            return *read_event(node, text), origin
        case _:
            return *(read_wording(node, text) or (None, "")), origin


def _combine(clauses: list[_Clause], text: str) -> tuple[Deadline, str]:
    """Return what the clauses mean together; ValueError if it is nothing that one deadline can say."""
    meant = [clause for clause in clauses if clause.means is not None]
    series = [clause for clause in meant if isinstance(clause.means, Recurring | Milestones)]
    dated = [clause for clause in meant if isinstance(clause.means, Fixed | Ambiguous)]
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


def _said(clause: _Clause) -> tuple[Deadline, str]:
    assert clause.means is not None
    return clause.means, clause.rule


def _dues(clause: _Clause) -> tuple[datetime, ...]:
    means = clause.means
    return (
        (means.strict, means.loose)
        if isinstance(means, Ambiguous)
        else (means.due,)
        if isinstance(means, Fixed)
        else ()
    )


def _steps(clauses: list[_Clause], text: str) -> Iterator[Milestone]:
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
