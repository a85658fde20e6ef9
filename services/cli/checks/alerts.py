"""Alerts: exactly those that a fresh fold gives."""

import itertools
from typing import Any

import msgspec

from events.difference import members
from events.entries import Recorded
from events.envelope import read
from events.keys import key
from events.ledger import Ledger
from events.log import Log
from events.saved_rows import saved_position
from services.cli.checks.finding import Finding
from services.notify.alerts import Alert, NotifiedTask, alerts_for, evolve
from services.notify.store import FEED, NAME

_alert = msgspec.json.Decoder(Alert)


async def check_alerts(redis: Any, log: Log, ledger: Ledger) -> list[Finding]:
    """Return missing, invented and altered alerts, by the ledger's present rules and directory."""
    findings: list[Finding] = []
    tasks: dict[str, NotifiedTask] = {}
    feed = key(log.ledger, NAME, FEED)
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
                places = (f"{position}-{number}" for number in itertools.count())
                expected.update(zip(places, alerts_for(ledger, task, entry), strict=False))
        last = min(batch[-1].position, until)
        found = {
            id.decode(): fields[b"e"] for id, fields in await redis.xrange(feed, min=f"{after + 1}-0", max=f"{last}")
        }
        findings += _compared(expected, found)
        after = batch[-1].position
    beyond = await redis.xrange(feed, min=f"{until + 1}-0")
    if beyond and await saved_position(redis, log.ledger, NAME) == until:  # otherwise they were added meanwhile
        findings += [Finding("alerts", id.decode(), f"alerts reflect position {until}, before it") for id, _ in beyond]
    return findings


def _compared(expected: dict[str, Alert], found: dict[str, bytes]) -> list[Finding]:
    findings = []
    for id in [*expected, *(other for other in found if other not in expected)]:
        if id not in found:
            findings.append(Finding("alerts", id, f"missing: {expected[id].title}, to {expected[id].recipient}"))
        elif id not in expected:
            findings.append(Finding("alerts", id, "no event causes it by the ledger's rules"))
        else:
            try:
                kept = _alert.decode(found[id])
            except msgspec.MsgspecError as error:
                findings.append(Finding("alerts", id, f"does not decode: {error}"))
                continue
            if kept != expected[id]:
                findings.append(Finding("alerts", id, f"altered: {', '.join(members(kept, expected[id]))}"))
    return findings
