"""What comes again (每季度末, 2018—2020年每年12月底前): a recurrence, or its occurrences where it ends."""

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from itertools import islice

from lark import Token, Tree

from events.deadline import MONTHS, Every, Milestone, Milestones, Recurring, add_months, occurrence
from services.schedule.dated import dues_of
from services.schedule.grammar import Node, child, token, tokens
from services.schedule.season import season_of
from services.schedule.span import Origin, read_date, read_span

_EVERY: dict[str, Every] = {
    "EVERY_YEAR": "year",
    "EVERY_HALF": "half-year",
    "EVERY_QUARTER": "quarter",
    "EVERY_MONTH": "month",
}
_TIMES_A_YEAR: dict[int, Every] = {12 // months: every for every, months in MONTHS.items()}

_EVENTS = {"BEFORE", "AFTER", "WHEN", "ISSUE", "OCCASION"}
"""With these the words say when in its period it is due (每年汛前)."""

_SEVERAL = re.compile("[两二2-9][次期批轮]")
"""All that stands after 每年, where it comes more than once in each (每年两次)."""

MOST_STEPS = 50
"""Milestones of a deadline, as `events.deadline.Milestones` limits them."""

_SHORTEST, _LONGEST = 28, 31
"""Days of the shortest month and of the longest."""

_YEARS_SEEN = 9
"""A recurrence is compared with its phrase over so many years; one of them is a leap year."""


class UnevenError(ValueError):
    """Dates of each year that lie at unequal intervals: no recurrence has them."""


def read_series(node: Node, plain: str, origin: Origin, after: list[Token]) -> Recurring | Milestones:
    """Read a `recurring` node of a regular phrase, with the words `after` it in its clause.

    The first occurrence is the first after the day of issue. A recurrence has no second reading: “每月5日前” takes the
    later, on which an ambiguous deadline passes. ValueError for what does not recur on the same day of the month.
    """
    every = _EVERY[next(iter(tokens(child(node, "every") or node)))]
    items = [each for each in node.children if isinstance(each, Tree) and each.data == "item"]
    if not items and (event := next((mark for mark in after if mark.type in _EVENTS), None)):
        raise ValueError(f"what “{event}” means in “{''.join(after)}” cannot be read")
    if not items and (when := season_of("".join(after)) or next((x for x in after if x.type == "EVERY_OTHER"), None)):
        raise ValueError(f"when “{when}” is, it does not say")
    if not items and (times := _SEVERAL.fullmatch("".join(after))):
        raise ValueError(f"when in each period “{times[0]}” are, it does not say")
    if len(items) > 1 and every != "year":
        raise ValueError("only of a year can several times be named")
    within = child(node, "span")
    span = read_span(within, origin) if within else None
    if span is None or token(node, "SINCE"):
        begin = max(filter(None, (origin.start, origin.since, span.start if span else None)))
        return _recurring(items, every, begin, plain, origin)
    begin = max(span.first, add_months(origin.start, -MONTHS[every]))
    steps = _occurrences(items, MONTHS[every], begin, span.end, plain, origin)
    kept = tuple(islice((step for step in steps if step.due > origin.start), MOST_STEPS + 1))
    if not 1 <= len(kept) <= MOST_STEPS:
        raise ValueError(f"from 1 to {MOST_STEPS} steps can be kept; after the day of issue lie {len(kept)} or more")
    return Milestones(plain, kept)


def _recurring(items: list[Node], every: Every, after: datetime, plain: str, origin: Origin) -> Recurring:
    begin = add_months(_period(after, MONTHS[every]), -MONTHS[every])
    end = add_months(begin, 12 * _YEARS_SEEN)
    dues = [step.due for step in _occurrences(items, MONTHS[every], begin, end, plain, origin) if step.due > after]
    if len(items) > 1:
        if len(items) not in _TIMES_A_YEAR:
            raise UnevenError(f"{len(items)} times a year is not every half-year, quarter or month")
        every = _TIMES_A_YEAR[len(items)]
    day = _day(items, dues[0])
    if any(due != occurrence(dues[0], count * MONTHS[every], day) for count, due in enumerate(dues)):
        error = UnevenError if len(items) > 1 else ValueError
        raise error(f"it does not recur every {every} on the same day of a month")
    return Recurring(plain, every, dues[0], day)


def _day(items: list[Node], first: datetime) -> int | None:
    """Return the day of the month that an item names, where a first due instant cannot show it."""
    named = tokens(items[0]).get("DAY") if items else None
    day = int(named.partition("(")[0][:-1]) if named else 0
    return day if _SHORTEST < day < _LONGEST and (first.day, first.time()) == (1, time()) else None


def _occurrences(
    items: list[Node], months: int, begin: datetime, end: datetime, plain: str, origin: Origin
) -> Iterator[Milestone]:
    """Read what is due in each period; its text is the phrase with that period’s date (2018年12月底前)."""
    period = _period(begin, months)
    while period < end:
        if not items:
            yield Milestone(_name(period, months), add_months(period, months))
        for item in items:
            yield _occurrence(item, period, months, plain, origin)
        period = add_months(period, months)


def _occurrence(item: Node, period: datetime, months: int, plain: str, origin: Origin) -> Milestone:
    named = tokens(item)
    text = plain[item.meta.start_pos : item.meta.end_pos]
    over = add_months(period, months)
    if "OVER" in named:
        return Milestone(_name(period, months) + text, over + timedelta(days=int(named["COUNT"])))
    date = child(item, "dated")
    if date is None and not named.keys().isdisjoint({"NTH_MONTH", "TEN"}):
        nth = named.get("NTH_MONTH", "")
        then = add_months(period, _months_ahead(nth, months))
        name, text = _name(then, 1), text.removeprefix(nth)
        span = read_date(_within(named | {"MONTH": f"{then.month}月"}, then), origin.of(then.year))
    elif date:
        if months not in (MONTHS["year"], MONTHS["month"]) or named.keys() & _OTHER_SPANS[months]:
            raise ValueError(f"“{text}” is not when a period is due")
        name = _name(period, months)
        own = origin.of(period.year, period.month if months == 1 else None)
        stretch = child(date, "span") or date
        single = months == 1 and len(stretch.children) == 1
        span = read_date(_within(named, period), own) if single else read_span(stretch, own)
    else:
        return Milestone(_name(period, months) + text, over)
    limit = child(date or item, "limit")
    return Milestone(name + text, dues_of(span, limit)[-1])


def _within(named: dict[str, str], month: datetime) -> dict[str, str]:
    """Return a date of a month, its day the month's last where it lacks that day (每月30日前, in February)."""
    day, length = named.get("DAY", ""), monthrange(month.year, month.month)[1]
    if not day or int(day.partition("(")[0][:-1]) <= length:
        return named
    return named | {"DAY": f"{length}日"}


def _months_ahead(nth: str, months: int) -> int:
    """Return how far into a period of so many months its 首月, 第2个月, 末月 or 次月 lies; "" is its only one."""
    ahead = {"": 0, "首": 0, "末": months - 1, "最": months - 1, "次": months}.get(nth[:1])
    ahead = int(nth[1]) - 1 if ahead is None else ahead
    if (not nth and months > 1) or ahead > months:
        raise ValueError(f"a period has no {nth or '旬'}")
    return ahead


_OTHER_SPANS = {
    MONTHS["year"]: {"YEAR", "NAMED_YEAR", "PLAN", "NEAR_MONTH", "NEAR_QUARTER", "SINCE", "START"},
    MONTHS["month"]: {"YEAR", "NAMED_YEAR", "NEAR_YEAR", "PLAN", "MONTH", "NEAR_MONTH", "QUARTER", "HALF", "SINCE"},
}
"""What would take an occurrence out of its period."""


def _name(period: datetime, months: int) -> str:
    names = {
        12: "",
        6: "上半年" if period.month == 1 else "下半年",
        3: f"{period.month // 3 + 1}季度",
        1: f"{period.month}月",
    }
    return f"{period.year:04}年{names[months]}"


def _period(instant: datetime, months: int) -> datetime:
    """Return the beginning of the period of so many months in which an instant lies."""
    return instant.replace(month=instant.month - (instant.month - 1) % months, day=1)
