"""The door for documents: a table is read in a process of its own, compared with the ledger, and then assigned."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial

from msgspec.structs import replace

from events.log import Log
from events.working_days import WorkingDays
from services.common.outcome import Outcome
from services.ingest.draft import submission
from services.ingest.task import Task
from services.ingest.writer import Writer
from services.schedule.difference import Present, RowDifference, compare
from services.schedule.difference_words import Language
from services.schedule.plan import Order, task_name
from services.schedule.preview import Preview, preview_rows, refuse_marked
from services.schedule.sandbox import read_safely
from services.schedule.table import RowRefusal


class Imported(Preview, frozen=True):
    """A document that was read, and what became of the events that it was accepted with."""

    outcomes: tuple[Outcome, ...] = ()


class BusyError(Exception):
    """Another document is being read; this one can be sent again in a moment."""


class Documents:
    """One ledger's door for documents; it reads one at a time, as that may take a processor for seconds."""

    def __init__(self, writer: Writer, days: WorkingDays) -> None:
        self._writer = writer
        self._days = days
        self._busy = False

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Let one document be previewed; raises BusyError where another is: not even its bytes are in memory then."""
        if self._busy:
            raise BusyError("another document is being read; send this one again in a moment")
        self._busy = True
        try:
            yield
        finally:
            self._busy = False

    async def preview(
        self, data: bytes, name: str, order: Order, *, strict: bool = False, language: Language = "en"
    ) -> Imported:
        """Read a document and compare it with the ledger as it is now; `strict` refuses what a person should look at.

        Assigns nothing. The differences are in that language.
        """
        issued = datetime(*order.issued.timetuple()[:3], tzinfo=self._writer.ledger.zone)
        if issued > self._writer.now():  # of which each row would be refused one by one, after all was well here
            return Imported(
                (), (RowRefusal(0, "", "issued", f"{order.issued} is still to come by the ledger's clock"),), ()
            )
        schedule = await read_safely(data, name, order, self._writer.ledger, self._days)
        await self._writer.submit([])  # brings the write model up to the log, or says that it cannot be
        ledger, tasks = self._writer.ledger, self._writer.model.state.rows
        lines = [line for line in schedule.lines if line.task in tasks]
        present = await _present(self._writer.log, [tasks[line.task] for line in lines])
        differences = {line.task: RowDifference("new") for line in schedule.lines}
        for line, one in zip(lines, present, strict=True):
            differences[line.task] = compare(
                line, one, f"按更正后的文件《{name}》", self._writer.now(), ledger, language
            )
        read = {line.task for line in schedule.lines} | {task_name(order, one.row) for one in schedule.refusals}
        own = (task for task in tasks if schedule.lines and _is_of(order.plan, task) and not tasks[task].closed)
        missing = tuple(sorted(set(own) - read))
        rows, refusals = preview_rows(schedule, differences), schedule.refusals
        if strict:
            rows, refused = refuse_marked(rows)
            refusals = (*refusals, *refused)
        return Imported(rows, refusals, schedule.notes, missing)

    async def accept(self, read: Imported, authid: str, *, corrections: bool) -> Imported:
        """Submit what a preview would assign, and with `corrections` what it proposes; others’ events come between."""
        events = read.events(corrections=corrections)
        outcomes = await self._writer.enqueue(authid, events, sum(map(len, events)), partial(submission, authid=authid))
        return replace(read, outcomes=tuple(outcomes))


async def _present(log: Log, tasks: Sequence[Task]) -> list[Present]:
    stored = await log.read_at([task.assigned for task in tasks])
    return [
        Present(assignment.raw, task.lead, task.units, task.term.deadline, task.closed)
        for assignment, task in zip(stored, tasks, strict=True)
    ]


def _is_of(plan: str, task: str) -> bool:
    """Return whether a task's name is one that a document of this plan gives."""
    prefix, _, number = task.rpartition("-")
    return prefix == plan and number.isdecimal()
