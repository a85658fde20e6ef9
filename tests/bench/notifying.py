"""Notify's figures: alerts from the log to the outbox, deliveries to a local webhook, and the delay of a single one."""

import asyncio
import time
from pathlib import Path
from typing import Any

import httpx
from msgspec.structs import replace

from events.channel import Channel
from events.envelope import encode
from events.keys import key
from events.working_days import LIBRARY
from services.common.clock import SystemClock, sleep
from services.common.settings import load_ledger, shipped
from services.notify.buckets import Buckets
from services.notify.channels.way import Way
from services.notify.environment import Environment
from services.notify.outbox import Outbox
from services.notify.sender import Sender
from services.notify.store import Alerts
from services.notify.ways import IN_FLIGHT, Ways
from tests.bench.measures import Figure, at, emptied
from tests.deployment import LEDGER, Deployment, reading
from tests.examples import assigned
from tests.faults.deliveries import channels, fill
from tests.notify.receiver import Receiver

ALERTS = 10_000
DELIVERIES = 5_000

SINGLE = 60
"""Events whose delay is measured, one after another."""

PACE_SECONDS = 0.25
"""Between two of them: the seed's 11,000 events of three and a half years come in an hour of a fast clock."""


async def notify_figures(redis: Any, url: str, directory: Path) -> list[Figure]:
    """Return the figures, each on an emptied server."""
    to_outbox = await alerts_per_second(redis)
    bare = await posts_per_second()
    delivered = await deliveries_per_second(redis, url, directory / "deliveries")
    delays = await delays_of_single_events(redis, url, directory / "delays")
    client = f"httpx alone, {IN_FLIGHT} at once"
    return [
        Figure("alerts from the log to the outbox", to_outbox, "alerts/s"),
        Figure(f"deliveries to a webhook, {IN_FLIGHT} in flight", delivered, "/s", bare, client, "500"),
        Figure("POST of an event to its webhook, p50", at(delays, 0.5), "ms"),
        Figure("POST of an event to its webhook, p99", at(delays, 0.99), "ms"),
    ]


async def alerts_per_second(redis: Any) -> float:
    """Return the alerts/s of the fold and the sender in one process, until each alert is in a digest."""
    await emptied(redis)
    await fill(redis, ALERTS)
    ledger = load_ledger(shipped(f"{LEDGER}.toml"))
    ledger = replace(ledger, alerts=replace(ledger.alerts, channels={}, people={}))
    alerts = Alerts(redis, LEDGER, ledger, LIBRARY)
    ways = Ways(ledger, _no_channel)
    given = Environment(LEDGER, ledger, SystemClock(), ways, LIBRARY)
    sender = Sender(Outbox(redis, LEDGER), alerts, Buckets(redis), given)
    start = time.monotonic()
    await alerts.projection.catch_up()
    while await redis.hlen(key(LEDGER, "notify", "grouped")) < ALERTS:
        await sender.turn()
    seconds = time.monotonic() - start
    await sender.stop()
    return ALERTS / seconds


async def posts_per_second() -> float:
    """Return the posts/s of the HTTP client alone to the same receiver."""
    async with Receiver().listening() as receiver, httpx.AsyncClient() as http:
        left = iter(range(DELIVERIES))

        async def post() -> None:
            for number in left:
                await http.post(receiver.url, content=b"x" * 1_000, headers={"webhook-id": str(number)})

        start = time.monotonic()
        await asyncio.gather(*(post() for _ in range(IN_FLIGHT)))
        return DELIVERIES / (time.monotonic() - start)


async def deliveries_per_second(redis: Any, url: str, directory: Path) -> float:
    """Return the deliveries/s of a notify process from its first delivery on; each is one alert."""
    await emptied(redis)
    await fill(redis, DELIVERIES)
    async with Receiver().listening() as receiver, _deployed(directory, url, receiver).running("notify"):
        await _arrived(receiver, 1)
        start, before = time.monotonic(), len(receiver.ids)
        await _arrived(receiver, DELIVERIES)
        return (DELIVERIES - before) / (time.monotonic() - start)


async def delays_of_single_events(redis: Any, url: str, directory: Path) -> list[float]:
    """Return the seconds from the POST of an assignment to its webhook, at a slow pace, sorted."""
    await emptied(redis)
    delays = []
    async with Receiver().listening() as receiver:
        deployment = _deployed(directory, url, receiver)
        async with deployment.running("ingest", "notify"), reading(deployment) as http:
            headers = deployment.headers("office", "application/cloudevents+json")
            for number in range(SINGLE):
                before, start = len(receiver.ids), time.monotonic()
                event = encode(assigned(f"t-{number}"))
                await http.post(deployment.address("ingest", "events"), content=event, headers=headers)
                await _arrived(receiver, before + 1)
                delays.append(time.monotonic() - start)
                await sleep(PACE_SECONDS)
    return sorted(delays)


def _deployed(directory: Path, url: str, receiver: Receiver) -> Deployment:
    """Return services whose alerts are sent at once, each by itself."""
    directory.mkdir()
    deployment = Deployment(directory, url, channels=channels(receiver.url), measured=True)
    file = deployment.ledgers / f"{LEDGER}.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('group_wait = "10m"', 'group_wait = "0m"'), encoding="utf-8")
    return deployment


def _no_channel(channel: Channel) -> Way:
    raise ValueError(f"the ledger has no channel, and {channel.kind} is one")


async def _arrived(receiver: Receiver, count: int) -> None:
    while len(receiver.ids) < count:
        await sleep(0.001)
