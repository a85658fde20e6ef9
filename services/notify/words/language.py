"""What a language has words for. Pure."""

from collections.abc import Iterator
from datetime import date
from typing import Literal, NamedTuple, Protocol, TypeAlias

from services.notify.alerts import Alert
from services.notify.week import SummaryTask, WeeklySummary

Language: TypeAlias = Literal["zh", "en"]


class LetterCounts(NamedTuple):
    """How many alerts of a letter are about what is overdue, what is due soon, and anything else."""

    overdue: int
    soon: int
    other: int


class LineFacts(NamedTuple):
    """What the lines of an alert are made of, besides its facts: its text as one line, and last days in time.

    `due` is that of its due instant, `proposed` that of the one which an extension asks for.
    """

    detail: str = ""
    due: date | None = None
    proposed: date | None = None


class Words(Protocol):
    """The words of one language. Every text is plain; the facts in it are as they came.

    `lists` are the headings of the two lists of a weekly summary: what is overdue, what is due soon.
    """

    tag: str
    colon: str
    task: str
    acknowledge: str
    look: str
    automatic: str
    lists: tuple[str, str]

    def word(self, alert: Alert) -> str:
        """Return what an alert is about, in a word or two; the task's title follows."""

    def lines(self, alert: Alert, facts: LineFacts) -> Iterator[str]:
        """Yield what an alert says of its task."""

    def counts(self, recipient: str, counts: LetterCounts) -> str:
        """Return the subject of several alerts."""

    def figures(self, summary: WeeklySummary) -> Iterator[str]:
        """Yield the figures of a weekly summary."""

    def late(self, number: int, task: SummaryTask, title: str) -> str:
        """Return the line of an overdue task in a weekly summary."""

    def coming(self, number: int, task: SummaryTask, title: str) -> str:
        """Return the line of a task that is due soon."""

    def unlisted(self, number: int) -> str:
        """Return that a list has more tasks than it shows."""

    def guessed(self, year: int) -> str:
        """Return that working days of a year are counted Monday to Friday, for want of its calendar."""

    def rest(self, number: int) -> str:
        """Return that there are more items than are shown; the address follows at which they can be read."""
