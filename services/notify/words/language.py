"""What a language has words for. Pure."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import NamedTuple, TypeAlias

from services.notify.alerts import Alert
from services.notify.week import SummaryTask, WeeklySummary


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


Line: TypeAlias = str | tuple[str, ...]
"""A line with places for facts, or such lines in order of preference: the first is used whose facts are all known."""


class Words(ABC):
    """The words of one language. Every text is plain; the facts in it are as they came.

    `titles` say what an alert is about, `texts` what it says of its task, both by `key_of`; a text may be that of the
    trigger alone. `lists` are the headings of the two lists of a weekly summary: what is overdue, what is due soon.
    """

    tag: str
    colon: str
    task: str
    acknowledge: str
    look: str
    automatic: str
    lists: tuple[str, str]
    lead: str
    titles: Mapping[str, Line]
    texts: Mapping[str, Sequence[Line]]

    def word(self, alert: Alert) -> str:
        """Return what an alert is about, in a word or two; the task's title follows."""
        return self._filled(self.titles[key_of(alert)], alert, LineFacts()) or ""

    def lines(self, alert: Alert, facts: LineFacts) -> Iterator[str]:
        """Yield what an alert says of its task, without lines whose facts are not known."""
        key = key_of(alert)
        for line in (self.lead, *(self.texts[key] if key in self.texts else self.texts[alert.on])):
            if (filled := self._filled(line, alert, facts)) is not None:
                yield filled

    def _filled(self, line: Line, alert: Alert, facts: LineFacts) -> str | None:
        days = alert.days or 0
        values = {
            "lead": alert.lead,
            "unit": alert.unit,
            "deadline": alert.deadline,
            "detail": facts.detail,
            "days": self.days(days) if days > 0 else "",
            "step": str(max(1, alert.step)),
            "by": self.by(facts.due) if facts.due is not None else "",
            "proposed": self.proposed(facts.proposed) if facts.proposed is not None else "",
        }
        known = {name: value for name, value in values.items() if value}
        for one in (line,) if isinstance(line, str) else line:
            with suppress(KeyError):
                return one.format_map(known)
        return None

    @abstractmethod
    def days(self, number: int) -> str:
        """Return a number of days."""

    @abstractmethod
    def by(self, day: date) -> str:
        """Return a last day in time, that day included."""

    @abstractmethod
    def proposed(self, day: date) -> str:
        """Return the last day that an extension asks for."""

    @abstractmethod
    def counts(self, recipient: str, counts: LetterCounts) -> str:
        """Return the subject of several alerts."""

    @abstractmethod
    def figures(self, summary: WeeklySummary) -> Iterator[str]:
        """Yield the figures of a weekly summary."""

    @abstractmethod
    def late(self, number: int, task: SummaryTask, title: str) -> str:
        """Return the line of an overdue task in a weekly summary."""

    @abstractmethod
    def coming(self, number: int, task: SummaryTask, title: str) -> str:
        """Return the line of a task that is due soon."""

    @abstractmethod
    def unlisted(self, number: int) -> str:
        """Return that a list has more tasks than it shows."""

    @abstractmethod
    def guessed(self, year: int) -> str:
        """Return that working days of a year are counted Monday to Friday, for want of its calendar."""

    @abstractmethod
    def rest(self, number: int) -> str:
        """Return that there are more items than are shown; the address follows at which they can be read."""


def key_of(alert: Alert) -> str:
    """Return the key of an alert's words: its trigger, and how it differs from the others of that trigger."""
    if alert.on == "neared" and (alert.days or 0) <= 1:  # the last day counts
        return "neared-today"
    return "trouble-paused" if alert.on == "trouble" and alert.step > 1 else alert.on
