"""What holds after a run, whatever happened: every acknowledgement is true, and everything follows from the log."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from events.entries import Stored
from events.envelope import Event, read, submitted
from events.keys import key
from events.log import Log
from events.schema import DeadlinePassed
from events.seal.merkle import Tree
from events.working_days import LIBRARY
from services.cli.checks import verify
from services.common.outcome import Outcome
from services.notify.deliveries import PartDelivery
from services.notify.store import AlertQuery, Alerts
from services.status.store import Board
from tests.faults.follower import FeedClient, plain
from tests.faults.publishers import TASKS, Acknowledged, Added
from tests.faults.world import NAME, World
from tests.notify.endpoint import Endpoint

_outcome = msgspec.json.Decoder(Outcome)


async def broken(
    world: World,
    endpoint: Endpoint,
    acknowledged: Sequence[Acknowledged],
    added: Sequence[Added],
    clients: Sequence[FeedClient],
) -> list[str]:
    """Return what does not hold."""
    wrong = list(world.wrong)
    log = Log(world.redis, NAME)
    entries: list[Stored] = []
    while batch := await log.read(len(entries)):
        entries += batch
    events = {position: read(raw) for position, raw in entries}
    wrong += _log(entries, events)
    wrong += misplaced(dict(entries), events, acknowledged)
    wrong += await unanswered(world.redis, events, added)
    found = await verify(world.redis, Log(world.redis, NAME), world.ledger, lambda _: None, Tree())
    wrong += [f"verify: {one.check}: {one.where}: {one.detail}" for one in found]
    wrong += await _rows(world, clients)
    wrong += await _alerts(world, endpoint)
    return wrong


def _log(entries: Sequence[Stored], events: dict[int, Event]) -> list[str]:
    wrong = []
    if [entry.position for entry in entries] != list(range(1, len(entries) + 1)):
        wrong.append("positions are not dense")
    twice = [id for id, count in Counter((one.source, one.id) for one in events.values()).items() if count > 1]
    wrong += [f"{id} is in the log more than once" for id in twice]
    passed = Counter(one.subject for one in events.values() if isinstance(one.data, DeadlinePassed))
    if passed != Counter({f"t-{number}": 1 for number in range(TASKS)}):
        wrong.append(f"deadline.passed is not there once for each task: {dict(passed)}")
    return wrong


def misplaced(raws: dict[int, bytes], events: dict[int, Event], acknowledged: Sequence[Acknowledged]) -> list[str]:
    """Every acknowledged event is at its position, byte for byte; a source's events are in the order they were sent."""
    wrong = []
    reached: dict[str, int] = {}
    for one in acknowledged:
        event = events.get(one.position)
        if event is None or (event.source, event.id) != (one.source, one.id):
            wrong.append(f"{one.source} {one.id} was acknowledged at {one.position}, where it is not")
        elif submitted(raws[one.position]) != one.raw:
            wrong.append(f"{one.source} {one.id} at {one.position} has other bytes than were sent")
    first = {(one.source, one.id): one.position for one in reversed(acknowledged)}
    for source, id in dict.fromkeys((one.source, one.id) for one in acknowledged):
        if first[source, id] < reached.get(source, 0):
            wrong.append(f"{source} {id} was moved before what was sent earlier")
        reached[source] = first[source, id]
    return wrong


async def unanswered(redis: Any, events: dict[int, Event], added: Sequence[Added]) -> list[str]:
    """Every entry that a publisher was told of has one receipt, that of its event; no other has two."""
    receipts = await redis.xrange(key(NAME, "receipts", "units"))
    answered: dict[str, list[Outcome]] = {}
    for _, fields in receipts:
        answered.setdefault(fields[b"inbox"].decode(), []).append(_outcome.decode(fields[b"e"]))
    wrong = [f"inbox entry {id} has {len(outcomes)} receipts" for id, outcomes in answered.items() if len(outcomes) > 1]
    for one in added:
        outcome = next(iter(answered.get(one.entry, ())), None)
        event = events.get(outcome.position or 0) if outcome is not None else None
        sent = msgspec.json.decode(one.raw)
        if event is None or (event.source, event.id) != (sent["source"], sent["id"]):
            wrong.append(f"the receipt of inbox entry {one.entry} is {outcome}, of {sent['id']}")
    return wrong


async def _rows(world: World, clients: Sequence[FeedClient]) -> list[str]:
    board = Board(world.redis, NAME, world.ledger)
    await board.load(world.clock.now())
    snapshot = plain(board.live().rows)
    wrong = [] if len(snapshot) == TASKS else [f"the snapshot has {len(snapshot)} rows"]
    for number, client in enumerate(clients):
        differing = [name for name in snapshot if client.rows.get(name) != snapshot[name]]
        if differing or client.rows.keys() != snapshot.keys():
            wrong.append(f"feed client {number} differs from the snapshot in {differing}")
    return wrong


async def _alerts(world: World, endpoint: Endpoint) -> list[str]:
    """Every alert was delivered at least once, and its delivery is recorded, unless it was settled by then."""
    alerts = Alerts(world.redis, NAME, world.ledger, LIBRARY)
    told, _ = await alerts.select(AlertQuery(limit=1_000))
    received = set(endpoint.ids)
    due = [one for one in told if one.state != "dropped"]
    wrong = [] if due else ["there are no alerts"]
    for one in due:
        if one.state != "sent" or one.digest is None:
            wrong.append(f"alert {one.alert.id} is {one.state}")
        elif f"{NAME}-{one.digest.id}" not in received:
            wrong.append(f"alert {one.alert.id} is recorded as sent, and nobody received {one.digest.id}")
        elif not any(_accepted(part) for way in one.digest.deliveries or () for part in way.parts):
            wrong.append(f"alert {one.alert.id} is sent without an attempt on record")
    named = {alert.get("id") for payload in endpoint.payloads for alert in payload["data"]["alerts"]}
    wrong += [f"alert {one.alert.id} is in no message" for one in due if one.alert.id not in named]
    return wrong


def _accepted(part: PartDelivery) -> bool:
    return any(attempt.outcome == "accepted" for attempt in part.attempts)
