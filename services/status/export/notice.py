"""The draft of a notice (督查通报) about a ledger: its contents, in the order and wording of an office. Pure.

Part by part: how things stand, the ranking of the units that lead, what is overdue by unit, what is behind, what
falls due within 30 days, and what is required of those whose tasks are named.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Literal, NamedTuple, Protocol, TypeAlias

from events.deadline import Deadline
from services.status.export.notice_words import CHINESE, ENGLISH, NoticeWords
from services.status.export.sheets import About
from services.status.export.spelling import day_of, plain, spelled_day
from services.status.figures.board import Overview
from services.status.figures.units import UnitFigures
from services.status.listed import Listed

SOON_DAYS = 30
"""Days ahead of the deadlines that a notice lists."""

MOST_LISTED = 200
"""Tasks of one list: a notice names what matters, the register has the rest."""

Kind: TypeAlias = Literal["title", "draft", "address", "heading", "unit", "text", "item", "table", "signature"]


class Block(NamedTuple):
    """A paragraph of a notice by its kind, or its table: the headings and then the rows."""

    kind: Kind
    text: str = ""
    table: Sequence[Sequence[str]] = ()


class NoticeTask(Listed, Protocol):
    """A task as a notice names it."""

    @property
    def deadline(self) -> Deadline: ...
    @property
    def due_day(self) -> date | None: ...


class Facts(NamedTuple):
    """What a notice is drawn from: the figures, the units in the order of their ranking, the tasks, the office."""

    overview: Overview
    units: Sequence[UnitFigures]
    tasks: Iterable[NoticeTask]
    office: str


class _Named(NamedTuple):
    """The tasks that a notice names: overdue, behind, without a report for long, and due within SOON_DAYS by day."""

    late: Sequence[NoticeTask]
    behind: Sequence[NoticeTask]
    silent: Sequence[NoticeTask]
    soon: Sequence[tuple[date, NoticeTask]]


def notice(facts: Facts, about: About) -> list[Block]:
    """Return the blocks of a notice as of the day of `about`."""
    words = CHINESE if about.language == "zh" else ENGLISH
    today = about.at.date()
    named = _named(facts.tasks, today)
    blocks = [
        Block("title", words.title(about.title)),
        Block("draft", words.draft(day_of(about))),
        Block("address", words.address),
        Block("text", words.standing(about.title, day_of(about), facts.overview)),
    ]
    parts = (
        (words.overall, _overall(facts, words)),
        (words.ranking, _ranking(facts, words)),
        (words.overdue, _overdue(named.late, words, today, about)),
        (words.behind, _behind(named, words)),
        (words.coming, _coming(named.soon, words, about)),
        *([(words.demands, _demands(named, words))] if any(named) else []),
    )
    for number, (heading, part) in enumerate(parts, 1):
        blocks += [Block("heading", words.numbered(number, heading)), *part]
    signature = [Block("signature", facts.office), Block("signature", spelled_day(today, about.language))]
    return [*blocks, *signature]


def _named(tasks: Iterable[NoticeTask], today: date) -> _Named:
    """Return the tasks that a notice names, each list in its order."""
    ordered = sorted(tasks, key=_place)
    last = today + timedelta(days=SOON_DAYS)
    soon = [
        (row.due_day, row)
        for row in ordered
        if row.state != "closed" and row.light != "red" and row.due_day is not None and today <= row.due_day <= last
    ]
    return _Named(
        late=[row for row in ordered if row.light == "red"],
        behind=[row for row in ordered if row.light_reason == "behind"],
        silent=[row for row in ordered if row.light_reason == "silent"],
        soon=sorted(soon, key=lambda one: one[0]),
    )


def _overall(facts: Facts, words: NoticeWords) -> Iterator[Block]:
    yield Block("text", words.week(facts.overview.week))
    if any(section.section is not None for section in facts.overview.sections):
        yield Block("text", words.sections(facts.overview.sections))


def _ranking(facts: Facts, words: NoticeWords) -> Iterator[Block]:
    """Yield the table of the units that lead a task."""
    leading = [one for one in facts.units if one.led]
    counted = sum(one.counted for one in leading)
    on_time = sum(one.on_time for one in leading)
    yield Block("text", words.rate(len(leading), counted, on_time))
    rows = [
        (
            str(rank),
            one.unit,
            str(one.led),
            str(one.counted),
            str(one.on_time),
            f"{100 * one.on_time_rate:.1f}" if one.on_time_rate is not None else "—",
            plain(round(one.mean_days_late, 1)) if one.mean_days_late is not None else "—",
            str(one.overdue),
        )
        for rank, one in enumerate(leading, 1)
    ]
    if rows:
        yield Block("table", table=[words.columns, *rows])


def _overdue(late: Sequence[NoticeTask], words: NoticeWords, today: date, about: About) -> Iterator[Block]:
    """Yield the overdue tasks under the units that lead them, those with the most first."""
    yield Block("text", words.count_overdue(len(late)))
    by_lead: dict[str, list[NoticeTask]] = {}
    for row in late[:MOST_LISTED]:
        by_lead.setdefault(row.lead, []).append(row)
    ordered = sorted(by_lead.items(), key=lambda one: (-len(one[1]), one[0]))
    for number, (lead, rows) in enumerate(ordered, 1):
        yield Block("unit", words.unit(number, lead, len(rows)))
        for item, row in enumerate(rows, 1):
            since = _last_day(row, about)
            days = (today - since).days if since is not None else 0
            due = spelled_day(since, about.language) if since is not None else row.deadline.text
            yield Block("item", words.late(item, _title(row), due, days, _percent(row)))
    yield from _rest(late, words)


def _behind(named: _Named, words: NoticeWords) -> Iterator[Block]:
    """Yield the tasks that are behind proportional progress, then those without a report for long."""
    slow = [*named.behind, *named.silent]
    yield Block("text", words.count_behind(len(named.behind), len(named.silent)))
    for number, row in enumerate(slow[:MOST_LISTED], 1):
        yield Block("item", words.slow(number, _title(row), row.lead, _percent(row), row.light_reason))
    yield from _rest(slow, words)


def _coming(soon: Sequence[tuple[date, NoticeTask]], words: NoticeWords, about: About) -> Iterator[Block]:
    """Yield the open tasks that fall due within SOON_DAYS, the earliest first."""
    yield Block("text", words.count_coming(len(soon), SOON_DAYS))
    for number, (day, row) in enumerate(soon[:MOST_LISTED], 1):
        yield Block("item", words.next(number, _title(row), row.lead, spelled_day(day, about.language), _percent(row)))
    yield from _rest(soon, words)


def _demands(named: _Named, words: NoticeWords) -> Iterator[Block]:
    """Yield what is required of those whose tasks the notice names."""
    for tasks, text in (
        (named.late, words.demand_late),
        ((*named.behind, *named.silent), words.demand_slow),
        (named.soon, words.demand_soon),
    ):
        if tasks:
            yield Block("text", text)


def _rest(listed: Sequence[object], words: NoticeWords) -> Iterator[Block]:
    if len(listed) > MOST_LISTED:
        yield Block("item", words.more(len(listed) - MOST_LISTED))


def _place(row: NoticeTask) -> tuple[str, int, str]:
    return row.plan, row.row or 0, row.task


def _title(row: NoticeTask) -> str:
    """Return a task's title as part of a sentence: without the full stop at its end, in one line."""
    return " ".join(row.title.split()).rstrip("。.；;")


def _last_day(row: NoticeTask, about: About) -> date | None:
    """Return the last day in time of a late task: of the due instant that passed first, else of the one that holds."""
    if row.overdue_since is None:
        return row.due_day
    return (row.overdue_since - timedelta(microseconds=1)).astimezone(about.at.tzinfo).date()


def _percent(row: NoticeTask) -> str | None:
    return f"{plain(row.percent)}%" if row.percent is not None else None
