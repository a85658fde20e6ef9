"""An alert as programs and people read it: its facts, and a title and a text in the words of a language. Pure."""

from collections.abc import Iterator
from datetime import date, datetime

from msgspec import Struct

from events.alert_rule import Trigger
from events.deadline import last_day
from events.ledger import Ledger
from events.text import Language
from services.notify.alerts import Alert
from services.notify.words.chinese import ChineseWords
from services.notify.words.english import EnglishWords
from services.notify.words.language import LineFacts, Words
from services.notify.words.lines import DETAIL_MOST, SUBJECT_MOST, TITLE_MOST, one_line

WORDS: dict[Language, Words] = {"zh": ChineseWords(), "en": EnglishWords()}


class ShownAlert(Struct, frozen=True):
    """An alert in words: `title` is one line, `text` the task's title and what there is to say, line by line.

    The other members are the facts, as `Alert` has them; `task_title` is the task's own title, `due_day` the last day
    on which the task is in time.
    """

    id: str
    at: datetime
    on: Trigger
    task: str
    recipient: str
    title: str
    text: str
    causes: tuple[int, ...]
    rule: str
    step: int
    task_title: str
    lead: str
    due: datetime | None
    due_day: date | None
    days: int | None
    unit: str
    detail: str
    deadline: str
    proposed: datetime | None


def shown(ledger: Ledger, alert: Alert, language: Language = "zh") -> ShownAlert:
    """Return an alert in words."""
    return ShownAlert(
        alert.id,
        alert.at,
        alert.on,
        alert.task,
        alert.recipient,
        headline(ledger, alert, language, SUBJECT_MOST),
        "\n".join(filter(None, (one_line(alert.title, TITLE_MOST), *lines(ledger, alert, language)))),
        alert.causes,
        alert.rule,
        alert.step,
        alert.title,
        alert.lead,
        alert.due,
        _day(ledger, alert.due),
        alert.days,
        alert.unit,
        alert.detail,
        alert.deadline,
        alert.proposed,
    )


def headline(ledger: Ledger, alert: Alert, language: Language, most: int) -> str:
    """Return what an alert is about, with so much of the task's title; of the ledger's, if it is about no task."""
    words = WORDS[language]
    return f"{words.word(alert)}{words.colon}{one_line(alert.title, most) or one_line(ledger.title, most)}"


def lines(ledger: Ledger, alert: Alert, language: Language) -> Iterator[str]:
    """Yield what an alert says, without the task's title."""
    words = WORDS[language]
    if alert.task:
        yield f"{words.task}{words.colon}{alert.task}"
    facts = LineFacts(one_line(alert.detail, DETAIL_MOST), _day(ledger, alert.due), _day(ledger, alert.proposed))
    for line in words.lines(alert, facts):
        yield one_line(line, DETAIL_MOST + TITLE_MOST)


def _day(ledger: Ledger, due: datetime | None) -> date | None:
    return last_day(due, ledger.zone) if due is not None else None
