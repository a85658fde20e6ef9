"""The log: dense, decodable, ordered; each submission once, with its submitted bytes, from a permitted source."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from events.entries import Recorded, Seen, Stored, digest
from events.envelope import Event, submitted
from events.keys import key
from events.ledger import CLOCK, NOTIFY, RESERVED, Ledger
from events.log import Log
from events.seal.merkle import Tree
from services.cli.checks.decoding import Decoding
from services.cli.checks.finding import Finding, TreeHead, deleted


async def check_log(
    redis: Any,
    log: Log,
    ledger: Ledger,
    progress: Callable[[int], None],
    tree: Tree,
    since: TreeHead | None,
    follow: Callable[[Sequence[Recorded]], Awaitable[None]],
) -> list[Finding]:
    """Read the whole log and return its findings; `follow` gets its events, batch after batch."""
    decoding = Decoding()
    findings = decoding.findings
    after = left = 0
    await log.trimmed.load()
    noted = tree.head() if since is not None and since.position == 0 else None
    while batch := await log.read(after):
        events: list[tuple[Stored, Event]] = []
        for entry in batch:
            if entry.position != after + 1:
                findings.append(Finding("dense", str(entry.position), f"follows position {after}"))
            after = entry.position
            tree.add(entry.raw)
            if since is not None and tree.size == since.position:
                noted = tree.head()
            if (event := decoding.event(entry)) is not None:
                events.append((entry, event))
        ids = [(event.source, event.id) for _, event in events]
        known, trimmed = await log.seen_in_stream(ids), log.trimmed.find(ids)
        for (entry, event), id, one in zip(events, ids, known, strict=True):
            is_trimmed = entry.position <= log.trimmed.last
            left += is_trimmed and one is not None
            places = [trimmed.get(id), *([one] if one else [])] if is_trimmed else [one]
            findings += [finding for place in places for finding in _submission(entry, event, place)]
            findings += _authority(entry.position, event, ledger)
        await follow([Recorded(entry.position, event) for entry, event in events])
        progress(after)
    if since is not None and noted != since.digest:
        findings.append(_other_head(since, noted, tree.size))
    return findings + await _whole(redis, log, left)


def _other_head(since: TreeHead, noted: str | None, size: int) -> Finding:
    found = f"the head is {noted}" if noted is not None else f"the log has {size} events"
    return Finding("tree", str(since.position), f"{found}; the earlier head is {since.digest}")


def _submission(entry: Stored, event: Event, known: Seen | None) -> list[Finding]:
    """Return findings unless the index has the event at its position, with the digest of its submitted bytes."""
    position, id = str(entry.position), (event.source, event.id)
    if known is None:
        return [Finding("once", position, f"the index of submissions lacks {id}")]
    if known.position != entry.position:
        return [Finding("once", position, f"the index has {id} at position {known.position}")]
    found = digest(submitted(entry.raw))
    if found != known.digest:
        return [Finding("bytes", position, f"the digest is {found}; that of the submitted bytes was {known.digest}")]
    return []


def _authority(position: int, event: Event, ledger: Ledger) -> list[Finding]:
    """Return findings unless the event's source sent it and has the role of its type; removed sources are skipped."""
    authid = event.authid or ""
    if event.source != authid and not event.source.startswith(f"{authid}/"):
        return [
            Finding("authority", str(position), f"source {event.source!r} does not belong to {authid!r}, which sent it")
        ]
    needed = event.data.speaker
    own = {None: CLOCK, "notify": NOTIFY}.get(needed)
    if own is not None or authid in RESERVED:
        wrong = authid != own
        return [Finding("authority", str(position), f"{event.type} is recorded as sent by {authid!r}")] if wrong else []
    source = ledger.sources.get(authid)  # a source that was removed since had the role then
    if source is not None and source.role != needed:
        return [
            Finding(
                "authority",
                str(position),
                f"{event.type} is for the role {needed}; {authid!r} has the role {source.role}",
            )
        ]
    return []


async def _whole(redis: Any, log: Log, left: int) -> list[Finding]:
    """Return findings unless index and log have the same length, and nothing but what was trimmed is gone from the log.

    `left` are the submissions in the index that it may lose, as they have a segment.
    """
    if not await redis.exists(log.key):
        indexed = await redis.hlen(key(log.ledger, "seen"))
        return [Finding("once", "0", f"the log is missing; {indexed} submissions are indexed")] if indexed else []
    async with redis.pipeline(transaction=True) as pipe:
        pipe.xinfo_stream(log.key)
        pipe.hlen(key(log.ledger, "seen"))
        info, indexed = await pipe.execute()
    findings = []
    tail, length = _position(info["last-generated-id"]), info["length"]
    first = _position(info["first-entry"][0]) if info["first-entry"] else tail + 1
    if indexed != (wanted := tail - log.trimmed.last + left):
        findings.append(
            Finding(
                "once", str(tail), f"the log has {wanted} events outside of segments, the index {indexed} submissions"
            )
        )
    if tail != first - 1 + length:
        findings.append(
            Finding("dense", str(tail), f"the stream has {length} events from {first} on, but its last one was {tail}")
        )
    if (gone := deleted(info, first - 1)) is not None:
        findings.append(Finding("dense", str(tail), gone))
    return findings


def _position(id: bytes) -> int:
    return int(id.partition(b"-")[0])
