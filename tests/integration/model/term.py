"""A task's deadline in the model: what of it has been told, and what the clock has still to tell."""

import itertools
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from tests.integration.model.dues import dues, instant, recurrence


class Word(NamedTuple):
    """What the clock says: at an instant, of a due instant, how many days before it; None when it passes."""

    at: datetime
    due: datetime
    days: int | None


class Request(NamedTuple):
    """An extension that was asked for: of which due instant, None if there is none any more, and until when."""

    id: str
    asked: datetime | None
    proposed: datetime


class Term:
    """The deadline as it stands since an instant.

    `told` and `said` are all that the clock has told of the task: due instants that passed, and reminders. `moved` are
    occurrences that were put off, and `met` those in whose period the lead has reported.
    """

    def __init__(self, deadline: dict[str, Any], since: datetime, before: "Term | None" = None) -> None:
        self.deadline = deadline
        self.since = since
        self.told: set[datetime] = before.told if before is not None else set()
        self.said: set[Word] = before.said if before is not None else set()
        self.moved: dict[datetime, datetime] = {}
        self.met: set[datetime] = set()

    @property
    def recurs(self) -> bool:
        return bool(self.deadline["kind"] == "recurring")

    def occurrences(self) -> Iterator[tuple[datetime, datetime]]:
        """Yield each due instant as the deadline has it, and as it is since it was put off."""
        return ((due, self.moved.get(due, due)) for due in dues(self.deadline))

    def due(self, now: datetime) -> datetime | None:
        """Return the due instant that counts: the first ahead that is not met, or the last; None if none is."""
        last = None
        for occurrence, last in self.occurrences():  # without end only where one lies ahead
            if last > now and occurrence not in self.met:
                return last
        return last

    def ahead(self, now: datetime) -> datetime | None:
        """Return the due instant that lies ahead, if one does."""
        due = self.due(now)
        return due if due is not None and due > now else None

    def follows(self, due: datetime) -> datetime | None:
        """Return the due instant that comes after one."""
        return next((other for _, other in self.occurrences() if other > due), None)

    def reminded(self, due: datetime) -> datetime:
        """Return the instant from which the reminders of a due instant are counted back."""
        return instant(self.deadline["strict"]) if self.deadline["kind"] == "ambiguous" else due

    def put_off(self, asked: datetime, new: datetime, now: datetime) -> None:
        """Let a due instant be another one."""
        self.since = now
        match self.deadline["kind"]:
            case "recurring":
                occurrence = next(due for due, at in self.occurrences() if at == asked)
                if occurrence > max(self.met, default=self.began(occurrence)):  # nothing is owed of it any more
                    self.moved[occurrence] = new
            case "milestones":
                steps = [
                    step | {"due": new.isoformat()} if instant(step["due"]) == asked else step
                    for step in self.deadline["milestones"]
                ]
                self.deadline = self.deadline | {"milestones": steps}
            case _:
                self.deadline = {"kind": "fixed", "text": self.deadline["text"], "due": new.isoformat()}

    def heard(self, reports: list[datetime | None], now: datetime) -> bool:
        """Take in when each of those who lead has last reported; return whether an occurrence is met by that now."""
        met = False
        for due, late in itertools.takewhile(lambda pair: self.began(pair[0]) <= now, self.occurrences()):
            if now < late and all(one is not None and self.began(due) <= one < late for one in reports):
                self.met.add(due)
                self.moved.pop(due, None)
                met = True
        return met

    def words(self, now: datetime, days: list[int]) -> Iterator[Word]:
        """Yield what the clock has to say by now and has not said."""
        before: datetime | None = None
        for occurrence, due in self.occurrences():
            reminders = [Word(self.reminded(due) - timedelta(days=left), self.reminded(due), left) for left in days]
            if min(due, *(word.at for word in reminders)) > now:
                return
            if occurrence not in self.met and not (self.recurs and due <= self.since):
                for word in reminders:
                    if self.since <= word.at <= now and (before is None or before <= word.at) and word not in self.said:
                        yield word
                if due <= now and due not in self.told:
                    yield Word(due, due, None)
            before = due

    def began(self, occurrence: datetime) -> datetime:
        """Return when the period of an occurrence began."""
        number = next(number for number in itertools.count() if recurrence(self.deadline, number) >= occurrence)
        return recurrence(self.deadline, number - 1)
