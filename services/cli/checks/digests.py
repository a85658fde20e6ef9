"""Digests: each has existing alerts of its recipient, and each planned alert is in exactly one digest."""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from events.keys import key
from events.record import Record
from services.cli.checks.finding import Finding
from services.cli.recorded import recorded_entries
from services.notify.deliveries import Digest
from services.notify.outbox import NAME, alert_decoder, digest_decoder
from services.notify.record import is_alert


async def check_digests(redis: Any, record: Record) -> list[Finding]:
    """Return findings between alerts, digests and the list of pending digests; raises TrimmedError."""
    name = record.ledger
    async with redis.pipeline(transaction=True) as pipe:  # one snapshot: the sender continues meanwhile
        for what in ("outbox", "grouped"):
            pipe.hgetall(key(name, NAME, what))
        pipe.smembers(key(name, NAME, "pending"))
        pipe.get(key(name, NAME, "reached"))
        rows, grouped, pending, reached = await pipe.execute()
    findings: list[Finding] = []
    digests: dict[str, Digest] = {}
    for id, row in rows.items():
        try:
            digests[id.decode()] = digest_decoder.decode(row)
        except msgspec.MsgspecError as error:
            findings.append(Finding("digests", id.decode(), f"does not decode: {error}"))
    recipients = await _recipients(record, int(reached or 0))
    for id, digest in digests.items():
        findings += _of_digest(id, digest, pending, recipients, grouped)
    holding = Counter(alert for digest in digests.values() for alert in digest.alerts)
    for alert in recipients:
        if holding[alert] != 1:
            findings.append(Finding("digests", alert, f"this alert is in {holding[alert]} digests instead of one"))
    for id in sorted(pending):
        if id.decode() not in digests:
            findings.append(Finding("digests", id.decode(), "it is listed as pending, but does not exist"))
    return findings


def _of_digest(
    id: str, digest: Digest, pending: Collection[bytes], recipients: Mapping[str, str], grouped: Mapping[bytes, bytes]
) -> list[Finding]:
    """Return findings on one digest: its id, its place in the list of pending digests, its alerts."""
    wrong = []
    if digest.id != id:
        wrong.append(f"the record is that of digest {digest.id}")
    if digest.done == (id.encode() in pending):
        wrong.append("it is done but listed as pending" if digest.done else "it is not done and not listed as pending")
    for alert in digest.alerts:
        to = recipients.get(alert)
        if to != digest.recipient:
            whose = f" of {to}" if to is not None else ", which is missing"
            wrong.append(f"to {digest.recipient}, has alert {alert}{whose}")
        if grouped.get(alert.encode(), b"").decode() != id:
            wrong.append(f"alert {alert} is recorded as part of another digest")
    return [Finding("digests", id, detail) for detail in wrong]


async def _recipients(record: Record, reached: int) -> dict[str, str]:
    """Return the recipient of each alert up to the last entry that the sender has read."""
    found: dict[str, str] = {}
    async for _, raw in recorded_entries(record, reached):
        if is_alert(raw):
            alert = alert_decoder.decode(raw)
            found[alert.id] = alert.recipient
    return found
