"""One task of the year: the events that its sources may submit next by the contract, step by step."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from urllib.parse import quote

from events.deadline import (
    Ambiguous,
    Deadline,
    Fixed,
    Milestone,
    Milestones,
    Ongoing,
    Recurring,
    Triggered,
    Unspecified,
)
from events.ledger import Ledger
from events.schema import (
    CompletionReturned,
    CompletionSubmitted,
    DeadlineClarified,
    EventData,
    Evidence,
    ExtensionGranted,
    ExtensionRefused,
    ExtensionRequested,
    Outcome,
    ProgressCorrected,
    ProgressReported,
    TaskAssigned,
    TaskClosed,
    TaskReassigned,
    TaskReopened,
    TaskSigned,
    TaskUrged,
    Unit,
)

OFFICE = "office"

GROUP = "各县（市、区）政府"

WAITS = 8
"""Rounds over which the tasks are handed out."""

UNDONE: tuple[Outcome, ...] = ("not-implemented", "cancelled")
"""Outcomes of a task that is closed without completion."""


class SourceEvent(NamedTuple):
    """An event of a task: the authenticated source, the `source` attribute, the id and the data."""

    by: str
    source: str
    id: str
    data: EventData


class YearTask:
    """One task; `speakers` maps a unit to the source that reports for it."""

    def __init__(self, number: int, ledger: Ledger, speakers: dict[str, str], chance: random.Random) -> None:
        self.id = f"y-{number:04}"
        self.closed = False
        self._number = number
        self._ledger = ledger
        self._speakers = speakers
        self._chance = chance
        self._count = 0
        self._waits = number % WAITS
        self._units: tuple[Unit, ...] = ()
        self._lead = ""
        self._deadline: Deadline = Unspecified("")
        self._signed: set[str] = set()
        self._submitted: set[str] = set()
        self._reports: dict[str, list[str]] = {}
        self._request: str | None = None
        self._proposed = datetime.max.replace(tzinfo=UTC)

    @property
    def duties(self) -> list[str]:
        """The units that have to report."""
        return list(self._ledger.directory.obligations(self._units))

    def turn(self, now: datetime) -> list[SourceEvent]:
        """Return the events of one source in a round, in order, or none; `now` is the ledger's instant."""
        draw = self._chance.random()
        if not self._units:
            self._waits -= 1
            return [self._assign(now)] if self._waits < 0 else []
        if self.closed:
            return [self._reopen()] if draw < 0.1 else []
        if self._request is not None:
            return [self._settle(self._request, now)]
        if self._lead in self._submitted and draw < 0.8:
            return [self._return(self._lead) if draw < 0.35 else self._close("implemented")]
        if draw < 0.2:
            return self._direct(now)
        return self._report_burst(self._chance.choice([self._lead, *self.duties]), now)

    def report(self, unit: str) -> SourceEvent:
        """Return a unit's progress report."""
        percent = self._chance.choice([None, *range(0, 101, 5), 37.5])
        problems = "资金尚未到位。" if self._chance.random() < 0.2 else None
        evidence = (Evidence(f"台账{self._count}.xlsx"),) if self._chance.random() < 0.2 else ()
        data = ProgressReported(unit, f"第{self._count}次反馈：按计划推进。", percent, problems, evidence)
        events = self._from(unit, data)
        self._reports.setdefault(unit, []).append(events.id)
        return events

    def _from(self, unit: str, data: EventData) -> SourceEvent:
        by = self._speakers[unit]
        return self._event(by, f"{by}/{quote(unit)}" if self._number % 3 == 0 else by, data)

    def _by_office(self, data: EventData) -> SourceEvent:
        return self._event(OFFICE, f"{OFFICE}/{quote('督查室')}" if self._number % 4 == 0 else OFFICE, data)

    def _event(self, by: str, source: str, data: EventData) -> SourceEvent:
        self._count += 1
        return SourceEvent(by, source, f"{self.id}.{self._count}", data)

    def _assign(self, now: datetime) -> SourceEvent:
        lead, *others = self._chance.sample(self._ledger.units, self._chance.randint(2, 5))
        parts = [Unit(lead, "lead"), *map(Unit, others)]
        if self._chance.random() < 0.15:
            parts.append(Unit(GROUP, group=True))
        self._lead, self._units, self._deadline = lead, tuple(parts), self._any_deadline(now)
        data = TaskAssigned(
            f"第{self._number}项重点任务",
            "y-2018",
            lead,
            lead_inferred=False,
            units=self._units,
            deadline=self._deadline,
            row=self._number,
        )
        return self._by_office(data)

    def _reopen(self) -> SourceEvent:
        self.closed = False
        self._submitted.clear()
        return self._by_office(TaskReopened("抽查发现尚未落实。"))

    def _settle(self, request: str, now: datetime) -> SourceEvent:
        """Grant the extension that is open, as proposed or until another day, or refuse it; it puts the due off."""
        self._request = None
        draw = self._chance.random()
        if draw < 0.3 or not isinstance(self._deadline, Fixed):  # clarified since it was asked for
            return self._by_office(ExtensionRefused(request, "请按期完成。"))
        due = None
        if draw < 0.6 or self._proposed <= max(now, self._deadline.due):
            due = max(self._ahead(now), self._deadline.due + timedelta(days=1))
        self._deadline = Fixed(self._deadline.text, due or self._proposed)
        return self._by_office(ExtensionGranted(request, due))

    def _return(self, unit: str) -> SourceEvent:
        self._submitted.discard(unit)
        return self._by_office(CompletionReturned(unit, "材料不全。"))

    def _close(self, outcome: Outcome) -> SourceEvent:
        self.closed, self._request = True, None
        return self._by_office(TaskClosed(outcome, None if outcome == "implemented" else "情况有变。"))

    def _direct(self, now: datetime) -> list[SourceEvent]:
        """Return events of the office: urging, reassignment, clarification, returned completion or closing."""
        events: list[SourceEvent] = []
        others = [unit for unit in self.duties if unit in self._submitted and unit != self._lead]
        if others and self._chance.random() < 0.5:
            events.append(self._return(self._chance.choice(others)))
        draw = self._chance.random()
        if draw < 0.3:
            named = tuple(self._chance.sample(self.duties, min(2, len(self.duties))))
            events.append(self._by_office(TaskUrged(named, "请于本周内报送进展。")))
        elif draw < 0.6:
            events.append(self._reassign(now))
        elif draw < 0.9:
            self._deadline = self._any_deadline(now)
            events.append(self._by_office(DeadlineClarified(self._deadline, "经研究明确。")))
        else:
            events.append(self._close(self._chance.choice(UNDONE)))
        return events

    def _reassign(self, now: datetime) -> SourceEvent:
        """Reassign the task to the successors of units that have ended, or else to another lead."""
        day = self._ledger.day(now)
        names = [unit.name for unit in self._units]
        heirs = {name: heir for name in names if (heir := self._ledger.directory.successor(name, day)) is not None}
        if heirs:
            lead = heirs.get(self._lead, self._lead)
            names = [heirs.get(name, name) for name in names]
        else:
            lead = self._chance.choice([name for name in self._ledger.units if name not in names])
            names.append(lead)
            names.remove(
                self._chance.choice([name for name in names if name not in {lead, self._lead}] or [self._lead])
            )
        self._lead = lead
        self._units = tuple(
            Unit(name, "lead" if name == lead else "cooperating", group=name == GROUP) for name in dict.fromkeys(names)
        )
        self._submitted.intersection_update(self.duties)
        return self._by_office(TaskReassigned(lead, self._units, "机构改革，职责划转。"))

    def _report_burst(self, unit: str, now: datetime) -> list[SourceEvent]:
        """Return events of a unit: a signature, a report, a correction, a completion or an extension request."""
        events: list[SourceEvent] = []
        if unit not in self._signed:
            self._signed.add(unit)
            events.append(self._from(unit, TaskSigned(unit)))
        events.append(self.report(unit))
        draw = self._chance.random()
        if draw < 0.2:
            report = self._chance.choice(self._reports[unit])
            events.append(self._from(unit, ProgressCorrected(report, "数字有误。", unit, "更正后的进展。", 42.5)))
        elif draw < 0.4 and unit not in self._submitted:
            self._submitted.add(unit)
            events.append(self._from(unit, CompletionSubmitted(unit, "已全部完成。", (Evidence("验收报告.pdf"),))))
        elif draw < 0.5 and isinstance(self._deadline, Fixed) and self._deadline.due > now:
            self._proposed = self._deadline.due + timedelta(days=self._chance.randint(30, 120))
            asked = self._from(unit, ExtensionRequested(unit, "须待雨季后施工。", self._proposed))
            self._request = asked.id
            events.append(asked)
        return events

    def _ahead(self, now: datetime) -> datetime:
        """Return a midnight that lies ahead, so that what has passed is known when a quarter begins and not before."""
        return now.replace(hour=0, minute=0) + timedelta(days=self._chance.randint(10, 300))

    def _any_deadline(self, now: datetime) -> Deadline:
        """Return a deadline of any kind, half of them fixed."""
        first, second = self._ahead(now), self._ahead(now) + timedelta(days=301)
        steps = (Milestone("启动", first, 30), Milestone("完成", second))
        kinds: Sequence[Deadline] = (
            Ambiguous("年底前完成", first, second),
            Recurring("每季度末", self._chance.choice(("month", "quarter", "half-year", "year")), first),
            Ongoing("持续实施"),
            Triggered("按省的要求及时制定", "按省的要求"),
            Milestones("分步完成", steps),
            Unspecified(""),
        )
        return self._chance.choice((*[Fixed("按期完成", first)] * len(kinds), *kinds))
