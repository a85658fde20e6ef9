"""Faults of the server: each acknowledged event is kept, and all services resume without a restart."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from services.common.clock import sleep
from services.common.connection import connect
from services.common.settings import SERVICES
from tests.deployment import Deployment, reading
from tests.integration.dashboard import Dashboard, rows
from tests.integration.publishers import assignments, over_http
from tests.integration.traffic import Traffic, check
from tests.integration.waiting import settled
from tests.patience import PATIENCE
from tests.servers import Server, make_server

DISK = 64
"""Megabytes of a disk that is to become full: the log of these tests has some."""

BEFORE, AFTER = 30, 200
"""Answers that come before a fault and after it."""

STILL_SECONDS = 10.0
"""As long as the client waits for the server: some requests are given up, others answered late."""


async def out_of_memory(server: Server, traffic: Traffic) -> None:
    """Make the server refuse commands that need memory until a publisher has got a 503, and a little longer."""
    async with _client(server.url) as redis:
        await redis.config_set("maxmemory", "1mb")
        await traffic.refused()
        await sleep(2)
        await redis.config_set("maxmemory", "0")
    assert any("maxmemory" in detail for detail in traffic.refusals)


async def standing_still(server: Server, traffic: Traffic) -> None:
    """Let the server not answer at all, on connections that stay open."""
    await asyncio.to_thread(server.stand)
    await sleep(STILL_SECONDS)
    await asyncio.to_thread(server.go_on)


async def slow_disk(server: Server, traffic: Traffic) -> None:
    """Hold the server up for as long as a slow disk does at each flush, again and again."""
    for _ in range(15):
        await asyncio.to_thread(server.stand)
        await sleep(0.4)
        await asyncio.to_thread(server.go_on)
        await sleep(0.1)


async def full_disk(server: Server, traffic: Traffic) -> None:
    """Let the server end at each flush, as Redis does where it always flushes, until there is room again."""
    await asyncio.to_thread(server.fill_disk)
    await traffic.refused()
    await sleep(2)
    await asyncio.to_thread(server.free_disk)


async def read_only(server: Server, traffic: Traffic) -> None:
    """Turn the server into a replica of nobody under open connections, and back."""
    async with _client(server.url) as redis:
        await redis.execute_command("REPLICAOF", "127.0.0.1", "1")
        await traffic.refused()
        await sleep(2)
        await redis.execute_command("REPLICAOF", "NO", "ONE")
    assert any("read only" in detail for detail in traffic.refusals)


async def restarts(server: Server, traffic: Traffic) -> None:
    """Kill the server and start it."""
    await asyncio.to_thread(server.kill)
    await traffic.refused()
    await asyncio.to_thread(server.start)


FAULTS: dict[str, Callable[[Server, Traffic], Awaitable[None]]] = {
    "out of memory": out_of_memory,
    "standing still": standing_still,
    "a slow disk": slow_disk,
    "a full disk": full_disk,
    "read-only": read_only,
    "killed": restarts,
}


@pytest_asyncio.fixture
async def own(fault: str, tmp_path: Path) -> AsyncIterator[Server]:
    """Return a server of the test's own; the disk that is to become full is a small one."""
    server = make_server(tmp_path / "server", disk=DISK if fault == "a full disk" else None)
    try:
        await asyncio.to_thread(server.start)
        yield server
    finally:
        await asyncio.to_thread(server.close)


@pytest.mark.parametrize("fault", FAULTS)
async def test_what_was_told_through_a_fault_is_true(fault: str, own: Server, tmp_path: Path) -> None:
    """Answers are outcomes or 503 with Retry-After in time; nothing acknowledged is lost, and all comes back by itself.

    Every acknowledgement is compared with the log, rows and alerts with a fresh fold, and a dashboard that followed
    through it with the rows.
    """
    async with Deployment(tmp_path, own.url).running() as deployment:
        await over_http(deployment, "office", assignments())
        await settled(deployment)
        async with followed(deployment), Traffic(deployment).running() as traffic:
            await traffic.until(BEFORE)
            await FAULTS[fault](own, traffic)
            await traffic.until(AFTER)
        assert await check(traffic, deployment.url) > BEFORE + AFTER


@asynccontextmanager
async def followed(deployment: Deployment) -> AsyncIterator[Dashboard]:
    """Let a dashboard follow; at the end it has the rows, the log is whole, and no service was started again."""
    pids = [deployment.pid(service) for service in SERVICES]
    dashboard = Dashboard(deployment)
    following = asyncio.create_task(dashboard.follow())
    try:
        yield dashboard
        position = await settled(deployment)
        async with reading(deployment) as http, asyncio.timeout(PATIENCE):
            while dashboard.position < position or dashboard.rows != (await rows(http, deployment))[1]:
                assert not following.done()
                await sleep(0.2)
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
    verified = await asyncio.to_thread(deployment.command, "audit", "verify", "--json")
    found = json.loads(verified.stdout)
    assert (found["position"], found["findings"]) == (position, [])
    assert [deployment.pid(service) for service in SERVICES] == pids


@asynccontextmanager
async def _client(url: str) -> AsyncIterator[Any]:
    redis = connect(url)
    try:
        yield redis
    finally:
        await redis.aclose()
