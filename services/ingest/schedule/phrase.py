"""A deadline’s phrase (时间进度) to the deadline it means: clause by clause, then what the clauses mean together."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from events.deadline import Ambiguous, Deadline, Fixed, Milestone, Milestones, Recurring, Unspecified
from services.ingest.schedule.counted import read_counted
from services.ingest.schedule.dated import read_dated
from services.ingest.schedule.series import MOST_STEPS, read_series
from services.ingest.schedule.span import Origin
from services.ingest.schedule.text import SPACE, UnreadableError, check_text, normalise
from services.ingest.schedule.words import CONDITION, GO_ON, read_wording

_LONGEST = 2_000
"""Characters of a phrase, as `events.deadline.Phrase` limits it."""

_WHOLE = 100
_PERCENT = re.compile(r"完成(?:率|量|总?任务量?|总?工程量?|总?工作量?)?(?:的|达到?)?([0-9]{1,3}(?:\.[0-9]+)?)%")
_NOTHING = ("", "-", "/", "无")
_SEPARATORS = "，,；;、。"
_OF_SERIES = re.compile(r"[，,](?:每|分年|分季|逐|按[年月季])")
_ENUMERATOR = re.compile(r"^(?:[①-⑳]|[（(][0-9一二三四五六七八九十]{1,2}[）)])")
_UNIT = re.compile(r"第?[0-9]+(年|月|日|号|季度)")


class _Clause(Struct, frozen=True):
    """A clause, where it stands in the phrase, and what it means for itself (None: nothing about time)."""

    begin: int
    end: int
    means: Deadline | None


def read_deadline(text: str, issued: date, zone: ZoneInfo) -> Deadline:
    """Read a phrase on the day its table was issued; `due` are first instants of days in `zone`, exclusive.

    A phrase without a year is read in the year of issue, a later clause in the year named before it. “12月前” and
    “9月30日前” are ambiguous: before it begins (strict) or before it ends (loose); a kind with room for one reading
    only (milestones, recurring) takes the loose one, on which an ambiguous deadline passes. Dated clauses are steps,
    due one after another; what goes on after the last (完成，长期坚持) leaves it a step. The phrase is kept as written.
    Raises UnreadableError, and nothing else, for a phrase that is not understood in full.
    """
    try:
        check_text(text, _LONGEST)
        if normalise(text) in _NOTHING:
            return Unspecified(text)
        return msgspec.structs.replace(_combine(list(_clauses(text, Origin(issued, zone))), text), text=text)
    except (ValueError, OverflowError) as error:
        raise UnreadableError(f"“{text}”: {error}") from error


def _clauses(text: str, origin: Origin) -> Iterator[_Clause]:
    """Read each clause on what those before it have named."""
    places = [at for at, character in enumerate(text) if not SPACE.match(character)]
    dense = "".join(text[at] for at in places)
    pieces = list(_split(dense))
    if len(pieces) > MOST_STEPS:
        raise ValueError(f"it has {len(pieces)} clauses; a deadline can have {MOST_STEPS} steps")
    plain = [normalise(_ENUMERATOR.sub("", dense[begin:end])) for begin, end in pieces]
    for at in reversed(range(len(plain) - 1)):  # the unit of 3、6、9、12月 stands only once
        if plain[at][-1:].isdigit() and (unit := _UNIT.match(plain[at + 1])):
            plain[at] += unit[1]
    for (begin, end), clause in zip(pieces, plain, strict=True):
        means, origin = _read_clause(clause, origin)
        yield _Clause(places[begin], places[end - 1] + 1, means)


def _read_clause(clause: str, origin: Origin) -> tuple[Deadline | None, Origin]:
    undated = read_series(clause, origin) or read_counted(clause, origin)
    if undated is not None:
        return undated, origin
    return read_dated(clause, origin) or (read_wording(clause), origin)


def _split(text: str) -> Iterator[tuple[int, int]]:
    """Find the clauses: between commas outside brackets that do not just follow a condition or a span of 每年."""
    begin = depth = 0
    for at, character in enumerate(text):
        depth += (character in "（(") - (character in "）)")
        cut = 1 if character in _SEPARATORS else 0 if GO_ON.match(text, at) else None
        if cut is None or depth > 0 or (cut and _belongs(text[begin:at], text[at:])):
            continue
        if begin < at:
            yield begin, at
        begin = at + cut
    if begin < len(text):
        yield begin, len(text)


def _belongs(before: str, after: str) -> bool:
    """Tell whether the separator at the beginning of `after` stands inside a clause."""
    if after[0] == "、" and "每" in before:
        return True  # 每年6月、12月底前
    if _OF_SERIES.match(after):
        return before.endswith(("年", "月", "期间", "起"))  # 2019年起，每年6月底前
    return after[0] in "，," and CONDITION.fullmatch(normalise(before)) is not None  # 按省的要求，2018年底前


def _combine(clauses: list[_Clause], text: str) -> Deadline:
    """Return what the clauses mean together; ValueError if it is nothing that one deadline can say."""
    meant = [clause.means for clause in clauses if clause.means is not None]
    series = [means for means in meant if isinstance(means, Recurring | Milestones)]
    dated = [means for means in meant if isinstance(means, Fixed | Ambiguous)]
    if not meant:
        raise ValueError("it names neither a date nor what it waits for, nor that it goes on")
    if series:
        if dated or len(series) > 1:
            raise ValueError("it is due both once and again and again; that is more than one task")
        return series[0]
    if not dated:
        return meant[0]
    if len({_dues(means) for means in dated}) == 1 and meant[-1] is dated[-1]:
        return dated[0]
    return Milestones(text, tuple(_steps(clauses, text)))


def _dues(means: Fixed | Ambiguous) -> tuple[datetime, datetime]:
    return (means.due, means.due) if isinstance(means, Fixed) else (means.strict, means.loose)


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
    """Return the part of the work that a step must reach (完成60%)."""
    match = _PERCENT.search(normalise(step))
    if match is None:
        return None
    percent = float(match[1])
    if percent > _WHOLE:
        raise ValueError(f"{match[1]} % is more than the whole")
    return int(percent) if percent.is_integer() else percent
