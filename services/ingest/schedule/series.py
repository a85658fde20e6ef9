"""A clause that comes again (每季度末, 2018—2020年每年12月底前): a recurrence, or its occurrences where it ends."""

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from events.deadline import MONTHS, Ambiguous, Every, Fixed, Milestone, Milestones, Recurring, add_months
from services.ingest.schedule.dated import read_dated
from services.ingest.schedule.span import Origin, read_span
from services.ingest.schedule.words import after_lead_in

_EVERY = re.compile(
    r"(?P<since>起)?,?(?:(?P<half>每半年)度?|每个?(?P<unit>[年月])度?|每个?(?P<quarter>季)度?"
    r"|[分逐按](?P<by>[年月])度?(?!计划|工作|任务|目标|份)|[分逐按](?P<by_quarter>季)度)"
)
_ITEM = re.compile(r"[、和及](?=[0-9]{1,2}(?:月|季度))")
_NEXT_YEAR = re.compile(r"[次翌]年")
_MONTH = re.compile(r"(?:首个?月|(?P<last>末月|最后(?:1|一)个?月)|第(?P<nth>[1-6])个?月|(?P<next>次月|下个?月))份?")
_AFTER = re.compile(r"(?:结束|终了)?[以之]?后(?P<days>[0-9]{1,2})[日天][以之]?内")
_NAMES: dict[str, Every] = {"年": "year", "月": "month", "季": "quarter"}
_TIMES_A_YEAR: dict[int, Every] = {12 // months: every for every, months in MONTHS.items()}

MOST_STEPS = 50
"""Milestones of a deadline, as `events.deadline.Milestones` limits them."""

_YEARS_SEEN = 9
"""A recurrence is compared with its phrase over so many years; one of them is a leap year."""


def read_series(clause: str, origin: Origin) -> Recurring | Milestones | None:
    """Read a normalised clause with 每年, 每半年, 每季度, 每月, 分年度 …; None if it has none at its beginning.

    The first occurrence is the first after the day of issue. A recurrence has no second reading: “每月5日前” takes the
    later, on which an ambiguous deadline passes. ValueError for what does not recur on the same day of the month.
    """
    begin = after_lead_in(clause)
    span = read_span(clause, begin, origin)
    match = _EVERY.match(clause, span.stop if span else begin)
    if match is None:
        return None
    named = match["unit"] or match["quarter"] or match["by"] or match["by_quarter"]
    every = _NAMES[named] if named else "half-year"
    items = _ITEM.split(clause[match.end() :]) if every == "year" else [clause[match.end() :]]
    if span and not match["since"]:
        begin_of_steps = max(span.first, add_months(origin.start, -MONTHS[every]))
        steps = _occurrences(items, MONTHS[every], begin_of_steps, span.end, origin)
        kept = tuple(islice((step for step in steps if step.due > origin.start), MOST_STEPS + 1))
        if not 1 <= len(kept) <= MOST_STEPS:
            raise ValueError(
                f"from 1 to {MOST_STEPS} steps can be kept; after the day of issue lie {len(kept)} or more"
            )
        return Milestones(clause, kept)
    after = max(origin.start, span.start) if span else origin.start
    return _recurring(clause, items, every, after, origin)


def _recurring(clause: str, items: list[str], every: Every, after: datetime, origin: Origin) -> Recurring:
    begin = add_months(_period(after, MONTHS[every]), -MONTHS[every])
    end = add_months(begin, 12 * _YEARS_SEEN)
    dues = [step.due for step in _occurrences(items, MONTHS[every], begin, end, origin) if step.due > after]
    if len(items) > 1:
        if len(items) not in _TIMES_A_YEAR:
            raise ValueError(f"{len(items)} times a year is not every half-year, quarter or month")
        every = _TIMES_A_YEAR[len(items)]
    if any(due != add_months(dues[0], count * MONTHS[every]) for count, due in enumerate(dues)):
        raise ValueError(f"it does not recur every {every} on the same day of a month")
    return Recurring(clause, every, dues[0])


def _occurrences(items: list[str], months: int, begin: datetime, end: datetime, origin: Origin) -> Iterator[Milestone]:
    """Read each period’s phrase with its own date in the place of 每年 (2018年12月底前)."""
    period = _period(begin, months)
    while period < end:
        for item in items:
            text = _dated_text(item, period, months)
            read, _ = read_dated(text, origin) or (None, None)
            match read:
                case Fixed(due=due) | Ambiguous(loose=due):
                    yield Milestone(text, due)
                case _:
                    raise ValueError(f"“{item}” is not when a period is due")
        period = add_months(period, months)


def _period(instant: datetime, months: int) -> datetime:
    """Return the beginning of the period of so many months in which an instant lies."""
    return instant.replace(month=instant.month - (instant.month - 1) % months, day=1)


def _dated_text(item: str, period: datetime, months: int) -> str:
    """Return the phrase of one period: 首月10日前 of the third quarter of 2018 is 2018年7月10日前."""
    if match := _AFTER.match(item):
        then = add_months(period, months)
        return f"{then.year:04}年{then.month}月{match['days']}日{item[match.end() :]}"
    if match := _NEXT_YEAR.match(item):
        return f"{period.year + 1:04}年{item[match.end() :]}"
    if (match := _MONTH.match(item)) and months > 1:
        ahead = months if match["next"] else months - 1 if match["last"] else int(match["nth"] or 1) - 1
        if ahead > months:
            raise ValueError(f"a period has no {match[0]}")
        then = add_months(period, ahead)
        return f"{then.year:04}年{then.month}月{item[match.end() :]}"
    name = {
        12: "",
        6: "上半年" if period.month == 1 else "下半年",
        3: f"{period.month // 3 + 1}季度",
        1: f"{period.month}月",
    }
    return f"{period.year:04}年{name[months]}{item}"
