"""The model of a ledger: what became of each submission, how each task stands, and what the clock has said."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from tests.integration.model.directory import Directory
from tests.integration.model.dues import instant
from tests.integration.model.permission import objections
from tests.integration.model.row import row
from tests.integration.model.submission import Submission
from tests.integration.model.task import Task
from tests.integration.model.term import Word

MONTHS = timedelta(days=200)
"""How far ahead it pays to look for a due instant to go to."""


class Verdict(NamedTuple):
    """What must become of a submission: one of these codes if it is refused, else the position it has or gets."""

    outcome: str
    position: int | None = None
    codes: frozenset[str] = frozenset()


class Book:
    """One ledger, from its first event on."""

    def __init__(self, directory: Directory, now: datetime) -> None:
        self.directory = directory
        self.now = now
        self.tail = 0
        self.tasks: dict[str, Task] = {}
        self.accepted: dict[tuple[str, str], tuple[int, bytes]] = {}
        self._ids = 0

    def next_id(self) -> str:
        """Return an id that nobody has used."""
        self._ids += 1
        return f"e{self._ids}"

    def judge(self, submission: Submission, by: str) -> Verdict:
        """Return what must become of a submission, and take it in if it is accepted."""
        event = submission.event
        if event is None:
            assert submission.flaw is not None
            return Verdict("refused", codes=frozenset({submission.flaw}))
        if not self.directory.owns(by, event["source"]):
            return Verdict("refused", codes=frozenset({"not-permitted"}))
        name = (event["source"], event["id"])
        if name in self.accepted:
            position, raw = self.accepted[name]
            if raw == submission.raw:
                return Verdict("duplicate", position)
            return Verdict("refused", codes=frozenset({"id-reused"}))
        codes = objections(self.directory, self.tasks.get(event["subject"]), event, by, self.now)
        if codes:
            return Verdict("refused", codes=frozenset(codes))
        self.tail += 1
        self.accepted[name] = (self.tail, submission.raw)
        self._happens(event)
        return Verdict("accepted", self.tail)

    def words(self) -> Iterator[tuple[str, Word]]:
        """Yield what the clock has to say by now, and of which task; it has said it then."""
        days: list[int] = self.directory.file["remind_days"]
        for task in self.tasks.values():
            for word in sorted(task.words(self.now, days), key=lambda word: word.at):
                task.told(word)
                self.tail += 1
                yield task.id, word

    def ahead(self) -> list[datetime]:
        """Return the instants ahead, of the next months, at which the clock has something to say."""
        days: list[int] = self.directory.file["remind_days"]
        words = [word for task in self.tasks.values() for word in task.words(self.now + MONTHS, days)]
        return sorted({word.at for word in words if word.at > self.now})

    def rows(self) -> dict[str, dict[str, Any]]:
        """Return the rows as they stand now."""
        return {id: row(task, self.now) for id, task in self.tasks.items()}

    def _happens(self, event: dict[str, Any]) -> None:
        data, time, now = event["data"], event["time"], self.now
        if event["type"] == "duban.task.assigned.v1":
            self.tasks[event["subject"]] = Task(self.directory, event, now)
            return
        task = self.tasks[event["subject"]]
        unit = self.directory.own(data["unit"]) if "unit" in data else ""
        match event["type"]:
            case "duban.task.signed.v1":
                task.signed(unit, time)
            case "duban.progress.reported.v1":
                task.reported(event, unit, now)
            case "duban.progress.corrected.v1":
                task.corrected(event, unit, now)
            case "duban.completion.submitted.v1":
                task.submitted(unit, time, now)
            case "duban.completion.returned.v1":
                task.returned(unit)
            case "duban.task.closed.v1":
                task.closed(data["outcome"], time, now)
            case "duban.task.reopened.v1":
                task.reopened(now)
            case "duban.task.reassigned.v1":
                task.reassigned(data, self.directory.day(instant(time)))
            case "duban.extension.requested.v1":
                task.asked(event["id"], instant(data["proposed_due"]), now)
            case "duban.extension.granted.v1":
                task.granted(instant(data["due"]) if "due" in data else None, now)
            case "duban.extension.refused.v1":
                task.refused()
            case "duban.deadline.clarified.v1":
                task.clarified(data["deadline"], now)
            case other:
                assert other in {"duban.task.urged.v1", "duban.alert.acknowledged.v1"}, other
