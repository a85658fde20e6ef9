"""Alerts: exactly those that a fresh fold gives, and those that time alone gave rise to."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from events.difference import members
from events.entries import Recorded
from events.envelope import read
from events.keys import key
from events.ledger import Ledger
from events.log import Log
from events.record import Record
from events.saved_rows import saved_position
from events.working_days import WorkingDays
from services.cli.checks.finding import Finding
from services.cli.checks.record import Cause, RecordedAlerts
from services.notify.alerts import Alert, alerts_for
from services.notify.elapsed import arisen, weekly
from services.notify.health import TROUBLE
from services.notify.notified_task import NotifiedTask, evolve
from services.notify.outbox import NAME, alert_decoder

READ_BATCH = 1_000


async def check_alerts(
    redis: Any, log: Log, record: Record, ledger: Ledger, days: WorkingDays, recorded: RecordedAlerts
) -> list[Finding]:
    """Return missing, invented and altered alerts, by the ledger's present rules and directory.

    What arose by time alone is compared where it is there: whether it had to arise depends on when time was first
    considered, and on the rules of then.
    """
    fold = AlertFold(ledger, days)
    findings: list[Finding] = []
    by_events: set[str] = set()
    after, until = 0, await saved_position(redis, log.ledger, NAME)
    while after < until and (batch := await log.read(after)):
        entries = [Recorded(position, read(raw)) for position, raw in batch if position <= until]
        expected = {alert.id: alert for entry in entries for alert in fold.event(entry)}
        expected = {id: alert for id, alert in expected.items() if id not in by_events}
        by_events |= expected.keys()
        findings += _missing(expected, recorded)
        found = await _entries(record, recorded, expected)
        findings += [difference_of(kept, expected[id]) for id, kept in _unlike(expected, found).items()]
        after = batch[-1].position
    considered = await _considered(redis, log.ledger, ledger)
    arose = fold.elapsed(considered)
    others = [id for id in recorded.places if id not in by_events and id not in recorded.carried_ids]
    if await saved_position(redis, log.ledger, NAME) == until:  # otherwise some were added meanwhile
        odd: dict[str, Alert] = {}
        for start in range(0, len(others), READ_BATCH):
            found = await _entries(record, recorded, others[start : start + READ_BATCH])
            odd |= _unlike(arose, found)
        early = await _early(log, ledger, days, odd, until, considered)
        findings += [difference_of(kept, arose.get(id)) for id, kept in odd.items() if id not in early]
    return findings


async def _considered(redis: Any, name: str, ledger: Ledger) -> datetime | None:
    """Return the instant up to which time was considered, to the second above; None if it never was."""
    found = await redis.hget(key(name, NAME, "checkpoint"), "considered")
    return datetime.fromtimestamp(int(found) // 1_000_000 + 1, ledger.zone) if found is not None else None


async def _early(
    log: Log, ledger: Ledger, days: WorkingDays, odd: Mapping[str, Alert], until: int, considered: datetime | None
) -> set[str]:
    """Return which of these alerts arose before an event was folded that was recorded earlier, and prevents them.

    An event is folded a moment after it is recorded, or much later if notify cannot read the log. Time goes on
    meanwhile, by the tasks as they stood.
    """
    if not odd or considered is None:
        return set()
    early = EarlyAlerts(ledger, days, odd, considered)
    async for batch in log.scan(0, until):
        for entry in batch:
            early.fold(entry)
    return early.found


class EarlyAlerts:
    """Those of some alerts that arise by time as tasks stand after any of their events, or at first, in `tasks`."""

    def __init__(
        self,
        ledger: Ledger,
        days: WorkingDays,
        odd: Mapping[str, Alert],
        considered: datetime,
        tasks: Mapping[str, NotifiedTask] | None = None,
    ) -> None:
        self.found: set[str] = set()
        self._ledger, self._days = ledger, days
        self._odd, self._considered = odd, considered
        self._names = {alert.task for alert in odd.values()}
        self._tasks = {name: task for name, task in (tasks or {}).items() if name in self._names}
        for name, task in self._tasks.items():
            self._find(name, task)

    def fold(self, entry: Recorded) -> None:
        """Fold an event."""
        name = entry.event.subject
        if name in self._names and (task := evolve(self._ledger, self._tasks.get(name), entry)) is not None:
            self._tasks[name] = task
            self._find(name, task)

    def _find(self, name: str, task: NotifiedTask) -> None:
        after = task.seen - timedelta.resolution
        arose = arisen(self._ledger, self._days, name, task, after, self._considered)
        self.found |= {alert.id for alert in arose if alert == self._odd.get(alert.id)}


class AlertFoldState(Struct, frozen=True):
    """The tasks after an event of a log, and the alerts that time alone gave rise to by then, as far as they matter."""

    tasks: dict[str, NotifiedTask] = {}
    timed: tuple[Alert, ...] = ()


class AlertFold:
    """The tasks of a log, and what time alone gave rise to."""

    def __init__(self, ledger: Ledger, days: WorkingDays, state: AlertFoldState | None = None) -> None:
        state = state or AlertFoldState()
        self._ledger = ledger
        self._days = days
        self._tasks = dict(state.tasks)
        self._timed = {alert.id: alert for alert in state.timed}

    def state(self, matters: Callable[[str], bool]) -> AlertFoldState:
        """Return the tasks as they stand, and the alerts of time whose ids matter."""
        return AlertFoldState(self._tasks, tuple(alert for id, alert in self._timed.items() if matters(id)))

    def event(self, entry: Recorded) -> list[Alert]:
        """Fold an event, and return the alerts that it causes itself."""
        name = entry.event.subject
        before = self._tasks.get(name)
        task = evolve(self._ledger, before, entry)
        if task is None:
            return []
        self._tasks[name] = task
        timed = arisen(self._ledger, self._days, name, task, task.seen - timedelta.resolution, task.seen)
        if before is not None:
            timed += arisen(
                self._ledger, self._days, name, before, before.seen, task.seen
            )  # of one id, the first counts
        self._timed |= {alert.id: alert for alert in timed}
        return list(alerts_for(self._ledger, before, task, entry))

    def elapsed(self, until: datetime | None) -> dict[str, Alert]:
        """Return what time alone gave rise to, up to what was considered, by id."""
        arose = dict(self._timed)
        if until is not None and self._tasks:
            for name, task in self._tasks.items():
                alerts = arisen(self._ledger, self._days, name, task, task.seen, until)
                arose |= {alert.id: alert for alert in alerts}
            opened = min(task.opened for task in self._tasks.values())
            arose |= {alert.id: alert for alert in weekly(self._ledger, opened, until)}
        return arose


async def _entries(record: Record, recorded: RecordedAlerts, ids: Iterable[str]) -> dict[str, bytes]:
    """Return the entries of those alerts that are in the record."""
    there = {int(recorded.places[id].partition("-")[0]): id for id in ids if id in recorded.places}
    return {there[number]: raw for number, raw in await record.read_at(list(there))}


def _missing(expected: Mapping[str, Alert], recorded: RecordedAlerts) -> list[Finding]:
    """Return the alerts that are not in the record, under no other id of an earlier version either."""
    return [
        Finding("alerts", id, f"missing: {alert.title}, to {alert.recipient}")
        for id, alert in expected.items()
        if id not in recorded.places and Cause(alert.causes[-1], alert.on, alert.recipient) not in recorded.carried
    ]


def _unlike(expected: Mapping[str, Alert], found: Mapping[str, bytes]) -> dict[str, Alert]:
    """Return the recorded alerts that are not as expected; those about channels are expected by nothing in the log."""
    alerts = {id: alert_decoder.decode(raw) for id, raw in found.items()}
    return {id: kept for id, kept in alerts.items() if kept != expected.get(id) and kept.on != TROUBLE}


def difference_of(kept: Alert, expected: Alert | None) -> Finding:
    """Return the finding on a recorded alert that is not as expected, or that nothing is expected to cause."""
    if expected is None:
        return Finding("alerts", kept.id, "neither an event nor time causes it by the ledger's rules")
    return Finding("alerts", kept.id, f"altered: {', '.join(members(kept, expected))}")
