"""The deadline of a row with columns for periods (一季度, 2025年): each cell is due at the end of its period."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from events.deadline import Ambiguous, Deadline, Fixed, Milestone, Milestones, Ongoing
from events.ledger import Ledger
from events.working_days import WorkingDays
from services.schedule.columns import year_of
from services.schedule.combine import percent_of
from services.schedule.doubt import Doubt
from services.schedule.phrase import Phrase, find_phrase, has_number, read_phrase
from services.schedule.table import PeriodCell
from services.schedule.text import UnreadableError

_RULE = "period-column"

_GOES_ON = re.compile(r"(?:持续|长期|常态化?|继续|经常性?)(?:推进|推动|实施|开展|坚持|落实|进行|抓好)?[。；]?")
"""A cell by which nothing is due at the end of its period."""

_MAY_SAY = re.compile("[前内含止间每年月季⽉]")
"""What every limit in running text has one of; most cells have none."""

_NEXT_YEARS = 10
"""The month from which on plans of the next year are issued, too: of which year a period is, nobody knows then."""


class PeriodStep(Struct, frozen=True):
    """A period’s cell with what is due by it, and the limit that the cell itself states, if it does."""

    period: str
    text: str
    due: datetime
    own: Phrase | None


def read_steps(
    steps: tuple[PeriodCell, ...], text: str, issued: date, ledger: Ledger, days: WorkingDays
) -> Phrase | None:
    """Read a row’s cells as one deadline; None if all are empty.

    A period without a year is of the year named before it, of the next one after a year’s end, at first of the year of
    issue. A limit that a cell states is due instead of its period’s end. Raises UnreadableError where the periods do
    not follow each other, or a cell’s limit does not lie in its period.
    """
    if not any(step.cell.text for step in steps):
        return None
    ends = list(_ends(steps, issued, ledger.zone))
    filled = [(step, end, year) for step, (end, year) in zip(steps, ends, strict=True) if step.cell.text]
    due = [_step(*each, issued, ledger, days) for each in filled if not _GOES_ON.fullmatch(each[0].cell.text)]
    try:
        return _phrase([step.period for step, _, _ in filled], due, text)
    except ValueError as error:
        raise UnreadableError(f"“{text}”: {error}") from error


def _ends(steps: tuple[PeriodCell, ...], issued: date, zone: ZoneInfo) -> Iterator[tuple[datetime, int]]:
    """Find when each column’s period ends, and the year it is read in."""
    year, before = issued.year, None
    if issued.month >= _NEXT_YEARS and not any(year_of(step.period) for step in steps):
        first = _end(steps[0].period, year, issued, zone)
        if first.date() <= issued:
            raise UnreadableError(f"it does not say of which year “{steps[0].period}” is")
    for step in steps:
        named = year_of(step.period)
        year = named or year
        end = _end(step.period, year, issued, zone)
        if before is not None and end <= before and not named and (before.month, before.day) == (1, 1):
            year += 1
            end = _end(step.period, year, issued, zone)
        if before is not None and end <= before:
            raise UnreadableError(f"“{step.period}” does not follow the period in the column before it")
        before = end
        yield end, year


@lru_cache(maxsize=1_000)  # all rows of a table have the same periods
def _end(period: str, year: int, issued: date, zone: ZoneInfo) -> datetime:
    ends = read_phrase(period, issued, zone, year=year).deadline
    if not isinstance(ends, Fixed):
        raise UnreadableError(f"“{period}” is no period that ends on a day")
    return ends.due


def _step(step: PeriodCell, end: datetime, year: int, issued: date, ledger: Ledger, days: WorkingDays) -> PeriodStep:
    own = None
    if _MAY_SAY.search(step.cell.text):
        own = find_phrase(step.cell.text, issued, ledger.zone, ledger.festivals, days, year)
    if own is not None and not (dues := _dues(own.deadline)):
        raise UnreadableError(f"“{own.deadline.text}” is no day within “{step.period}”")
    if own is not None and dues[-1] > end:
        raise UnreadableError(f"“{own.deadline.text}” is after “{step.period}”")
    return PeriodStep(step.period, step.cell.text, end, own)


def _dues(deadline: Deadline) -> list[datetime]:
    match deadline:
        case Fixed(due=due) | Ambiguous(loose=due):
            return [due]
        case Milestones(milestones=milestones):
            return [milestone.due for milestone in milestones]
        case _:
            return []


def _phrase(periods: list[str], steps: list[PeriodStep], text: str) -> Phrase:
    """Return the steps as one deadline, with the words that it rests on."""
    milestones = [milestone for step in steps for milestone in _milestones(step)]
    deadline: Deadline = Ongoing(text) if not steps else Milestones(text, tuple(milestones))
    if len(milestones) == 1:
        own = steps[0].own
        deadline = replace(own.deadline, text=text) if own else Fixed(text, milestones[0].due)
    carried = (*periods, *(words for step in steps if step.own for words in step.own.carried))
    rest = (step.text.replace(step.own.deadline.text, "", 1) if step.own else step.text for step in steps)
    passed_over = tuple(words for one in rest if (words := one.strip("，。；、 \n")))
    doubts: tuple[Doubt, ...] = ("ambiguous",) if isinstance(deadline, Ambiguous) else ()
    if any(map(has_number, passed_over)):
        doubts = (*doubts, "number-passed-over")
    return Phrase(deadline, _RULE, carried, passed_over, doubts)


def _milestones(step: PeriodStep) -> Iterator[Milestone]:
    """Return a step’s milestone; several where its cell states several limits."""
    if step.own is not None and isinstance(step.own.deadline, Milestones):
        for milestone in step.own.deadline.milestones:
            yield replace(milestone, text=f"{step.period}：{milestone.text}")
    else:
        due = _dues(step.own.deadline)[-1] if step.own else step.due
        yield Milestone(f"{step.period}：{step.text}", due, percent_of(step.text))
