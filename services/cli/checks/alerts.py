"""Alerts: exactly those that a fresh fold gives."""

from collections.abc import Mapping
from typing import Any

import msgspec

from events.difference import members
from events.entries import Recorded
from events.envelope import read
from events.keys import key
from events.ledger import Ledger
from events.log import Log
from events.saved_rows import RECORD, saved_position
from services.cli.checks.finding import Finding
from services.cli.checks.record import Cause, RecordedAlerts
from services.notify.alerts import Alert, NotifiedTask, alerts_for, evolve
from services.notify.outbox import NAME, alert_decoder


async def check_alerts(redis: Any, log: Log, ledger: Ledger, recorded: RecordedAlerts) -> list[Finding]:
    """Return missing, invented and altered alerts, by the ledger's present rules and directory."""
    findings: list[Finding] = []
    tasks: dict[str, NotifiedTask] = {}
    known: set[str] = set()
    after, until = 0, await saved_position(redis, log.ledger, NAME)
    while after < until and (batch := await log.read(after)):
        expected: dict[str, Alert] = {}
        for position, raw in batch:
            if position > until:
                break
            entry = Recorded(position, read(raw))
            task = evolve(tasks.get(entry.event.subject), entry)
            if task is not None:
                tasks[entry.event.subject] = task
                for alert in alerts_for(ledger, task, entry):
                    expected.setdefault(alert.id, alert)
        new = {id: alert for id, alert in expected.items() if id not in known}
        known |= new.keys()
        findings += _compared(new, await _found(redis, log.ledger, new, recorded), recorded)
        after = batch[-1].position
    if await saved_position(redis, log.ledger, NAME) == until:  # otherwise some were added meanwhile
        findings += await _invented(redis, log.ledger, recorded, known, until)
    return findings


async def _found(redis: Any, name: str, expected: Mapping[str, Alert], recorded: RecordedAlerts) -> dict[str, bytes]:
    """Return the entries of alerts that are in the record."""
    there = [id for id in expected if id in recorded.places]
    async with redis.pipeline(transaction=False) as pipe:
        for id in there:
            pipe.xrange(key(name, RECORD), min=recorded.places[id], max=recorded.places[id])
        return {id: found[0][1][b"e"] for id, found in zip(there, await pipe.execute(), strict=True) if found}


async def _invented(redis: Any, name: str, recorded: RecordedAlerts, known: set[str], until: int) -> list[Finding]:
    """Return the alerts that an event of the log must have caused, and none did."""
    findings = []
    for id in recorded.places.keys() - known:
        ((_, fields),) = await redis.xrange(key(name, RECORD), min=recorded.places[id], max=recorded.places[id])
        alert = alert_decoder.decode(fields[b"e"])
        if not alert.causes or Cause(alert.causes[-1], alert.on, alert.recipient) in recorded.carried:
            continue
        beyond = f"alerts reflect position {until}, before it" if alert.causes[-1] > until else None
        findings.append(Finding("alerts", id, beyond or "no event causes it by the ledger's rules"))
    return findings


def _compared(expected: Mapping[str, Alert], found: Mapping[str, bytes], recorded: RecordedAlerts) -> list[Finding]:
    findings = []
    for id, alert in expected.items():
        if id not in found:
            if Cause(alert.causes[-1], alert.on, alert.recipient) not in recorded.carried:
                findings.append(Finding("alerts", id, f"missing: {alert.title}, to {alert.recipient}"))
            continue
        try:
            kept = alert_decoder.decode(found[id])
        except msgspec.MsgspecError as error:
            findings.append(Finding("alerts", id, f"does not decode: {error}"))
            continue
        if kept != alert:
            findings.append(Finding("alerts", id, f"altered: {', '.join(members(kept, alert))}"))
    return findings
