"""Outcomes: one receipt per inbox entry, with an event of the log; every refusal with its number."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec

from events.envelope import read
from events.keys import key
from events.log import Log
from services.cli.checks.finding import Finding, deleted
from services.common.outcome import Outcome
from services.ingest.refusals import ENTRY_BYTES, Kept, bodies_of, read_refused

READ_BATCH = 1_000

_outcome = msgspec.json.Decoder(Outcome)


async def check_refused(redis: Any, name: str) -> list[Finding]:
    """Return findings on refusals: each decodes and has its number, none was deleted.

    Bytes of older refusals have expired; bytes that are kept must be complete and as sent.
    """
    stream = key(name, "refused")
    findings: list[Finding] = []
    number, after, numbered = 0, "0-0", False
    bodies: dict[str, int] = {}
    while refused := await read_refused(redis, name, after, READ_BATCH):
        for one in refused:
            number += 1
            findings += _refusal(one, number, numbered=numbered)
            numbered = numbered or "n" in one.fields
            by = one.fields.get("by", b"").decode()
            bodies[by] = bodies.get(by, 0) + (one.raw is not None and "raw" not in one.fields)
        after = refused[-1].id
    if await redis.exists(stream) and (gone := deleted(await redis.xinfo_stream(stream))) is not None:
        findings.append(Finding("refused", stream, gone))
    return findings + await _bodies(redis, name, bodies)


def _refusal(one: Kept, number: int, *, numbered: bool) -> list[Finding]:
    """Return findings on the refusal of this number; `numbered` if an earlier refusal has a number."""
    try:
        wrong = [] if _outcome.decode(one.fields.get("e", b"")).outcome == "refused" else ["its outcome is no refusal"]
    except msgspec.MsgspecError as error:
        wrong = [f"does not decode: {error}"]
    found = one.fields.get("n")
    if found != (b"%d" % number if numbered or found is not None else None):
        wrong.append(f"its number is {found.decode() if found is not None else 'missing'}; it should be {number}")
    if one.raw is not None and "sha256" in one.fields:
        known = (one.fields.get("size", b"").decode(), one.fields["sha256"].decode())
        if (str(len(one.raw)), sha256(one.raw).hexdigest()) != known:
            wrong.append("the bytes differ from the sent ones in size or SHA-256")
    return [Finding("refused", one.id, detail) for detail in wrong]


async def _bodies(redis: Any, name: str, found: Mapping[str, int]) -> list[Finding]:
    """Return findings on the kept bytes: their number and their total size."""
    findings = []
    sums = {source.decode(): int(size) for source, size in (await redis.hgetall(key(name, "refused", "sizes"))).items()}
    prefix = bodies_of(name, "")
    kept = {one.decode()[len(prefix) :] async for one in redis.scan_iter(match=f"{prefix.replace('{', '[{]')}*")}
    for source in sorted({*sums, *found, *kept}):
        stream = bodies_of(name, source)
        size = count = 0
        after = "0-0"
        while entries := await redis.xrange(stream, min=f"({after}", count=READ_BATCH):
            count += len(entries)
            size += sum(len(fields.get(b"raw", b"")) + ENTRY_BYTES for _, fields in entries)
            after = entries[-1][0].decode()
        if count != found.get(source, 0):
            findings.append(
                Finding(
                    "refused",
                    stream,
                    f"bytes of {count} refusals are kept; {found.get(source, 0)} refusals refer to bytes",
                )
            )
        if size != sums.get(source, 0):
            findings.append(Finding("refused", stream, f"{size} bytes are kept; {sums.get(source, 0)} should be"))
    return findings


async def check_receipts(redis: Any, log: Log, source: str) -> list[Finding]:
    """Return findings on a source's receipts: one per inbox entry, whose position has the named event."""
    findings: list[Finding] = []
    answered: set[bytes] = set()
    after = "-"
    while entries := await redis.xrange(key(log.ledger, "receipts", source), min=after, count=READ_BATCH):
        outcomes: list[tuple[str, Outcome]] = []
        for id, fields in entries:
            where = f"{source} {id.decode()}"
            inbox = fields.get(b"inbox", b"")
            if inbox in answered:
                findings.append(Finding("receipts", where, f"entry {inbox.decode()} has an earlier receipt"))
            answered.add(inbox)
            try:
                outcomes.append((where, _outcome.decode(fields.get(b"e", b""))))
            except msgspec.MsgspecError as error:
                findings.append(Finding("receipts", where, f"does not decode: {error}"))
        named = sorted({outcome.position for _, outcome in outcomes if outcome.position is not None})
        events = {entry.position: read(entry.raw) for entry in await log.read_at(named)}
        for where, outcome in outcomes:
            event = events.get(outcome.position or 0)
            if outcome.position is not None and (
                event is None or (event.source, event.id) != (outcome.source, outcome.id)
            ):
                wrong = f"position {outcome.position} is not event {outcome.id!r} of {outcome.source!r}"
                findings.append(Finding("receipts", where, wrong))
        after = f"({entries[-1][0].decode()}"
    return findings
