"""The three services as processes of a simulation: the real parts, wired as their `app` modules wire them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from redis.exceptions import LockError, RedisError

from events.difference import members
from events.keys import key
from events.working_days import LIBRARY
from services.common import runtime
from services.common.clock import sleep
from services.ingest.app import LOOK_SECONDS, TICK_SECONDS
from services.ingest.inbox import Inbox
from services.ingest.request import UnavailableError
from services.ingest.writer import Writer
from services.notify.app import PAUSE_SECONDS
from services.notify.buckets import Buckets
from services.notify.calendar.reader import CalendarReader
from services.notify.channels.network import Network
from services.notify.channels.way import way_of
from services.notify.environment import Environment
from services.notify.outbox import Outbox
from services.notify.reader import AlertReader
from services.notify.sender import Sender
from services.notify.store import Alerts
from services.notify.ways import Ways
from services.status.reader import StatusReader
from services.status.store import Board
from tests.faults.connection import faulty
from tests.faults.reader import Readers
from tests.faults.simulated_process import SimulatedProcess
from tests.faults.world import NAME, World

OFTEN_SECONDS = 0.05
"""Between two looks that services take once a second, or every five: a run lasts some seconds."""

REBUILD_SECONDS = 0.4

AWAY_SECONDS = 0.01
"""Between a crash and the start after it."""

SOURCES = ("office", "units")

EXPECTED = (RedisError, LockError, OSError, UnavailableError)
"""What a fault of the network looks like; anything else that a process ends with is a finding."""

Component: TypeAlias = Callable[[World, SimulatedProcess, Any], Awaitable[None]]


async def ingest(world: World, process: SimulatedProcess, redis: Any) -> None:
    """The writer, its clock, its saves, and the inboxes."""
    writer = Writer(redis, NAME, world.ledger, world.clock.now)
    inboxes: list[Inbox] = []
    readers = Readers(redis)
    for source in SOURCES:
        reached = await writer.log.cursor(key(NAME, "inbox", source))
        inboxes.append(Inbox(redis, writer, source, reached, readers.follow))
    world.writers[process.name] = (process, writer)
    await asyncio.gather(
        writer.run(),
        runtime.repeat(TICK_SECONDS, writer.tick),
        runtime.repeat(OFTEN_SECONDS, writer.save),
        readers.run(),
        *(runtime.repeat(min(LOOK_SECONDS, OFTEN_SECONDS), inbox.look) for inbox in inboxes),
    )


async def status(world: World, process: SimulatedProcess, redis: Any) -> None:
    """The rows, their feed, and the lights."""
    readers = Readers(redis)
    reader = StatusReader(redis, NAME, world.ledger, world.clock, readers.follow)
    await reader.load()
    world.status = (process, reader)
    await asyncio.gather(
        readers.run(),
        runtime.repeat(OFTEN_SECONDS, reader.catch_up),
        runtime.repeat(OFTEN_SECONDS, reader.relight),
    )


async def notify(world: World, _: SimulatedProcess, redis: Any) -> None:
    """The alerts and their sender."""
    readers = Readers(redis)
    async with Network(world.ledger.alerts, world.clock) as network:
        ways = Ways(world.ledger, lambda channel: way_of(channel, network))
        alerts = Alerts(redis, NAME, world.ledger, LIBRARY)
        given = Environment(NAME, world.ledger, world.clock, ways, LIBRARY)
        sender = Sender(Outbox(redis, NAME), alerts, Buckets(redis), given)
        calendars = CalendarReader(redis, NAME, world.ledger, world.clock, readers.follow, None)
        reader = AlertReader(redis, given, alerts, sender, readers.follow, calendars)
        await calendars.load()
        await reader.load()
        await asyncio.gather(
            readers.run(),
            runtime.repeat(OFTEN_SECONDS, calendars.catch_up),
            runtime.repeat(OFTEN_SECONDS, reader.catch_up),
            runtime.repeat(OFTEN_SECONDS, reader.elapse),
            runtime.repeat(PAUSE_SECONDS, sender.turn),
        )


async def rebuild(world: World, _: SimulatedProcess, redis: Any) -> None:
    """An operator who rebuilds the rows of status, again and again."""
    while True:
        await sleep(REBUILD_SECONDS)
        differing = await Board(redis, NAME, world.ledger).projection.rebuild()
        for name, (before, after) in differing.items():
            changed = "was missing" if before is None else "is gone" if after is None else members(before, after)
            world.wrong.append(f"a rebuild changed row {name}: {changed}")


COMPONENTS: dict[str, Component] = {"ingest": ingest, "status": status, "notify": notify, "rebuild": rebuild}

SECOND: dict[str, Component] = {"ingest-2": ingest, "notify-2": notify}
"""Further instances at the same ledger, in every second run."""


async def keep(name: str, component: Component, world: World) -> None:
    """Run a component until cancelled; after a crash, or a fault during its start, restart it."""
    while True:
        process = SimulatedProcess(name)
        redis = faulty(world.url, name, world.faults, process)
        main = process.start(_main(component(world, process, redis), name, world))
        crashed = asyncio.create_task(process.crashed.wait())
        try:
            await asyncio.wait((main, crashed), return_when=asyncio.FIRST_COMPLETED)
        finally:
            crashed.cancel()
            await process.end()
            await redis.aclose()
        await sleep(AWAY_SECONDS)


async def _main(work: Awaitable[None], name: str, world: World) -> None:
    """Do a component's work; note what ends it and is no fault."""
    try:
        await work
    except EXPECTED:
        return
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding of this run
        world.wrong.append(f"{name} ended: {type(error).__name__}: {error}")
