"""A task of the model: what it lives through, by ARCHITECTURE's tables."""

from datetime import date, datetime
from typing import Any

from tests.integration.model.directory import Directory
from tests.integration.model.dues import instant
from tests.integration.model.part import Part, Report
from tests.integration.model.term import Request, Term, Word


class Task:
    """Whoever calls has asked before whether it may happen (permission.py)."""

    def __init__(self, directory: Directory, event: dict[str, Any], now: datetime) -> None:
        data = event["data"]
        self._directory = directory
        self.id: str = event["subject"]
        self.title: str = data["title"]
        self.plan: str = data["plan"]
        self.number: int | None = data.get("row")
        self.lead = directory.own(data["lead"])
        self.lead_inferred: bool = data["lead_inferred"]
        self.parts = {unit: Part(role) for unit, role in directory.bound(data["units"]).items()}
        self.unnamed = _unnamed(data)
        self.term = Term(data["deadline"], now)
        self.opened_at: str = event["time"]
        self.closed_at: str | None = None
        self.closed_on: datetime | None = None
        self.outcome: str | None = None
        self.begun = False
        self.reports: list[Report] = []
        self.request: Request | None = None
        self.requests: list[str] = []
        self.overdue: datetime | None = None
        self.extensions = 0
        self.returns = 0
        self.last_report_at: str | None = None
        self.position = 0

    @property
    def duties(self) -> list[str]:
        """Who has a duty: its units, but those that are meant without being named."""
        return [unit for unit in self.parts if unit not in self.unnamed]

    @property
    def leads(self) -> list[Part]:
        """The part of its lead, or those of the group that leads."""
        return [self.parts[unit] for unit in self._leading()]

    @property
    def state(self) -> str:
        if self.outcome is not None:
            return "closed"
        states = [part.state for part in self.leads]
        if "returned" in states:
            return "returned"
        if set(states) == {"submitted"}:
            return "submitted"
        return "in-progress" if self.begun else "assigned"

    @property
    def percent(self) -> float | None:
        percents = [part.percent for part in self.leads if part.percent is not None]
        return min(percents) if len(percents) == len(self.leads) else None

    def due(self, now: datetime) -> datetime | None:
        """Return the due instant that counts; for a closed task the one that did then."""
        return self.term.due(self.closed_on or now)

    def report_of(self, event: dict[str, Any], unit: str) -> Report | None:
        """Return the report that a correction names: of its source and unit, or of one that the unit has succeeded."""
        source, id, day = event["source"], event["data"]["report"], self._directory.day(instant(event["time"]))
        for report in self.reports:
            succeeded = self._directory.successor(report.unit, day) == unit
            if report.source == source and id in report.ids and (report.unit == unit or succeeded):
                return report
        return None

    def signed(self, unit: str, time: str) -> None:
        part = self.parts[unit]
        if part.signed_at is None:
            part.signed_at = time

    def reported(self, event: dict[str, Any], unit: str, now: datetime) -> None:
        part, data = self.parts[unit], event["data"]
        report = Report([event["id"]], event["source"], unit, part.percent)
        self.reports.append(report)
        if part.last_report_at is None or instant(part.last_report_at) <= instant(event["time"]):
            part.latest = report
            part.percent = data.get("percent", part.percent)
        self._goes_on(unit, event["time"], now)

    def corrected(self, event: dict[str, Any], unit: str, now: datetime) -> None:
        part, data = self.parts[unit], event["data"]
        report = self.report_of(event, unit)
        assert report is not None
        report.ids.append(event["id"])
        if report is part.latest:
            part.percent = data.get("percent", report.before)
        self._goes_on(unit, event["time"], now)

    def submitted(self, unit: str, time: str, now: datetime) -> None:
        self._hears(unit, time, now)
        self.parts[unit].state = "submitted"
        self.begun = self.begun or self.state == "submitted"

    def returned(self, unit: str) -> None:
        self.parts[unit].state = "returned"
        self.begun = self.begun or self.state == "returned"
        self.returns += 1

    def closed(self, outcome: str, time: str, now: datetime) -> None:
        self.outcome, self.closed_at, self.closed_on, self.request = outcome, time, now, None

    def reopened(self, now: datetime) -> None:
        self.outcome, self.closed_at, self.closed_on, self.begun = None, None, None, True
        for part in self.parts.values():
            if part.state in {"submitted", "returned"}:
                part.state = "in-progress"
        self.term.since = now

    def reassigned(self, data: dict[str, Any], day: date) -> None:
        led, before = self._leading(), self.parts
        duties = self._directory.bound(data["units"])
        heirs: dict[str, str] = {}
        for unit in sorted(before, key=lambda unit: unit not in led):  # of those that merge, the lead first
            heir = self._directory.successor(unit, day)
            if unit not in duties and heir in duties and heir not in before and heir not in heirs.values():
                heirs[unit] = heir
        kept = {heirs.get(unit, unit): part for unit, part in before.items()}
        self.unnamed = _unnamed(data)
        self.parts = {unit: kept.get(unit, Part(role)) for unit, role in duties.items()}
        for unit, role in duties.items():
            self.parts[unit].role = role
        self.lead, self.lead_inferred = self._directory.own(data["lead"]), False
        for unit in set(self.parts) - {heirs.get(one, one) for one in led} & set(self._leading()):
            part = self.parts[unit]
            part.heard = None  # what it did then was not done as the lead
            if unit in self._leading() and part.state != "assigned":
                part.state = "in-progress"

    def asked(self, id: str, proposed: datetime, now: datetime) -> None:
        self.request = Request(id, self.term.due(now), proposed)
        self.requests.append(id)

    def granted(self, due: datetime | None, now: datetime) -> None:
        assert self.request is not None
        assert self.request.asked is not None
        asked, new = self.request.asked, due or self.request.proposed
        self.term.put_off(asked, new, now)
        self.request = None
        self.extensions += 1
        if not self.term.recurs or new > now:
            self._renewed(now)

    def refused(self) -> None:
        self.request = None

    def clarified(self, deadline: dict[str, Any], now: datetime) -> None:
        self.term = Term(deadline, now, self.term)
        if self.request is not None:
            self.request = self.request._replace(asked=self.term.due(now))
        if self.term.recurs:
            self.term.heard([part.heard for part in self.leads], now)
        self._renewed(now)

    def words(self, now: datetime, days: list[int]) -> list[Word]:
        """Return what the clock has to say of it by now."""
        return list(self.term.words(now, days)) if self.outcome is None else []

    def told(self, word: Word) -> None:
        """Take in what the clock has said."""
        if word.days is not None:
            self.term.said.add(word)
            return
        self.term.told.add(word.due)
        if self.overdue is None:
            self.overdue = word.due

    def _leading(self) -> list[str]:
        return [unit for unit in self._directory.members(self.lead) if unit in self.parts]

    def _goes_on(self, unit: str, time: str, now: datetime) -> None:
        part = self.parts[unit]
        if part.state != "submitted":
            part.state = "in-progress"
        self.begun = True
        self._hears(unit, time, now)

    def _hears(self, unit: str, time: str, now: datetime) -> None:
        part = self.parts[unit]
        part.last_report_at = max(part.last_report_at or time, time, key=instant)
        self.last_report_at = max(self.last_report_at or time, time, key=instant)
        if unit not in self._leading():
            return
        part.heard = now
        if self.term.recurs and self.term.heard([one.heard for one in self.leads], now):
            self.overdue = None

    def _renewed(self, now: datetime) -> None:
        """Take in that the due instants are others."""
        due = self.term.due(now)
        if due is None or due > now:
            self.overdue = None
        elif self.overdue is None:
            self.overdue = due


def _unnamed(data: dict[str, Any]) -> set[str]:
    return {unit["name"] for unit in data["units"] if unit["open"]}
