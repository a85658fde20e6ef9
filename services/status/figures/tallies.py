"""The sums of all units, updated by changed task: the old contribution is taken out, the new one added. Pure."""

from collections.abc import Iterable
from datetime import date, datetime, tzinfo
from operator import is_

from events.schema import Role
from services.status.figures.measured import Measured
from services.status.figures.units import UnitFigures, UnitTally
from services.status.figures.verdict import Verdict, verdict
from services.status.row import Reason, State


class UnitTallies:
    """The sums of each unit that has a task, in a ledger's `zone`."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._tallies: dict[str, UnitTally] = {}
        self._reported: dict[str, datetime] = {}
        self._unsure: set[str] = set()

    def __len__(self) -> int:
        return len(self._tallies)

    def update(self, old: Measured | None, new: Measured) -> None:
        """Replace what one task contributed by what it contributes now."""
        if old is None or not _counts_alike(old, new):
            if old is not None:
                self._count(old, -1)
            self._count(new, 1)
        self._report(old, new)

    def rows(self, tasks: Iterable[Measured], today: date, position: int) -> list[UnitFigures]:
        """Return the figures of all units on a day; `tasks` are those that are counted."""
        self._settle_reports(tasks)
        return [self._figures(unit, today, position) for unit in self._tallies]

    def row(self, unit: str, tasks: Iterable[Measured], today: date, position: int) -> UnitFigures | None:
        """Return the figures of one unit on a day, None if it has no task."""
        self._settle_reports(tasks)
        return self._figures(unit, today, position) if unit in self._tallies else None

    def _figures(self, unit: str, today: date, position: int) -> UnitFigures:
        return self._tallies[unit].figures(unit, today, self._reported.get(unit), position)

    def add(self, unit: str, role: Role, state: State, reason: Reason, number: int = 1) -> None:
        """Count so many tasks of a unit that show the same; a negative number takes them out."""
        tally = self._tallies.get(unit)
        if tally is None:
            tally = self._tallies[unit] = UnitTally()
        if role == "lead":
            tally.led += number
        else:
            tally.joined += number
        if state == "closed":
            tally.closed += number
        elif reason == "overdue":
            tally.overdue += number
        elif reason == "due-soon":
            tally.due_soon += number

    def judge(self, unit: str, found: Verdict | None, number: int = 1) -> None:
        """Count a verdict on a unit that leads so many tasks; a negative number takes it out."""
        if found is None:
            return
        tally = self._tallies[unit]
        if found.days is not None:
            tally.late += number
            tally.days += number * found.days
        elif found.since is not None:
            tally.running += number
            tally.since += number * found.since.toordinal()
        else:
            tally.on_time += number

    def report(self, unit: str, at: datetime | None) -> None:
        """Take over a unit's latest report in one task."""
        if at is not None and (unit not in self._reported or at > self._reported[unit]):
            self._reported[unit] = at

    def _count(self, task: Measured, sign: int) -> None:
        row = task.row
        for part in row.units:
            self.add(part.unit, part.role, row.state, row.light_reason, sign)
            if part.role == "lead":
                self.judge(part.unit, verdict(task, part.unit, self._zone), sign)
            if sign < 0:
                self._forget_idle(part.unit)

    def _forget_idle(self, unit: str) -> None:
        """Forget a unit that has no task any more."""
        tally = self._tallies[unit]
        if not tally.led and not tally.joined:
            del self._tallies[unit]

    def _report(self, old: Measured | None, new: Measured) -> None:
        """Take over the latest reports of a task's units; a unit that has lost a part is to be read again."""
        before = old.row.units if old is not None else ()
        if len(before) == len(new.row.units) and all(map(is_, before, new.row.units)):
            return
        for part in new.row.units:
            self.report(part.unit, part.last_report_at)
        parts = {part.unit: part.last_report_at for part in new.row.units}
        for part in before:
            if part.last_report_at is not None:
                now = parts.get(part.unit)
                if now is None or now < part.last_report_at:
                    self._unsure.add(part.unit)

    def _settle_reports(self, tasks: Iterable[Measured]) -> None:
        """Read the latest report of each unit again that may have lost it: after a reassignment, which is rare."""
        if not self._unsure:
            return
        unsure, self._unsure = self._unsure, set()
        for unit in unsure:
            self._reported.pop(unit, None)
        for task in tasks:
            for part in task.row.units:
                if part.unit in unsure:
                    self.report(part.unit, part.last_report_at)


def _counts_alike(old: Measured, new: Measured) -> bool:
    """Return whether two states of a task contribute the same, but for the latest reports."""
    before, after = old.row, new.row
    return (
        before.light == after.light
        and before.light_reason == after.light_reason
        and (before.state == "closed") == (after.state == "closed")
        and before.lead == after.lead
        and before.due == after.due
        and before.overdue_since == after.overdue_since
        and old.moments.submitted == new.moments.submitted
        and old.moments.closed == new.moments.closed
        and len(before.units) == len(after.units)
        and all(
            one is other or (one.unit == other.unit and one.role == other.role)
            for one, other in zip(before.units, after.units, strict=True)
        )
    )
