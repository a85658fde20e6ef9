"""What was answered: a receipt for each entry of an inbox, with an event of the log; every refusal that there was."""

from typing import Any

import msgspec

from events.envelope import read
from events.log import Log, key
from services.cli.checks.finding import Finding, deleted
from services.ingest.core import Outcome

READ_BATCH = 1_000

_outcome = msgspec.json.Decoder(Outcome)


async def check_refused(redis: Any, name: str) -> list[Finding]:
    """Return what does not hold of the refusals: each decodes, and none was deleted."""
    stream = key(name, "refused")
    findings: list[Finding] = []
    after = "-"
    while entries := await redis.xrange(stream, min=after, count=READ_BATCH):
        for id, fields in entries:
            try:
                refused = _outcome.decode(fields.get(b"e", b"")).outcome == "refused"
            except msgspec.MsgspecError as error:
                findings.append(Finding("refused", id.decode(), f"does not decode: {error}"))
                continue
            if not refused:
                findings.append(Finding("refused", id.decode(), "its outcome is no refusal"))
        after = f"({entries[-1][0].decode()}"
    if await redis.exists(stream) and (gone := deleted(await redis.xinfo_stream(stream))) is not None:
        findings.append(Finding("refused", stream, gone))
    return findings


async def check_receipts(redis: Any, log: Log, source: str) -> list[Finding]:
    """Return what does not hold of a source's receipts: one for an inbox entry, naming the event that it names."""
    findings: list[Finding] = []
    answered: set[bytes] = set()
    after = "-"
    while entries := await redis.xrange(key(log.ledger, "receipts", source), min=after, count=READ_BATCH):
        outcomes: list[tuple[str, Outcome]] = []
        for id, fields in entries:
            where = f"{source} {id.decode()}"
            inbox = fields.get(b"inbox", b"")
            if inbox in answered:
                findings.append(Finding("receipts", where, f"entry {inbox.decode()} has a receipt already"))
            answered.add(inbox)
            try:
                outcomes.append((where, _outcome.decode(fields.get(b"e", b""))))
            except msgspec.MsgspecError as error:
                findings.append(Finding("receipts", where, f"does not decode: {error}"))
        named = sorted({outcome.position for _, outcome in outcomes if outcome.position is not None})
        events = {entry.position: read(entry.raw) for entry in await log.pick(named)}
        for where, outcome in outcomes:
            event = events.get(outcome.position or 0)
            if outcome.position is not None and (
                event is None or (event.source, event.id) != (outcome.source, outcome.id)
            ):
                wrong = f"position {outcome.position} is not event {outcome.id!r} of {outcome.source!r}"
                findings.append(Finding("receipts", where, wrong))
        after = f"({entries[-1][0].decode()}"
    return findings
