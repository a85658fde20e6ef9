"""A deadline’s phrase (时间进度) to the deadline it means: clause by clause, then what the clauses mean together.

The language is a grammar (`phrase.lark`), not a heap of patterns: what it does not derive is refused. What its trees
mean is the matter of a module each: a span of the calendar (`span`) and its limit (`dated`), a day that moves
(`festival`), a period (`counted`, by the law in `period`), what comes again (`series`), and words without a date
(`wording`).
"""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from events.deadline import Ambiguous, Deadline, Milestones, Unspecified, next_due
from events.working_days import LIBRARY, WorkingDays
from services.schedule.clause import read_clauses
from services.schedule.combine import Meaning, combine
from services.schedule.doubt import Doubt
from services.schedule.find import find_limits
from services.schedule.goal import make_masked, unmask
from services.schedule.period import PERIODS
from services.schedule.span import Origin, YearOverError
from services.schedule.text import UnreadableError, check_text, normalise

_LONGEST = 2_000
"""Characters of a phrase, as `events.deadline.Phrase` limits it; running text that is longer is no title."""

_LONG_OVER = timedelta(days=60)
"""What was over for longer when a document was issued late in a year is a limit of the next."""

_NOTHING = re.compile(
    r"-?|[/\\]|[暂]?无(?:明确|具体)?(?:的?(?:完成)?(?:时限|期限|时间)(?:要求|规定)?)?|未明确|未定时限", re.ASCII
)
_WORDS = re.compile(
    r"[^\s，,；;。.、:：()（）【】\[\]“”]+(?:[\s.、:：()（）“”]+[^\s，,；;。.、:：()（）【】\[\]“”]+)*”?"
)
_AROUND = re.compile(
    r"^(?:[(（]?[一二三四五六七八九十\d]{1,2}[）)、.．]|[①-⑳])|^(?:[到至于在及和与从自由前]+|力争|争取|确保)$|^[1一]次$"
)
"""What numbers the words that are passed over, and words that say nothing by themselves."""
_NUMBER = re.compile(
    r"[0-9０-９]|[一二三四五六七八九十百千万亿两]+(?:个|户|家|次|项|%|％|成|倍|年|月|日|天|周|季|星期|小时)|百分之|过半|翻番|半个?[年月天]"
)
_CLAUSE_END = re.compile(r"[，,；;。]|\s*$")


class Phrase(Struct, frozen=True):
    """A phrase as it was read, and the name of the rule that read it, of those listed in `phrase.lark`.

    `carried` are the stretches of the text that the reading rests on, `passed_over` those that say what is to be
    reached and not when, both as written and in their order; punctuation is in neither.
    """

    deadline: Deadline
    rule: str
    carried: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()
    doubts: tuple[Doubt, ...] = ()


def read_phrase(
    text: str,
    issued: date,
    zone: ZoneInfo,
    festivals: Mapping[str, date] = {},
    year: int | None = None,
    days: WorkingDays = LIBRARY,
) -> Phrase:
    """Read a phrase on the day its table was issued; `due` are first instants of days in `zone`, exclusive.

    A phrase without a year is read in `year`, else in that of issue, or in the next if it was long over when the table
    was issued in October or later; a later clause is read in the year named before it.
    “12月前” and “9月30日前” are ambiguous: before it begins (strict) or before it ends (loose); a kind with room for
    one reading only (milestones, recurring) takes the loose one, on which an ambiguous deadline passes. Dated clauses
    are steps, due one after another; what goes on after the last (完成，长期坚持) leaves it a step. A period counts
    from the issue of the document, and so does one from its receipt (收到通知后): the ledger hands it out on that
    day, and knows no other. A festival is the day that `festivals` names, or waits. The phrase is kept as written.
    Raises UnreadableError, and nothing else, for a phrase that is not understood in full.
    """
    try:
        check_text(text, _LONGEST)
        plain = normalise(text)
        check_text(plain, _LONGEST)
        if _NOTHING.fullmatch(plain):
            return Phrase(Unspecified(text), "nothing")
        origin = Origin(issued, zone, year, days=days)
        return _phrase(_meaning(text, origin, festivals), text, origin.start)
    except (ValueError, OverflowError) as error:
        raise UnreadableError(f"“{text}”: {unmask(str(error))}") from error


def _meaning(text: str, origin: Origin, festivals: Mapping[str, date]) -> Meaning:
    """Return what a phrase means; in the next year, with a doubt, if late in a year it was long over when issued."""
    try:
        meaning = combine(list(read_clauses(text, origin, festivals)), text)
        if origin.year is not None or not (origin.ahead and _long_over(meaning.deadline, origin)):
            return meaning
    except YearOverError:
        meaning = None
    later = combine(list(read_clauses(text, origin.of(origin.issued.year + 1), festivals)), text)
    if meaning and _long_over(later.deadline, origin):  # it has a year
        return meaning
    return replace(later, doubts=(*later.doubts, "next-year"))


def _long_over(deadline: Deadline, origin: Origin) -> bool:
    """Return whether a deadline was over some months before the issue of its document."""
    return next_due(deadline) is not None and next_due(deadline, origin.start - _LONG_OVER) is None


def _phrase(meaning: Meaning, text: str, issued: datetime) -> Phrase:
    """Return a meaning with the words that carry it, those passed over, and the doubts it leaves."""
    spans = sorted(clause.carried for clause in meaning.clauses)
    between = zip([0, *(end for _, end in spans)], [*(begin for begin, _ in spans), len(text)], strict=True)
    pieces = [_AROUND.sub("", words) for begin, end in between for words in _WORDS.findall(text[begin:end])]
    passed_over = [words for words in pieces if words]
    doubts: list[Doubt] = []
    if next_due(meaning.deadline, issued) is None and next_due(meaning.deadline) is not None:
        doubts.append("over-when-issued")
    if isinstance(meaning.deadline, Ambiguous):
        doubts.append("ambiguous")
    if any(map(has_number, passed_over)):
        doubts.append("number-passed-over")
    doubts += meaning.doubts
    if meaning.rule in PERIODS and _WORDS.search(text[: meaning.clauses[0].begin]):
        doubts.append("counted-from-issue")
    doubts += dict.fromkeys(doubt for clause in meaning.clauses for doubt in clause.doubts)
    return Phrase(
        replace(meaning.deadline, text=text),
        meaning.rule,
        tuple(text[begin:end] for begin, end in spans),
        tuple(passed_over),
        tuple(doubts),
    )


def find_phrase(
    text: str,
    issued: date,
    zone: ZoneInfo,
    festivals: Mapping[str, date] = {},
    days: WorkingDays = LIBRARY,
    year: int | None = None,
) -> Phrase | None:
    """Find the deadline that running text states beyond doubt, as in a title; its text is that stretch. None if none.

    A limit without a year is read in `year`, else in that of issue; one that was over when the text was issued is none.
    Several limits are one deadline only as steps, due one after another; else none of them is it.
    """
    try:
        check_text(text, _LONGEST)
    except ValueError:
        return None
    plain = make_masked(text)
    stretches = [plain.origin(begin, end) for begin, end in find_limits(plain.text)]
    found = [
        phrase for begin, end in stretches if (phrase := _try(text[begin:end], issued, zone, festivals, days, year))
    ]
    if not found or len(found) < len(stretches):
        return None
    if len({_when(phrase.deadline) for phrase in found}) == 1:
        return found[0]
    end = _CLAUSE_END.search(text, stretches[-1][1])
    steps = _try(text[stretches[0][0] : end.start() if end else None], issued, zone, festivals, days, year)
    return (
        steps
        if steps
        and isinstance(steps.deadline, Milestones)
        and len(steps.deadline.milestones) == len(found)
        and not {"out-of-order", "other-time-passed-over"} & set(steps.doubts)
        else None
    )


def has_number(words: str) -> bool:
    """Return whether words that were passed over contain a number, which might have been a time."""
    return _NUMBER.search(words) is not None


def _try(
    text: str, issued: date, zone: ZoneInfo, festivals: Mapping[str, date], days: WorkingDays, year: int | None
) -> Phrase | None:
    """Read a stretch of running text; None if it cannot be read, or was over when the text was issued."""
    try:
        phrase = read_phrase(text, issued, zone, festivals, year, days)
    except UnreadableError:
        return None
    return phrase if next_due(phrase.deadline, Origin(issued, zone).start) else None


def _when(deadline: Deadline) -> Deadline:
    return replace(deadline, text="")
