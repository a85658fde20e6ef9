"""Deadlines (时间进度): the kinds a phrase can mean, and when each next falls due. Pure.

Every `due` is exclusive: a task is late from that instant on. A deadline keeps the phrase it was read from. The tags of
`kind` are a storage format.
"""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct
from msgspec.structs import replace

Instant: TypeAlias = Annotated[datetime, Meta(tz=True)]
DueInstant: TypeAlias = Annotated[
    Instant,
    Meta(description="The due instant; exclusive: late from that instant on.", examples=["2019-01-01T00:00:00+08:00"]),
]
Phrase: TypeAlias = Annotated[
    str,
    Meta(
        max_length=2_000,
        description="The phrase it was read from, in the table's words.",
        examples=["2018年12月底前完成"],
    ),
]
Percent: TypeAlias = Annotated[
    Annotated[int, Meta(ge=0, le=100)] | Annotated[float, Meta(ge=0, le=100)],
    Meta(description="In per cent.", examples=[50]),
]
Every: TypeAlias = Annotated[
    Literal["year", "half-year", "quarter", "month"], Meta(description="The period it comes round in.")
]

EARLIEST = datetime(1950, 1, 1, tzinfo=UTC)
LATEST = datetime(3000, 1, 1, tzinfo=UTC)
"""Bounds of every instant in an event, in whatever offset: the ledger's clock writes it in its own zone.

Earlier, zones had offsets of odd seconds, which RFC 3339 cannot write; near the calendar's end, adding days would fail.
"""

DAY = timedelta(days=1)

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

    due: DueInstant

    def __post_init__(self) -> None:
        check_year(self.due)


class Ambiguous(Kind, frozen=True, tag="ambiguous"):
    """Two readings (“12月前”): reminds on `strict`, passes on `loose`."""

    strict: Annotated[Instant, Meta(description="The earlier reading, before `loose`: reminders count back from it.")]
    loose: Annotated[Instant, Meta(description="The later reading: it passes then.")]

    def __post_init__(self) -> None:
        check_year(self.strict, self.loose)
        if self.strict >= self.loose:
            raise ValueError("strict must lie before loose")


class Recurring(Kind, frozen=True, tag="recurring"):
    """Due again and again from `first` on; an occurrence is met when the lead reported inside its period."""

    every: Every
    first: Annotated[Instant, Meta(description="The first due instant; exclusive.")]
    day: (
        Annotated[
            int,
            Meta(
                ge=29,
                le=31,
                description="The last day in time, where `first` cannot show it: 30 of 每月30日前 begun in February.",
                examples=[30],
            ),
        ]
        | None
    ) = None

    def __post_init__(self) -> None:
        check_year(self.first)
        if self.day is not None and (self.first.day, self.first.time()) != (1, time()):
            raise ValueError("a day is given only where the first due instant is the beginning of a month")


class RecurringV1(Kind, frozen=True, tag="recurring"):
    """Due again and again from `first` on, as the first version says it: without a day."""

    every: Every
    first: Annotated[Instant, Meta(description="The first due instant; exclusive.")]

    def __post_init__(self) -> None:
        check_year(self.first)


class Ongoing(Kind, frozen=True, tag="ongoing"):
    """Without end (持续实施): never passes."""


class Triggered(Kind, frozen=True, tag="triggered"):
    """Waits for something outside the ledger (按省的要求): never passes until clarified."""

    trigger: Annotated[Phrase, Meta(description="What it waits for.", examples=["按省的要求"])]


class Milestone(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """One step of a deadline in steps; `percent` is what must be done by then."""

    text: Phrase
    due: DueInstant
    percent: Annotated[Percent, Meta(description="What has to be done by then, in per cent.")] | None = None

    def __post_init__(self) -> None:
        check_year(self.due)


class Milestones(Kind, frozen=True, tag="milestones"):
    """Steps that fall due one after another."""

    milestones: Annotated[
        tuple[Milestone, ...],
        Meta(
            min_length=1,
            max_length=50,
            description="The steps, each due later than the one before.",
            extra_json_schema={"uniqueItems": True},
        ),
    ]

    def __post_init__(self) -> None:
        dues = [milestone.due for milestone in self.milestones]
        if dues != sorted(set(dues)):
            raise ValueError("milestones must fall due one after another")


class Unspecified(Kind, frozen=True, tag="unspecified"):
    """The table says nothing."""


Deadline: TypeAlias = Annotated[
    Fixed | Ambiguous | Recurring | Ongoing | Triggered | Milestones | Unspecified,
    Meta(
        description="The deadline (时间进度): a tagged object, of one of seven kinds.",
        examples=[{"kind": "fixed", "text": "2018年12月底前完成", "due": "2019-01-01T00:00:00+08:00"}],
    ),
]


DeadlineV1: TypeAlias = Annotated[
    Fixed | Ambiguous | RecurringV1 | Ongoing | Triggered | Milestones | Unspecified,
    Meta(
        description="The deadline (时间进度): a tagged object, of one of seven kinds.",
        examples=[{"kind": "fixed", "text": "2018年12月底前完成", "due": "2019-01-01T00:00:00+08:00"}],
    ),
]
"""The deadline of an event's first version, whose recurring kind has no `day`."""


def upcast(deadline: DeadlineV1) -> Deadline:
    """Return a deadline of the first version in the form of the newest."""
    if isinstance(deadline, RecurringV1):
        return Recurring(deadline.text, deadline.every, deadline.first)
    return deadline


def downcast(deadline: Deadline) -> DeadlineV1 | None:
    """Return a deadline in the form of the first version; None where that cannot say it."""
    if not isinstance(deadline, Recurring):
        return deadline
    return RecurringV1(deadline.text, deadline.every, deadline.first) if deadline.day is None else None


class Due(Struct, frozen=True, gc=False):
    """When a deadline passes next, and the instant its reminders count back from (an earlier one if ambiguous)."""

    passes: datetime
    reminds: datetime


class Postponed(Struct, frozen=True, gc=False):
    """An occurrence that was extended: met by a report from `starts` on, late from `due` on."""

    starts: datetime
    due: datetime

    def met_by(self, reported: datetime | None) -> bool:
        """Return whether a report meets it."""
        return reported is not None and self.starts <= reported < self.due


def next_due(deadline: Deadline, after: datetime | None = None, zone: tzinfo | None = None) -> Due | None:
    """Return the first due instant later than `after` (the very first if None), or None if there is none (any more).

    What recurs is stepped in `zone`, the ledger's; in the offset of its `first` where none is given.
    """
    match deadline:
        case Fixed(due=due):
            return Due(due, due) if after is None or due > after else None
        case Ambiguous(strict=strict, loose=loose):
            return Due(loose, strict) if after is None or loose > after else None
        case Recurring(every=every, first=first, day=day):
            first = first if zone is None else first.astimezone(zone)
            due = fixed_offset(first if after is None else _occurrence_after(first, MONTHS[every], day, after))
            return Due(due, due)
        case Milestones(milestones=milestones):
            dues = (milestone.due for milestone in milestones)
            return next((Due(due, due) for due in dues if after is None or due > after), None)
        case Ongoing() | Triggered() | Unspecified():
            return None


def due_at(deadline: Deadline, at: datetime, zone: tzinfo | None = None) -> Due | None:
    """Return the due instant that counts at an instant: the next one, the last where all lie behind, None of none."""
    following = next_due(deadline, at, zone)
    if following is None and isinstance(deadline, Milestones):
        due = deadline.milestones[-1].due
        return Due(due, due)
    return following or next_due(deadline, zone=zone)


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


def period(deadline: Recurring, due: datetime, zone: tzinfo | None = None) -> datetime:
    """Return when the period of an occurrence begins: when the one before it falls due, or would have."""
    first, months = deadline.first if zone is None else deadline.first.astimezone(zone), MONTHS[deadline.every]
    steps = _steps(first, months, due)
    while (begin := occurrence(first, steps * months, deadline.day)) >= due:
        steps -= 1
    return fixed_offset(begin)


def occurrence(first: datetime, months: int, day: int | None = None) -> datetime:
    """Return what falls due so many months after `first`, by the last day in time, in the zone of `first`.

    That day is the one before a due instant at midnight. Where `first` is a month's begin and no `day` is given, it is
    each month's last; otherwise the same day, or the last of a month that lacks it: 每月28日前 is due on the 29th, in
    February on 1 March.
    """
    midnight = first.time() == time()
    last = first.date() - DAY if midnight else first.date()
    year, month = divmod(last.year * 12 + last.month - 1 + months, 12)
    length = monthrange(year, month + 1)[1]
    ends = midnight and first.day == 1 and day is None
    due = date(year, month + 1, length if ends else min(day or last.day, length)) + (DAY if midnight else timedelta())
    return first.replace(year=due.year, month=due.month, day=due.day)


def fixed_offset(instant: datetime) -> datetime:
    """Return an instant with a fixed offset, as JSON keeps it, instead of a zone's rules."""
    offset = instant.utcoffset()
    return instant if offset is None else instant.replace(tzinfo=timezone(offset), fold=0)


def last_day(due: datetime, zone: tzinfo) -> date:
    """Return the last day in a zone on which a task is in time: the due instant itself is exclusive."""
    return (due - timedelta(microseconds=1)).astimezone(zone).date()


def add_months(instant: datetime, months: int) -> datetime:
    """Return the same wall-clock time `months` later, on the month's last day where it has no such day."""
    year, month = divmod(instant.year * 12 + instant.month - 1 + months, 12)
    for day in (instant.day, 30, 29):
        try:
            return instant.replace(year=year, month=month + 1, day=day)
        except ValueError:
            continue
    return instant.replace(year=year, month=month + 1, day=28)


def _occurrence_after(first: datetime, months: int, day: int | None, after: datetime) -> datetime:
    """Return the first of `first`, `first` + `months`, … after `after`; from `first`, so that days do not drift."""
    if first > after:
        return first
    steps = max(0, _steps(first, months, after) - 1)
    while (following := occurrence(first, steps * months, day)) <= after:
        steps += 1
    return following


def _steps(first: datetime, months: int, instant: datetime) -> int:
    """Return about how many periods lie between `first` and an instant: too many by one at most."""
    local = instant.astimezone(first.tzinfo)
    return ((local.year - first.year) * 12 + local.month - first.month) // months + 1
