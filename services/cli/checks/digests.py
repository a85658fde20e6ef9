"""Digests: each holds alerts that there are, to its recipient, and each alert that was planned is in one."""

from collections import Counter
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
    """Return what does not hold between alerts, digests, and the list of those that are not done."""
    async with redis.pipeline(transaction=True) as pipe:  # as of one instant: the sender goes on meanwhile
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
    holding = Counter(alert for digest in digests.values() for alert in digest.alerts)
    for id, digest in digests.items():
        if digest.id != id:
            findings.append(Finding("digests", id, f"holds the digest {digest.id}"))
        if digest.done == (id.encode() in pending):
            findings.append(Finding("digests", id, "it is done and waits" if digest.done else "it waits in no list"))
        for alert in digest.alerts:
            if recipients.get(alert) != digest.recipient:
                to = recipients.get(alert)
                wrong = f"holds alert {alert} of {to}" if to is not None else f"holds alert {alert}, which is missing"
                findings.append(Finding("digests", id, f"to {digest.recipient}, {wrong}"))
            if grouped.get(alert.encode(), b"").decode() != id:
                findings.append(Finding("digests", id, f"alert {alert} is noted as in another digest"))
    findings += [
        Finding("digests", alert, f"this alert is in {holding[alert]} digests; one is right")
        for alert in recipients
        if holding[alert] != 1
    ]
    findings += [
        Finding("digests", id.decode(), "it waits, but there is no such digest")
        for id in sorted(pending)
        if id.decode() not in digests
    ]
    return findings


async def _recipients(redis: Any, feed: str, planned: str | None) -> dict[str, str]:
    """Return the recipient of each alert up to the last that was planned."""
    found: dict[str, str] = {}
    after = "-"
    while planned is not None and (entries := await redis.xrange(feed, min=after, max=planned, count=READ_BATCH)):
        for id, fields in entries:
            found[id.decode()] = _alert.decode(fields[b"e"]).recipient
        after = f"({entries[-1][0].decode()}"
        if entries[-1][0].decode() == planned:
            break
    return found
