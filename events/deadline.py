"""Deadlines (时间进度): the kinds a phrase can mean, and when each next falls due.

Every `due` is exclusive: a task is late from that instant on. A deadline keeps the phrase it was read from. The tags of
`kind` are a storage format.
"""

from datetime import UTC, datetime
from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct
from msgspec.structs import replace

Instant: TypeAlias = Annotated[datetime, Meta(tz=True)]
Phrase: TypeAlias = Annotated[str, Meta(max_length=2_000)]
Percent: TypeAlias = Annotated[int, Meta(ge=0, le=100)] | Annotated[float, Meta(ge=0, le=100)]
Every: TypeAlias = Literal["year", "half-year", "quarter", "month"]

EARLIEST = datetime(1950, 1, 1, tzinfo=UTC)
LATEST = datetime(3000, 1, 1, tzinfo=UTC)
"""Bounds of every instant in an event, in whatever offset: the ledger's clock writes it in its own zone.

Earlier, zones had offsets of odd seconds, which RFC 3339 cannot write; near the calendar's end, adding days would fail.
"""

MONTHS: dict[Every, int] = {"year": 12, "half-year": 6, "quarter": 3, "month": 1}


def check_year(*instants: datetime | None) -> None:
    """Raise ValueError for an instant before EARLIEST or from LATEST on."""
    for instant in instants:
        if instant is not None and not EARLIEST <= instant < LATEST:
            raise ValueError(f"{instant.isoformat()} is not of the years {EARLIEST.year} to {LATEST.year - 1} (UTC)")


class Kind(Struct, frozen=True, gc=False, forbid_unknown_fields=True, tag_field="kind", omit_defaults=True):
    """The base of the deadline kinds."""

    text: Phrase


class Fixed(Kind, frozen=True, tag="fixed"):
    """One instant."""

    due: Instant

    def __post_init__(self) -> None:
        check_year(self.due)


class Ambiguous(Kind, frozen=True, tag="ambiguous"):
    """Two readings (“12月前”): reminds on `strict`, passes on `loose`."""

    strict: Instant
    loose: Instant

    def __post_init__(self) -> None:
        check_year(self.strict, self.loose)
        if self.strict >= self.loose:
            raise ValueError("strict must lie before loose")


class Recurring(Kind, frozen=True, tag="recurring"):
    """Due again and again from `first` on; an occurrence is met when the lead reported inside its period."""

    every: Every
    first: Instant

    def __post_init__(self) -> None:
        check_year(self.first)


class Ongoing(Kind, frozen=True, tag="ongoing"):
    """Without end (持续实施): never passes."""


class Triggered(Kind, frozen=True, tag="triggered"):
    """Waits for something outside the ledger (按省的要求): never passes until clarified."""

    trigger: Phrase


class Milestone(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """One step of a deadline in steps; `percent` is what must be done by then."""

    text: Phrase
    due: Instant
    percent: Percent | None = None

    def __post_init__(self) -> None:
        check_year(self.due)


class Milestones(Kind, frozen=True, tag="milestones"):
    """Steps that fall due one after another."""

    milestones: Annotated[tuple[Milestone, ...], Meta(min_length=1, max_length=50)]

    def __post_init__(self) -> None:
        dues = [milestone.due for milestone in self.milestones]
        if dues != sorted(set(dues)):
            raise ValueError("milestones must fall due one after another")


class Unspecified(Kind, frozen=True, tag="unspecified"):
    """The table says nothing."""


Deadline: TypeAlias = Fixed | Ambiguous | Recurring | Ongoing | Triggered | Milestones | Unspecified


class Due(Struct, frozen=True, gc=False):
    """When a deadline passes next, and the instant its reminders count back from (an earlier one if ambiguous)."""

    passes: datetime
    reminds: datetime


class Postponed(Struct, frozen=True, gc=False):
    """An occurrence that was extended: met by a report from `starts` on, late from `due` on."""

    starts: datetime
    due: datetime

    def met_by(self, reported: datetime | None) -> bool:
        """Tell whether a report meets it."""
        return reported is not None and self.starts <= reported < self.due


def next_due(deadline: Deadline, after: datetime | None = None) -> Due | None:
    """Return the first due instant later than `after` (the very first if None), or None if there is none (any more)."""
    match deadline:
        case Fixed(due=due):
            return Due(due, due) if after is None or due > after else None
        case Ambiguous(strict=strict, loose=loose):
            return Due(loose, strict) if after is None or loose > after else None
        case Recurring(every=every, first=first):
            due = first if after is None else _occurrence_after(first, MONTHS[every], after)
            return Due(due, due)
        case Milestones(milestones=milestones):
            dues = (milestone.due for milestone in milestones)
            return next((Due(due, due) for due in dues if after is None or due > after), None)
        case Ongoing() | Triggered() | Unspecified():
            return None


def due_at(deadline: Deadline, at: datetime) -> Due | None:
    """Return the due instant that counts at an instant: the next one, the last where all lie behind, None of none."""
    following = next_due(deadline, at)
    if following is None and isinstance(deadline, Milestones):
        due = deadline.milestones[-1].due
        return Due(due, due)
    return following or next_due(deadline)


def extended(deadline: Deadline, asked: datetime | None, due: datetime) -> Deadline:
    """Return a deadline whose due instant `asked` was put off to `due`.

    Of steps, that one moves. An occurrence is put off by itself (`Postponed`): the deadline recurs as before. Any other
    deadline is one instant from then on.
    """
    if isinstance(deadline, Recurring):
        return deadline
    if isinstance(deadline, Milestones) and asked is not None:
        steps = deadline.milestones
        moved = [replace(step, due=due) for step in steps if step.due == asked]
        before = [step for step in steps if step.due < min(asked, due)]
        after = [step for step in steps if step.due > max(asked, due)]
        if moved:
            return Milestones(deadline.text, (*before, *moved, *after))
    return Fixed(deadline.text, due)


def period(deadline: Recurring, due: datetime) -> datetime:
    """Return when the period of an occurrence begins."""
    return add_months(due, -MONTHS[deadline.every])


def add_months(instant: datetime, months: int) -> datetime:
    """Return the same wall-clock time `months` later, on the month's last day where it has no such day."""
    year, month = divmod(instant.year * 12 + instant.month - 1 + months, 12)
    for day in (instant.day, 30, 29):
        try:
            return instant.replace(year=year, month=month + 1, day=day)
        except ValueError:
            continue
    return instant.replace(year=year, month=month + 1, day=28)


def _occurrence_after(first: datetime, months: int, after: datetime) -> datetime:
    """Return the first of `first`, `first` + `months`, … after `after`; from `first`, so that days do not drift."""
    if first > after:
        return first
    local = after.astimezone(first.tzinfo)
    steps = max(0, ((local.year - first.year) * 12 + local.month - first.month) // months)
    while (occurrence := add_months(first, steps * months)) <= after:
        steps += 1
    return occurrence
