"""A deadline’s phrase (时间进度) to the deadline it means: clause by clause, then what the clauses mean together.

The language is a grammar (`phrase.lark`), not a heap of patterns: what it does not derive is refused. What its trees
mean is the matter of a module each: a span of the calendar (`span`) and its limit (`dated`), a day that moves
(`festival`), a period (`counted`, by the law in `period`), what comes again (`series`), and words without a date
(`wording`).
"""

import re
from collections.abc import Mapping
from datetime import date
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from events.deadline import Deadline, Milestones, Unspecified, next_due
from events.working_days import LIBRARY, WorkingDays
from services.schedule.clause import read_clauses
from services.schedule.combine import combine
from services.schedule.find import find_limits
from services.schedule.span import Origin
from services.schedule.text import UnreadableError, check_text, make_plain, normalise

_LONGEST = 2_000
"""Characters of a phrase, as `events.deadline.Phrase` limits it; running text that is longer is no title."""

_NOTHING = re.compile(
    r"-?|[/\\]|[暂]?无(?:明确|具体)?(?:的?(?:完成)?(?:时限|期限|时间)(?:要求|规定)?)?|未明确|未定时限", re.ASCII
)
_CLAUSE_END = re.compile(r"[，,；;。]|\s*$")


class Phrase(Struct, frozen=True):
    """A phrase as it was read, and the name of the rule that read it, of those listed in `phrase.lark`."""

    deadline: Deadline
    rule: str


def read_phrase(
    text: str,
    issued: date,
    zone: ZoneInfo,
    festivals: Mapping[str, date] = {},
    year: int | None = None,
    days: WorkingDays = LIBRARY,
) -> Phrase:
    """Read a phrase on the day its table was issued; `due` are first instants of days in `zone`, exclusive.

    A phrase without a year is read in `year`, else in that of issue, a later clause in the year named before it.
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
        deadline, rule = combine(list(read_clauses(text, Origin(issued, zone, year, days=days), festivals)), text)
        return Phrase(msgspec.structs.replace(deadline, text=text), rule)
    except (ValueError, OverflowError) as error:
        raise UnreadableError(f"“{text}”: {error}") from error


def find_phrase(
    text: str, issued: date, zone: ZoneInfo, festivals: Mapping[str, date] = {}, days: WorkingDays = LIBRARY
) -> Phrase | None:
    """Find the deadline that running text states beyond doubt, as in a title; its text is that stretch. None if none.

    Several limits are one deadline only as steps, due one after another; else none of them is it.
    """
    try:
        check_text(text, _LONGEST)
    except ValueError:
        return None
    plain = make_plain(text)
    stretches = [plain.origin(begin, end) for begin, end in find_limits(plain.text)]
    found = [phrase for begin, end in stretches if (phrase := _try(text[begin:end], issued, zone, festivals, days))]
    if not found or len(found) < len(stretches):
        return None
    if len({_when(phrase.deadline) for phrase in found}) == 1:
        return found[0]
    end = _CLAUSE_END.search(text, stretches[-1][1])
    steps = _try(text[stretches[0][0] : end.start() if end else None], issued, zone, festivals, days)
    return (
        steps
        if steps and isinstance(steps.deadline, Milestones) and len(steps.deadline.milestones) == len(found)
        else None
    )


def _try(text: str, issued: date, zone: ZoneInfo, festivals: Mapping[str, date], days: WorkingDays) -> Phrase | None:
    """Read a stretch of running text; None if it cannot be read, or was over when the text was issued."""
    try:
        phrase = read_phrase(text, issued, zone, festivals, days=days)
    except UnreadableError:
        return None
    return phrase if next_due(phrase.deadline, Origin(issued, zone).start) else None


def _when(deadline: Deadline) -> Deadline:
    return msgspec.structs.replace(deadline, text="")
