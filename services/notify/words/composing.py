"""Composition: the alerts of a digest become a letter, what is overdue first, then what is due soon. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from events.ledger import Ledger
from events.text import Language
from events.working_days import LIBRARY, WorkingDays
from services.notify.alerts import Alert
from services.notify.letter import Item, Letter
from services.notify.week import SummaryTask, WeeklySummary
from services.notify.words.guessed import guessed_year
from services.notify.words.language import LetterCounts
from services.notify.words.lines import SUBJECT_MOST, TITLE_MOST, one_line, page_of
from services.notify.words.plain import plain_text
from services.notify.words.shown import WORDS, headline, lines, shown

OTHER = 2
"""The rank of what is neither overdue nor due soon."""

LISTED = 4
"""Tasks that a weekly summary lists of those overdue, and of those due soon: it fits the smallest message."""

LISTED_TITLE, LISTED_LEAD = 24, 12
"""Characters of a title and of a lead in such a list."""


def compose(
    ledger: Ledger,
    name: str,
    recipient: str,
    alerts: Sequence[Alert],
    *,
    language: Language,
    public_url: str | None,
    now: datetime,
    days: WorkingDays = LIBRARY,
    acks: Mapping[str, str] | None = None,
) -> Letter:
    """Return the letter of a digest's alerts to a recipient of the ledger called `name`.

    `acks` are the addresses of the forms that acknowledge alerts, by the id of the alert. The letter's id is made of
    the ledger and its first alert.
    """
    ranked = sorted(alerts, key=lambda alert: _order(alert, now))
    items = []
    for alert in ranked:
        said = list(lines(ledger, alert, language))
        if alert.week is not None:
            said += _summary(alert.week, language)
        if (year := guessed_year(ledger, alert, days, now)) is not None:
            said.append(WORDS[language].guessed(year))
        items.append(
            Item(
                headline(ledger, alert, language, TITLE_MOST),
                tuple(said),
                page_of(public_url, name, "tasks", alert.task) if alert.task else "",
                _rank(alert, now) == 0,
                alert.task,
                (acks or {}).get(alert.id, ""),
            )
        )
    more = page_of(public_url, name, *(("units", recipient) if ledger.directory.knows(recipient) else ()))
    subject = _subject(ledger, recipient, ranked, language, now)
    payload = _payload(ledger, name, recipient, alerts, language, (subject, plain_text(items, 0, "", language)))
    return Letter(f"{name}-{alerts[0].id}", subject, tuple(items), more, payload, language)


def _order(alert: Alert, now: datetime) -> tuple[int, datetime, datetime]:
    """Return what alerts are ordered by: their rank, and within it by their due, or when they arose."""
    rank = _rank(alert, now)
    return rank, alert.due if alert.due is not None and rank < OTHER else alert.at, alert.at


def _rank(alert: Alert, now: datetime) -> int:
    """Return 0 for what is overdue, 1 for what is due soon, 2 for anything else."""
    if alert.on in {"passed", "open"} or (alert.on in {"urged", "returned"} and alert.due and alert.due <= now):
        return 0
    return 1 if alert.on == "neared" else OTHER


def _subject(ledger: Ledger, recipient: str, alerts: Sequence[Alert], language: Language, now: datetime) -> str:
    words = WORDS[language]
    if len(alerts) == 1:
        return f"{words.tag}{headline(ledger, alerts[0], language, SUBJECT_MOST)}"
    ranks = [_rank(alert, now) for alert in alerts]
    return f"{words.tag}{words.counts(recipient, LetterCounts(*map(ranks.count, range(3))))}"


def _summary(summary: WeeklySummary, language: Language) -> Iterator[str]:
    words = WORDS[language]
    yield from words.figures(summary)
    lists = ((summary.overdue, words.late), (summary.soon, words.coming))
    for heading, (tasks, line) in zip(words.lists, lists, strict=True):
        if tasks:
            yield heading
        for number, task in enumerate(tasks[:LISTED], 1):
            yield line(number, _bounded(task), one_line(task.title, LISTED_TITLE))
        if len(tasks) > LISTED:
            yield words.unlisted(len(tasks) - LISTED)


def _bounded(task: SummaryTask) -> SummaryTask:
    return msgspec.structs.replace(task, lead=one_line(task.lead, LISTED_LEAD))


def _payload(
    ledger: Ledger, name: str, recipient: str, alerts: Sequence[Alert], language: Language, said: tuple[str, str]
) -> bytes:
    """Return the body for a webhook; receivers rely on its members, so that they only ever grow."""
    title, text = said
    all_shown = [shown(ledger, alert, language) for alert in alerts]
    data = {"ledger": name, "recipient": recipient, "title": title, "text": text, "alerts": all_shown}
    payload = {"type": "duban.alerts.v1", "timestamp": alerts[-1].at, "data": {**data, "language": language}}
    return msgspec.json.encode(payload)
