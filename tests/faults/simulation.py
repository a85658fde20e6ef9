"""One simulated run: the real writer, inboxes, projections and sender on a real server, with faults chosen by seed."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, NamedTuple, TypeAlias

import structlog

import services.common.runtime
import services.ingest.inbox
import services.notify.lease
import services.notify.sender
from events.keys import key
from events.log import Log
from events.saved_rows import EPOCH, saved_position
from events.working_days import LIBRARY
from services.common.clock import sleep
from services.common.connection import connect
from services.notify.store import CONSIDERED, AlertQuery, Alerts
from tests.faults.components import COMPONENTS, SECOND, keep
from tests.faults.follower import FeedClient, plain
from tests.faults.invariants import broken
from tests.faults.points import Faults, Points
from tests.faults.publishers import TASKS, Direct, Inboxed, orders, reports
from tests.faults.simulated_process import tracked_tasks
from tests.faults.world import END, NAME, WINDOW_MINUTES, World, ledger_for
from tests.notify.endpoint import Endpoint

EVENTS = 48
"""Of each of the four publishers."""

CLIENTS = 2

STEP = timedelta(hours=1)
"""Advance of the ledger's clock each STEP_SECONDS: all dues pass within the run."""

STEP_SECONDS = 0.02

REST_STEP_SECONDS = 0.25
"""Between two steps of the clock, of a digest's window each, once all dues have passed."""

REST_SECONDS = 60.0
"""How long a run may take to come to rest once no more faults come."""

QUICK = {
    (services.notify.lease, "LEASE_SECONDS"): 1.0,
    (services.notify.sender, "TURN_SECONDS"): 0.02,
    (services.ingest.inbox, "RETRY_SECONDS"): 0.02,
    (services.common.runtime, "RETRY_SECONDS"): 0.02,
}
"""Waits of the services, in seconds, that are longer than a run: the same code waits less."""


Meddle: TypeAlias = Callable[[Any], Awaitable[None]]


class Run(NamedTuple):
    """What a run came to: the points that fired and what was broken."""

    seed: int
    points: Points
    wrong: list[str]
    acknowledged: int


class UnsettledError(Exception):
    """A run did not come to rest."""


async def simulate(url: str, endpoint: Endpoint, seed: int, events: int = EVENTS, meddle: Meddle | None = None) -> Run:
    """Run once on an empty server, with the endpoint as the receiver of all alerts.

    `meddle` is called with a client of the server before the invariants are looked at, to see that they are.
    """
    redis = connect(url)
    await redis.flushall()
    endpoint.ids.clear()
    endpoint.payloads.clear()
    world = World(url, ledger_for(endpoint.url), Faults(seed), redis)
    try:
        with _quick(), _logged(world):
            async with tracked_tasks():
                return await _run(world, endpoint, seed, events, meddle)
    finally:
        await redis.aclose()
        await _close_abandoned(world.faults)


async def _close_abandoned(faults: Faults) -> None:
    """Close the connections of crashed processes: their sockets must not outlive the run."""
    for connection in list(faults.connections):
        await connection.disconnect(nowait=True)
    await sleep(0.01)  # the transports leave the loop


async def _run(world: World, endpoint: Endpoint, seed: int, events: int, meddle: Meddle | None) -> Run:
    office = Direct(world, "office", iter(orders()), TASKS)
    direct = [Direct(world, "units", reports(f"direct-{number}"), events) for number in range(2)]
    inboxed = [Inboxed(world, f"inbox-{number}", events) for number in range(2)]
    clients = [FeedClient(world) for _ in range(CLIENTS)]
    components = COMPONENTS | (SECOND if seed % 2 == 0 else {})
    async with _going(*(keep(name, one, world) for name, one in components.items()), _passing(world)):
        await office.run()
        async with _going(*(client.run() for client in clients)):
            await asyncio.gather(*(one.run() for one in direct), *(one.run() for one in inboxed))
            while world.clock.now() < END:
                await sleep(STEP_SECONDS)
            world.faults.active = False
            try:
                await _rest(world, clients)
            except TimeoutError:
                world.wrong.append(f"seed {seed}: not at rest after {REST_SECONDS:g} seconds")
    acknowledged = [one for publisher in (office, *direct) for one in publisher.acknowledged]
    if meddle is not None:
        await meddle(world.redis)
    added = [one for publisher in inboxed for one in publisher.added]
    wrong = await broken(world, endpoint, acknowledged, added, clients)
    return Run(seed, world.faults.points, wrong, len({(one.source, one.id) for one in acknowledged}) + len(added))


async def _rest(world: World, clients: Sequence[FeedClient]) -> None:
    """Wait until all is decided, folded, delivered and shown."""
    log = Log(world.redis, NAME)
    async with asyncio.timeout(REST_SECONDS):
        while not world.at_rest:
            await sleep(0.02)
            # looked at again with the clock stopped: an alert may have arisen while it was looked at
            world.at_rest = await _at_rest(world, log, clients)
            world.at_rest = world.at_rest and await _at_rest(world, log, clients)


async def _at_rest(world: World, log: Log, clients: Sequence[FeedClient]) -> bool:
    last = await world.redis.xrevrange(key(NAME, "inbox", "units"), count=1)
    if last and last[0][0].decode() != await log.cursor(key(NAME, "inbox", "units")):
        return False
    tail = await log.tail()
    for name in ("ingest", "status", "notify"):
        if await saved_position(world.redis, NAME, name) != tail:
            return False
    considered = int(await world.redis.hget(key(NAME, "notify", "checkpoint"), "considered") or 0)
    if EPOCH + considered * timedelta.resolution <= world.clock.now() - CONSIDERED:
        return False  # time alone may still give rise to an alert
    told, _ = await Alerts(world.redis, NAME, world.ledger, LIBRARY).select(AlertQuery(limit=1_000))
    if any(one.state not in {"sent", "dropped"} for one in told):
        return False
    if world.status is None:
        return False
    snapshot = world.status[1].board.live()
    rows = plain(snapshot.rows)
    return snapshot.position == tail and all(client.rows == rows for client in clients)


async def _passing(world: World) -> None:
    """Let the ledger's time pass."""
    while world.clock.now() < END:
        world.clock.instant += STEP
        await sleep(STEP_SECONDS)
    while True:  # what is recorded only now opens another window, which has to end, too
        await sleep(REST_STEP_SECONDS)
        if not world.at_rest:
            world.clock.instant += timedelta(minutes=WINDOW_MINUTES)


@asynccontextmanager
async def _going(*works: Any) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, Exception):
                raise result


@contextlib.contextmanager
def _quick() -> Any:
    before = {(module, name): getattr(module, name) for module, name in QUICK}
    try:
        for (module, name), value in QUICK.items():
            setattr(module, name, value)
        yield
    finally:
        for (module, name), value in before.items():
            setattr(module, name, value)


@contextlib.contextmanager
def _logged(world: World) -> Any:
    """Take down what services log that is no consequence of a fault of the network: a finding."""

    def take(_: Any, __: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        error = str(entry.get("error", ""))
        name = error.partition(":")[0]
        if entry.get("exc_info") or (entry["event"] == "will try again" and not _of_network(name, error)):
            world.wrong.append(f"logged: {entry['event']}: {entry.get('work', '')}: {error}")
        if entry["event"] == "log ends earlier than it did":
            world.wrong.append(f"logged: {entry}")
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(processors=[take], cache_logger_on_first_use=False)
    try:
        yield
    finally:
        structlog.configure(**before)


def _of_network(name: str, error: str) -> bool:
    return name in {"ConnectionError", "TimeoutError", "UnavailableError"} or "the lease has expired" in error
