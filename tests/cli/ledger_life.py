"""The life of a ledger made without a server: a right log, the rules by which it was decided, and its record."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from events.deadline import Deadline, Fixed, Ongoing, Recurring
from events.entries import Recorded
from events.envelope import Event, encode, read
from events.ledger import CLOCK
from events.recorded_rules import RulesEntry
from events.rules_text import RulesText
from events.schema import (
    AlertAcknowledged,
    CompletionReturned,
    CompletionSubmitted,
    EventData,
    ExtensionGranted,
    ExtensionRequested,
    ProgressCorrected,
    ProgressReported,
    TaskClosed,
    TaskReopened,
    TaskUrged,
)
from events.working_days import LIBRARY
from services.cli.checks.decisions import TasksState, TasksUnderRules
from services.ingest.core import VERSION
from services.ingest.task import Task
from services.ingest.timers import clock_events
from services.notify.elapsed import caused
from services.notify.notified_task import NotifiedTask, evolve
from services.notify.record import alert_entry
from tests.cli.test_decisions import OTHER, START
from tests.examples import LEAD, assigned, reported, seal
from tests.ingest.running_writer import LEDGER

RULES = (LEDGER, OTHER)
"""The ledger's file, and another one that held for a while."""

DEADLINES: tuple[Deadline, ...] = (
    Fixed("2018年3月底前完成", due=datetime.fromisoformat("2018-04-01T00:00:00+08:00")),
    Ongoing("持续实施"),
    Recurring("每月底前", "month", datetime.fromisoformat("2018-02-01T00:00:00+08:00")),
)


class Step(NamedTuple):
    """What is tried some days after the step before; what is not acceptable then does not happen."""

    kind: str
    task: int = 0
    days: int = 1
    times: int = 1


KINDS = (
    "assign",
    "report",
    "correct",
    "submit",
    "return",
    "request",
    "grant",
    "close",
    "reopen",
    "urge",
    "acknowledge",
    "rules",
)


class LedgerLife:
    """A log with its rules, and a record; `caused_at` has the position of the log after which each entry came."""

    def __init__(self) -> None:
        self.log: list[bytes] = []
        self.rules: list[RulesEntry] = []
        self.record: list[bytes] = []
        self.caused_at: list[int] = []
        self._now, self._in_force = START, 0
        self._decided = [TasksUnderRules(ledger, TasksState()) for ledger in RULES]
        self._notified: list[dict[str, NotifiedTask]] = [{} for _ in RULES]
        self._known: set[str] = set()
        self._spoken: dict[tuple[str, type], list[str]] = {}

    @property
    def texts(self) -> dict[str, bytes]:
        """The texts of the rules by their hashes."""
        return {text.sha256: text.text for text in (RulesText.of(ledger, VERSION) for ledger in RULES)}

    def live(self, steps: Iterable[Step]) -> "LedgerLife":
        """Do what is acceptable of some steps, with the clock's events between them."""
        for step in steps:
            self._now += timedelta(days=step.days, hours=step.task)
            if step.kind == "rules":
                self._in_force = 1 - self._in_force
                continue
            for number in range(step.times):
                self._tick()
                self._try(self._event(step, f"{len(self.log)}-{number}"))
        return self

    def _tick(self) -> None:
        """Record the clock's events that are due."""
        for task, state in sorted(self._decided[self._in_force].state().tasks.items()):
            self._tick_task(task, state)

    def _tick_task(self, name: str, task: Task) -> None:
        for event in clock_events(name, task, RULES[self._in_force]):
            if event.time > self._now:
                return
            self._record(event, CLOCK)

    def _event(self, step: Step, id: str) -> Event:
        """Return the event of a step."""
        name = f"t{step.task}"
        if step.kind == "assign":
            return assigned(name, deadline=DEADLINES[step.task % len(DEADLINES)], time=self._now)
        base = replace(reported(name, 1, time=self._now), id=f"e{id}")
        office = replace(base, source="office")
        until = self._now + timedelta(days=5)
        data: dict[str, tuple[Event, EventData]] = {
            "report": (base, base.data),
            "correct": (base, ProgressCorrected(self._cited(step), "笔误", LEAD, "已更正。")),
            "submit": (base, CompletionSubmitted(LEAD, "已完成。", ())),
            "return": (office, CompletionReturned(LEAD, "缺材料。")),
            "request": (base, ExtensionRequested(LEAD, "雨季。", self._now + timedelta(days=200))),
            "grant": (office, ExtensionGranted(self._cited(step), due=self._now + timedelta(days=200))),
            "close": (office, TaskClosed("implemented")),
            "reopen": (office, TaskReopened("抽查。")),
            "urge": (office, TaskUrged((LEAD,), "请报送。")),
            "acknowledge": (replace(base, source="notify/link"), AlertAcknowledged("0" * 24, "李明", "已联系", until)),
        }
        event, data_of = data[step.kind]
        return replace(event, data=data_of)

    def _cited(self, step: Step) -> str:
        """Return the id of an earlier event of a unit, an old or the latest one."""
        wanted = ExtensionRequested if step.kind == "grant" else ProgressReported
        ids = self._spoken.get((f"t{step.task}", wanted), ["none"])
        return ids[-1 if step.kind == "grant" else step.days % len(ids)]

    def _try(self, event: Event) -> None:
        source = event.source.partition("/")[0]
        entry = read(seal(encode(event), self._now.isoformat(), source))
        cited = None
        if isinstance(event.data, ProgressCorrected):
            cited = next((one for one in map(read, self.log) if one.id == event.data.report), None)
        if self._decided[self._in_force].judge(entry, cited) is None:
            self._record(event, source)
            self._spoken.setdefault((event.subject, type(event.data)), []).append(event.id)

    def _record(self, event: Event, authid: str) -> None:
        """Append an event, with its rules and its alerts."""
        raw = seal(encode(event), self._now.isoformat(), authid)
        self.log.append(raw)
        position, ledger = len(self.log), RULES[self._in_force]
        sha256 = RulesText.of(ledger, VERSION).sha256
        if not self.rules or self.rules[-1].sha256 != sha256:
            self.rules.append(RulesEntry(position, VERSION, sha256))
        entry = Recorded(position, read(raw))
        for decided in self._decided:
            decided.fold(entry)
        for place, tasks in enumerate(self._notified):
            self._alert(place, tasks, entry)

    def _alert(self, place: int, tasks: dict[str, NotifiedTask], entry: Recorded) -> None:
        name, ledger = entry.event.subject, RULES[place]
        before, after = tasks.get(name), evolve(ledger, tasks.get(name), entry)
        if after is None:
            return
        tasks[name] = after
        if place != self._in_force:
            return
        for alert in caused(ledger, LIBRARY, before, after, entry):
            if alert.id not in self._known:
                self._known.add(alert.id)
                self.record.append(alert_entry(alert))
                self.caused_at.append(entry.position)

    def rules_until(self, position: int) -> list[bytes]:
        """Return the entries of the rules that a log up to a position needs."""
        return [msgspec.json.encode(entry) for entry in self.rules if entry.first <= position]

    def record_until(self, position: int) -> list[bytes]:
        """Return the entries of the record that a log up to a position gives rise to."""
        return [raw for raw, at in zip(self.record, self.caused_at, strict=True) if at <= position]
