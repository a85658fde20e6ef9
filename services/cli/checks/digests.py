"""Digests: each has existing alerts of its recipient, and each planned alert is in exactly one digest."""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from events.keys import key
from services.cli.checks.finding import Finding
from services.notify.alerts import Alert
from services.notify.deliveries import Digest
from services.notify.store import FEED, NAME

READ_BATCH = 1_000

_alert = msgspec.json.Decoder(Alert)
_digest = msgspec.msgpack.Decoder(Digest)


async def check_digests(redis: Any, name: str) -> list[Finding]:
    """Return findings between alerts, digests and the list of pending digests."""
    async with redis.pipeline(transaction=True) as pipe:  # one snapshot: the sender continues meanwhile
        for what in ("digests", "grouped"):
            pipe.hgetall(key(name, NAME, what))
        pipe.smembers(key(name, NAME, "pending"))
        pipe.get(key(name, NAME, "planned"))
        rows, grouped, pending, planned = await pipe.execute()
    findings: list[Finding] = []
    digests: dict[str, Digest] = {}
    for id, row in rows.items():
        try:
            digests[id.decode()] = _digest.decode(row)
        except msgspec.MsgspecError as error:
            findings.append(Finding("digests", id.decode(), f"does not decode: {error}"))
    recipients = await _recipients(redis, key(name, NAME, FEED), planned.decode() if planned is not None else None)
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


async def _recipients(redis: Any, feed: str, planned: str | None) -> dict[str, str]:
    """Return the recipient of each alert up to the last planned one."""
    found: dict[str, str] = {}
    after = "-"
    while planned is not None and (entries := await redis.xrange(feed, min=after, max=planned, count=READ_BATCH)):
        for _, fields in entries:
            alert = _alert.decode(fields[b"e"])
            found[alert.id] = alert.recipient
        after = f"({entries[-1][0].decode()}"
        if entries[-1][0].decode() == planned:
            break
    return found
