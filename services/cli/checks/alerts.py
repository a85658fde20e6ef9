"""Alerts: exactly those that a fresh fold gives, and those that time alone gave rise to."""

import itertools
from datetime import datetime
from typing import Any

import msgspec

from events.difference import members
from events.entries import Recorded
from events.envelope import read
from events.keys import key
from events.ledger import Ledger
from events.log import Log
from events.saved_rows import saved_position
from events.working_days import WorkingDays
from services.cli.checks.finding import Finding
from services.notify.alerts import Alert, alerts_for
from services.notify.elapsed import arisen, caused, weekly
from services.notify.notified_task import NotifiedTask, evolve
from services.notify.store import FEED, NAME

_alert = msgspec.json.Decoder(Alert)


async def check_alerts(redis: Any, log: Log, ledger: Ledger, days: WorkingDays) -> list[Finding]:
    """Return missing, invented and altered alerts, by the ledger's present rules and directory.

    What arose by time alone is compared where it is there: whether it had to arise depends on when time was first
    considered, and on the rules of then.
    """
    fold = _Fold(ledger, days)
    findings: list[Finding] = []
    timed: dict[str, bytes] = {}
    feed = key(log.ledger, NAME, FEED)
    after, until = 0, await saved_position(redis, log.ledger, NAME)
    while after < until and (batch := await log.read(after)):
        entries = [Recorded(position, read(raw)) for position, raw in batch if position <= until]
        expected = {alert.id: alert for entry in entries for alert in fold.event(entry)}
        found = await redis.xrange(feed, min=f"{after + 1}-0", max=f"{entries[-1].position}")
        kept = {_id(place, fields[b"e"]): fields[b"e"] for place, fields in found}
        timed |= {id: raw for id, raw in kept.items() if id not in expected}
        findings += _compared(expected, {id: raw for id, raw in kept.items() if id in expected})
        after = batch[-1].position
    considered = await redis.hget(key(log.ledger, NAME, "checkpoint"), "considered")
    arose = fold.elapsed(int(considered) if considered is not None else None)
    findings += _compared({id: arose[id] for id in timed if id in arose}, timed)
    beyond = await redis.xrange(feed, min=f"{until + 1}-0")
    if beyond and await saved_position(redis, log.ledger, NAME) == until:  # otherwise they were added meanwhile
        findings += [Finding("alerts", id.decode(), f"alerts reflect position {until}, before it") for id, _ in beyond]
    return findings


class _Fold:
    """The tasks of a log, and what time alone gave rise to."""

    def __init__(self, ledger: Ledger, days: WorkingDays) -> None:
        self._ledger = ledger
        self._days = days
        self._tasks: dict[str, NotifiedTask] = {}
        self._timed: dict[str, Alert] = {}

    def event(self, entry: Recorded) -> list[Alert]:
        """Fold an event, and return the alerts that it causes itself."""
        name = entry.event.subject
        before = self._tasks.get(name)
        task = evolve(self._ledger, before, entry)
        if task is None:
            return []
        self._tasks[name] = task
        self._timed |= {alert.id: alert for alert in caused(self._ledger, self._days, before, task, entry)}
        return list(alerts_for(self._ledger, before, task, entry))

    def elapsed(self, considered: int | None) -> dict[str, Alert]:
        """Return what time alone gave rise to, up to what was considered (microseconds since 1970), by id."""
        if considered is not None and self._tasks:
            until = datetime.fromtimestamp(considered // 1_000_000 + 1, self._ledger.zone)
            for name, task in self._tasks.items():
                alerts = arisen(self._ledger, self._days, name, task, task.seen, until)
                self._timed |= {alert.id: alert for alert in alerts}
            opened = min(task.opened for task in self._tasks.values())
            self._timed |= {alert.id: alert for alert in weekly(self._ledger, opened, until)}
        return self._timed


def _id(place: bytes, raw: bytes) -> str:
    """Return the id of an alert in the stream, or its place if it does not decode."""
    try:
        return _alert.decode(raw).id
    except msgspec.MsgspecError:
        return place.decode()


def _compared(expected: dict[str, Alert], found: dict[str, bytes]) -> list[Finding]:
    findings = []
    for id in itertools.chain(expected, (other for other in found if other not in expected)):
        if id not in found:
            findings.append(Finding("alerts", id, f"missing: {expected[id].title}, to {expected[id].recipient}"))
            continue
        try:
            kept = _alert.decode(found[id])
        except msgspec.MsgspecError as error:
            findings.append(Finding("alerts", id, f"does not decode: {error}"))
            continue
        if id not in expected:
            findings.append(Finding("alerts", id, "neither an event nor time causes it by the ledger's rules"))
        elif kept != expected[id]:
            findings.append(Finding("alerts", id, f"altered: {', '.join(members(kept, expected[id]))}"))
    return findings
