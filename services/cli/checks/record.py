"""The record: dense, nothing deleted but what was trimmed, each alert once and known by its number."""

import re
from typing import Any, NamedTuple

import msgspec

from events.keys import key
from events.record import Record
from events.saved_rows import KNOWN
from services.cli.checks.finding import Finding, deleted
from services.cli.recorded import recorded_entries
from services.notify.alerts import Alert
from services.notify.outbox import NAME, alert_decoder
from services.notify.record import entry_decoder, is_alert

CARRIED = re.compile(r"[0-9]+-[0-9]+")
"""Ids that the version before the record gave: the position and a number."""


class Cause(NamedTuple):
    """What gave rise to an alert, as far as the version before the record kept it."""

    position: int
    on: str
    recipient: str


class RecordedAlerts(NamedTuple):
    """The alerts of the record: the entry of each by its id; the causes and ids of those of an earlier version."""

    places: dict[str, str]
    carried: set[Cause]
    carried_ids: set[str]


async def check_record(redis: Any, record: Record) -> tuple[list[Finding], RecordedAlerts]:
    """Return findings on a ledger's record, and its alerts; raises TrimmedError."""
    recorded = RecordedAlerts({}, set(), set())
    known = await redis.hgetall(key(record.ledger, NAME, KNOWN))
    known = {id.decode(): number.decode() for id, number in known.items()}
    findings = await _deleted(redis, record)
    number = 0
    async for place, raw in recorded_entries(record):
        number += 1
        if place != f"{number}-0":
            findings.append(Finding("record", place, f"entry {number} of the record has this id"))
            number = int(place.partition("-")[0])
        try:
            entry = alert_decoder.decode(raw) if is_alert(raw) else entry_decoder.decode(raw)
        except msgspec.MsgspecError as error:
            findings.append(Finding("record", place, f"does not decode: {error}"))
            continue
        if isinstance(entry, Alert):
            findings += _of_alert(entry, place, known, recorded)
    missing = known.keys() - recorded.places.keys()
    findings += [Finding("record", id, "this alert is known and not in the record") for id in sorted(missing)]
    return findings, recorded


async def _deleted(redis: Any, record: Record) -> list[Finding]:
    """Return a finding if entries were deleted that have not been trimmed."""
    if not await redis.exists(record.key):
        return []
    async with redis.pipeline(transaction=True) as pipe:
        pipe.xinfo_stream(record.key)
        pipe.get(record.mark)
        info, mark = await pipe.execute()
    first = info["first-entry"]
    gone = int(first[0].partition(b"-")[0]) - 1 if first else int(info["last-generated-id"].partition(b"-")[0])
    wrong = deleted(info, min(gone, int(mark.split()[0]) if mark is not None else 0))
    return [Finding("record", record.key, wrong)] if wrong is not None else []


def _of_alert(alert: Alert, place: str, known: dict[str, str], recorded: RecordedAlerts) -> list[Finding]:
    wrong = []
    if alert.id in recorded.places:
        wrong.append(Finding("record", place, f"alert {alert.id} is there already, at {recorded.places[alert.id]}"))
    if known.get(alert.id) != place.partition("-")[0]:
        wrong.append(Finding("record", place, f"alert {alert.id} is known at {known.get(alert.id, 'no place')}"))
    recorded.places[alert.id] = place
    if CARRIED.fullmatch(alert.id) is not None and alert.causes:
        recorded.carried_ids.add(alert.id)
        recorded.carried.add(Cause(alert.causes[-1], alert.on, alert.recipient))
    return wrong
