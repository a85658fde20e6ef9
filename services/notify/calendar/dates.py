"""The dates of a deadline: what a calendar has an entry for. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo
from itertools import islice, takewhile
from typing import assert_never

from msgspec import Struct

from events.deadline import (
    Ambiguous,
    Fixed,
    Milestones,
    Ongoing,
    Recurring,
    Triggered,
    Unspecified,
    last_day,
    next_due,
)
from events.term import Term

AHEAD = timedelta(days=366)
"""How far ahead the occurrences of a recurring deadline are entered, a year."""

MOST = 12
"""Occurrences of a recurring deadline that are entered: one a month."""


class CalendarDate(Struct, frozen=True, gc=False):
    """A due instant, exclusive, with the words of its step, if it is one.

    `key` tells the dates of one task apart and stays the same when the date is moved: it is empty for the only one, the
    number of a step, or the last day of an occurrence by the deadline itself. `strict` is the earlier of two readings.
    """

    key: str
    due: datetime
    text: str = ""
    strict: datetime | None = None


def dates(term: Term, now: datetime, zone: tzinfo) -> Iterator[CalendarDate]:
    """Yield the dates of a term as of an instant, in order; of what recurs, those that are not met."""
    match term.deadline:
        case Fixed(due=due):
            yield CalendarDate("", due)
        case Ambiguous(strict=strict, loose=loose):
            yield CalendarDate("", loose, strict=strict)
        case Milestones(milestones=steps):
            for number, step in enumerate(steps, 1):
                yield CalendarDate(str(number), step.due, step.text)
        case Recurring():
            yield from _occurrences(term, term.deadline, now, zone)
        case Ongoing() | Triggered() | Unspecified():
            pass
        case _:
            assert_never(term.deadline)


def _occurrences(term: Term, deadline: Recurring, now: datetime, zone: tzinfo) -> Iterator[CalendarDate]:
    """Yield the occurrence that passed last unless it was met, one that was put off, and those ahead."""
    met, late = term.met, term.postponed
    if term.passed is not None and (met is None or met < term.passed):
        yield CalendarDate(_day(term.passed, zone), term.passed)
    after = max(instant for instant in (now, term.since, met) if instant is not None)
    if late is not None and (own := next_due(deadline, late.starts, zone)) is not None:
        yield CalendarDate(_day(own.passes, zone), late.due)
        after = max(after, own.passes)

    def ahead() -> Iterator[datetime]:
        due = next_due(deadline, after, zone)
        while due is not None:
            yield due.passes
            due = next_due(deadline, due.passes, zone)

    for due in islice(takewhile(lambda due: due <= now + AHEAD, ahead()), MOST):
        yield CalendarDate(_day(due, zone), due)


def _day(due: datetime, zone: tzinfo) -> str:
    return last_day(due, zone).isoformat()
