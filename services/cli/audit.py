"""Replaying and verifying a log: read straight from it, not from what the services say of it."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from events.difference import members
from events.envelope import InvalidEvent, read
from events.ledger import Ledger
from events.log import Log, Recorded, Stored, key, within
from events.projection import Projection
from events.seal.merkle import Tree
from services.ingest.store import rules as ingest_rules
from services.ledger_clock import ahead_of_wall
from services.notify.store import FEED, NAME
from services.status.store import rules as status_rules

SHOWN = 300
"""Characters of a row that are told: two or three lines on a terminal."""


class Slice(NamedTuple):
    """Which events a replay shows."""

    task: str | None = None
    after: int = 0
    until: int | datetime | None = None
    since: datetime | None = None


class Finding(NamedTuple):
    """Something that does not hold, and where."""

    check: str
    where: str
    detail: str


async def replay(log: Log, wanted: Slice) -> AsyncIterator[tuple[Stored, Recorded]]:
    """Yield the stored bytes and the decoded form of the events in a slice, in order."""
    after = wanted.after
    while batch := await log.read(after):
        for entry in batch:
            event = read(entry.raw)
            recorded = Recorded(entry.position, event)
            if not within(recorded, wanted.until):
                return
            late = wanted.since is None or (event.recorded or event.time) >= wanted.since
            if late and wanted.task in {None, event.subject}:
                yield entry, recorded
        after = batch[-1].position


class Head(NamedTuple):
    """The head of the tree over the events at the positions 1 to `position`."""

    position: int
    digest: str


async def verify(
    redis: Any, name: str, ledger: Ledger, progress: Callable[[int], None], tree: Tree, since: Head | None = None
) -> list[Finding]:
    """Check a ledger from its log up and return what does not hold; `progress` and `tree` take what is read."""
    log = Log(redis, name)
    findings = await _verify_log(log, progress, tree, since)
    if findings:
        return findings  # rows folded from a broken log would only repeat the news
    findings += await _verify_rows(Projection(redis, log, ingest_rules(ledger)))
    findings += await _verify_rows(Projection(redis, log, status_rules(ledger)))
    findings += await _verify_alerts(redis, name, log)
    if (wrong := await ahead_of_wall(redis, name)) is not None:
        findings.append(Finding("clock", str(tree.size), wrong))
    return findings


async def _verify_log(log: Log, progress: Callable[[int], None], tree: Tree, since: Head | None) -> list[Finding]:
    """Positions dense, every event decodes, recorded instants never run back, each source and id once."""
    findings: list[Finding] = []
    after, recorded = 0, None
    noted = tree.head() if since is not None and since.position == 0 else None
    while batch := await log.read(after):
        ids: list[tuple[str, str]] = []
        positions: list[int] = []
        for position, raw in batch:
            if position != after + 1:
                findings.append(Finding("dense", str(position), f"follows position {after}"))
            after = position
            tree.add(raw)
            if since is not None and tree.size == since.position:
                noted = tree.head()
            try:
                event = read(raw)
            except InvalidEvent as error:
                findings.append(Finding("decodes", str(position), error.detail))
                continue
            if recorded is not None and event.recorded is not None and event.recorded < recorded:
                findings.append(Finding("ordered", str(position), f"recorded {event.recorded}, before {recorded}"))
            recorded = event.recorded or recorded
            ids.append((event.source, event.id))
            positions.append(position)
        for position, id, known in zip(positions, ids, await log.known(ids), strict=True):
            if known is None:
                findings.append(Finding("once", str(position), f"the index of submissions lacks {id}"))
            elif known.position != position:
                findings.append(Finding("once", str(position), f"{id} is at position {known.position} already"))
        progress(after)
    if since is not None and noted != since.digest:
        found = f"the head is {noted}" if noted is not None else f"the log has {tree.size} events"
        findings.append(Finding("tree", str(since.position), f"{found}; the one noted before is {since.digest}"))
    return findings


async def _verify_rows(projection: Projection[Any]) -> list[Finding]:
    """A fresh fold equals the saved rows, as of the same instant."""
    await projection.read_saved()
    fresh = await projection.fresh(projection.position)
    findings = []
    for name, (saved, folded) in projection.rules.differing(projection.rows, fresh.rows).items():
        differing = ", ".join(members(saved, folded))
        detail = f"{differing}: the saved row is {_short(saved)}, the log folds to {_short(folded)}"
        findings.append(Finding("rows", f"{projection.rules.name} {name}", detail))
    return findings


async def _verify_alerts(redis: Any, name: str, log: Log) -> list[Finding]:
    """Every alert names events of its task that are in the log."""
    findings: list[Finding] = []
    after = "-"
    feed = key(name, NAME, FEED)
    while entries := await redis.xrange(feed, min=after, count=1_000):
        alerts = [(id.decode(), msgspec.json.decode(fields[b"e"])) for id, fields in entries]
        causes = sorted({position for _, alert in alerts for position in alert["causes"]})
        events = {entry.position: read(entry.raw) for entry in await log.pick(causes)}
        for id, alert in alerts:
            named = [events.get(position) for position in alert["causes"]]
            if not named or any(event is None or event.subject != alert["task"] for event in named):
                findings.append(Finding("alerts", id, f"causes {alert['causes']} are not events of {alert['task']}"))
        after = f"({alerts[-1][0]}"
    return findings


def _short(row: object) -> str:
    text = msgspec.json.encode(row).decode()
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"
