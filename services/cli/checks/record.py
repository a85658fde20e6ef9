"""The record: dense, nothing deleted, each alert once and known by its number."""

import re
from typing import Any, NamedTuple

import msgspec

from events.keys import key
from events.saved_rows import KNOWN, RECORD
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


async def check_record(redis: Any, name: str) -> tuple[list[Finding], RecordedAlerts]:
    """Return findings on a ledger's record, and its alerts."""
    findings: list[Finding] = []
    stream, recorded = key(name, RECORD), RecordedAlerts({}, set(), set())
    known = {id.decode(): number.decode() for id, number in (await redis.hgetall(key(name, NAME, KNOWN))).items()}
    if await redis.exists(stream) and (wrong := deleted(await redis.xinfo_stream(stream))) is not None:
        findings.append(Finding("record", stream, wrong))
    number = 0
    async for place, raw in recorded_entries(redis, name):
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
