"""Decisions: each event was acceptable after those before it, and the clock's came when they were due, and all came.

Each is decided again by the rules on record for its position (events/recorded_rules.py), and by the ledger's present
rules where none are: in a log from before rules were recorded.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

from msgspec import Struct

from events.entries import Recorded
from events.envelope import Event, read
from events.ledger import CLOCK, Ledger
from events.log import Log
from events.recorded_rules import RulesEntry
from events.rules_text import RulesText, read_ledger
from events.schema import ProgressCorrected
from services.cli.checks.finding import Finding
from services.cli.checks.rules import RulesFound, RulesInForce
from services.ingest.core import VERSION, authentic, decide
from services.ingest.task import Task, advance
from services.ingest.timers import clock_events, same_timing

FindCited: TypeAlias = Callable[[Mapping[int, Event]], Awaitable[dict[int, Event]]]
"""Gets corrections by their positions; returns the event that each cites, where there is one before it."""

SETTLED = 2
"""Later instants of record after which a due clock event must be there: a batch that was packed meanwhile lacks it."""


class TasksState(Struct, frozen=True):
    """The tasks after an event of a log, and the last instant of record.

    `instants` counts the instants of record so far; `timed` has that count as of when the clock's events of a task
    last changed.
    """

    tasks: dict[str, Task] = {}
    timed: dict[str, int] = {}
    instant: datetime | None = None
    instants: int = 0


class TasksUnderRules:
    """The tasks of a log under the rules of one ledger, by which its events are decided again."""

    def __init__(self, ledger: Ledger, state: TasksState) -> None:
        self._ledger = ledger
        self._tasks, self._timed = dict(state.tasks), dict(state.timed)
        self._instant, self._instants = state.instant, state.instants

    def state(self) -> TasksState:
        """Return the tasks as they stand."""
        return TasksState(self._tasks, self._timed, self._instant, self._instants)

    def judge(self, event: Event, cited: Event | None) -> str | None:
        """Return why an event cannot have been accepted next, None if it can; `cited` is what a correction names."""
        now, own = event.at, self._ledger.own_event(event)
        task = self._tasks.get(event.subject)
        if event.authid == CLOCK:
            return self._judge_clock(own, list(self._due(event.subject, task, now)), now)
        authid = event.authid or ""
        source = self._ledger.sources.get(authid)
        cited = self._ledger.own_event(cited) if cited is not None else None
        refusal = authentic(event, authid) or decide(task, own, authid, source, self._ledger, now, cited)
        return f"{refusal.code}: {refusal.detail}" if refusal is not None else None

    def _judge_clock(self, event: Event, due: Sequence[Event], now: datetime) -> str | None:
        """Return why an event is not the clock's next one of those that are due."""
        if event.id not in {one.id for one in due}:
            return f"{event.id} was not due at {now.isoformat()}"
        if due[0].id != event.id:
            return f"{due[0].id} was due before {event.id} and is not in the log"
        same = (self._ledger.own_event(due[0]).data, due[0].time) == (event.data, event.time)
        return None if same else f"the clock's {event.id} has other content"

    def fold(self, entry: Recorded) -> None:
        """Fold an event."""
        event = entry.event
        if event.recorded != self._instant:
            self._instant, self._instants = event.recorded, self._instants + 1
        before = self._tasks.get(event.subject)
        after = advance(self._ledger, before, Recorded(entry.position, self._ledger.own_event(event)))
        if after is None:
            return
        self._tasks[event.subject] = after
        if before is None or not same_timing(before, after):
            self._timed[event.subject] = self._instants

    def never(self) -> Iterator[Event]:
        """Yield the clock's events that are not in the log although they were due."""
        for subject, task in self._tasks.items():
            if self._instant is not None and self._timed[subject] + SETTLED <= self._instants:
                yield from self._due(subject, task, self._instant)

    def _due(self, subject: str, task: Task | None, now: datetime) -> Iterator[Event]:
        """Yield the clock's events of a task that are due and not recorded yet."""
        for event in clock_events(subject, task, self._ledger) if task is not None else ():
            if event.time > now:
                return
            yield event


class Decisions:
    """Decides a log again, from its first event on, or after a position where the tasks under all rules are known."""

    def __init__(
        self,
        ledger: Ledger,
        rules: RulesFound,
        find_cited: FindCited,
        after: int = 0,
        tasks: Mapping[str, TasksState] | None = None,
    ) -> None:
        present = RulesText.of(ledger, VERSION)
        states = tasks or {}
        self.findings = rules.findings
        self._find_cited = find_cited
        self._rules = RulesInForce(RulesEntry(0, VERSION, present.sha256), rules.entries, after)
        ledgers = {**{sha256: read_ledger(text) for sha256, text in rules.texts.items()}, present.sha256: ledger}
        self._decided = {
            sha256: TasksUnderRules(one, states.get(sha256, TasksState())) for sha256, one in ledgers.items()
        }

    def tasks(self) -> dict[str, TasksState]:
        """Return the tasks as they stand, by the hash of the rules."""
        return {sha256: one.state() for sha256, one in self._decided.items()}

    async def follow(self, batch: Sequence[Recorded]) -> None:
        """Decide the next events of the log again, and fold them."""
        corrections = {one.position: one.event for one in batch if isinstance(one.event.data, ProgressCorrected)}
        cited = await self._find_cited(corrections)
        for entry in batch:
            rules = self._rules.reach(entry.position)
            decided = self._decided.get(rules.sha256)
            if rules.version == VERSION and decided is not None:
                wrong = decided.judge(entry.event, cited.get(entry.position))
                if wrong is not None:
                    self._add(str(entry.position), wrong)
            for one in self._decided.values():
                one.fold(entry)

    def end(self, *, held: bool) -> None:
        """Find the clock's events that should be in the log by its end; none while the clock is held."""
        rules = self._rules.now
        decided = self._decided.get(rules.sha256)
        if held or rules.version != VERSION or decided is None:
            return
        for event in decided.never():
            self._add(event.subject, f"{event.id} was due at {event.time.isoformat()} and is not in the log")

    def _add(self, where: str, wrong: str) -> None:
        today = "" if self._rules.now.first else " (by the present rules: none are on record for it)"
        self.findings.append(Finding("decisions", where, wrong + today))


def cited_in(log: Log) -> FindCited:
    """Return what finds the events that corrections cite, where they stand before them, on a server."""

    async def find(events: Mapping[int, Event]) -> dict[int, Event]:
        ids = [(event.source, event.data.report) for event in events.values()]  # type: ignore[union-attr]
        found = dict(zip(events, await log.seen(ids), strict=True))
        earlier = {position: seen.position for position, seen in found.items() if seen and seen.position < position}
        raw = {one.position: one.raw for one in await log.read_at(sorted(set(earlier.values())))}
        return {position: read(raw[at]) for position, at in earlier.items() if at in raw}

    return find
