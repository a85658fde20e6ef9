"""From one server to its replica: with DUBAN_REPLICAS no acknowledged event is lost; the services resume."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from events.envelope import encode
from services.common.clock import sleep
from services.common.connection import connect
from tests.deployment import Deployment
from tests.examples import reported
from tests.integration.proxy import Proxy
from tests.integration.publishers import assignments, over_http
from tests.integration.test_faults import AFTER, BEFORE, followed
from tests.integration.traffic import PATIENCE, Traffic, check
from tests.integration.waiting import settled
from tests.servers import Server, make_server

PARTED_SECONDS = 3.0
"""How long the old server is written to while the replica is no longer one: what comes then is lost."""


class Pair:
    """A server, its replica, and the address that leads to one of them."""

    def __init__(self, first: Server, second: Server, proxy: Proxy) -> None:
        self.first = first
        self.second = second
        self.proxy = proxy

    async def replicate(self) -> None:
        """Make the second a replica of the first, and wait until it confirms what is written."""
        host, port = self.first.address
        await _command(self.second.url, "REPLICAOF", host, port)
        async with asyncio.timeout(PATIENCE):
            while (await _written(self.first.url))[1] < 1:
                await sleep(0.2)

    async def part(self) -> None:
        """Promote the replica, as one who believes that the first server is gone; the address leads there still."""
        await _command(self.second.url, "REPLICAOF", "NO", "ONE")

    def move(self, *, cut: bool) -> None:
        """Let the address lead to the second."""
        self.proxy.move(self.second.address, cut=cut)


@pytest_asyncio.fixture
async def pair(tmp_path: Path) -> AsyncIterator[Pair]:
    """Return a server with a replica that is up to date."""
    servers = [make_server(tmp_path / name) for name in ("first", "second")]
    try:
        for server in servers:
            await asyncio.to_thread(server.start)
        first, second = servers
        async with Proxy(first.address).running() as proxy:
            pair = Pair(first, second, proxy)
            await pair.replicate()
            yield pair
    finally:
        for server in servers:
            await asyncio.to_thread(server.close)


@pytest.mark.parametrize("cut", [True, False], ids=["connections break", "connections stay"])
async def test_what_was_acknowledged_is_on_the_replica(pair: Pair, tmp_path: Path, *, cut: bool) -> None:
    """With DUBAN_REPLICAS=1 every acknowledgement and confirmed entry is true after a failover with a lost tail.

    Where the replica is gone already, nothing is acknowledged; the address may move with or without breaking what is
    open. Rows at positions that are taken back are told to take a new snapshot.
    """
    async with _deployment(pair, tmp_path, replicas=1) as deployment:
        async with followed(deployment) as dashboard, Traffic(deployment, replicas=1).running() as traffic:
            await traffic.until(BEFORE)
            await pair.part()
            await traffic.refused()
            await sleep(PARTED_SECONDS)
            before = len(traffic.told)
            await sleep(PARTED_SECONDS)
            assert len(traffic.told) == before
            pair.move(cut=cut)
            await _command(pair.first.url, "REPLICAOF", *pair.second.address)
            async with asyncio.timeout(PATIENCE):
                while (await _written(pair.second.url))[1] < 1:
                    await sleep(0.2)
            await traffic.until(AFTER)
        assert any("replicas" in detail for detail in traffic.refusals)
        assert await check(traffic, pair.second.url) > BEFORE + AFTER
        assert dashboard.resets > 0


async def test_a_repeat_is_acknowledged_only_when_it_is_on_the_replica(pair: Pair, tmp_path: Path) -> None:
    """The answer tells how many replicas have it; without them nothing is acknowledged, a duplicate neither."""
    event = encode(reported("t-001", 1, source="units"))
    async with _deployment(pair, tmp_path, replicas=1) as deployment, httpx.AsyncClient(timeout=PATIENCE) as http:

        async def send() -> httpx.Response:
            form = "application/cloudevents+json"
            return await http.post(
                deployment.address("ingest", "events"), content=event, headers=deployment.headers("units", form)
            )

        assert (await send()).json().items() >= {"outcome": "accepted", "replicas": 1}.items()
        assert (await send()).json().items() >= {"outcome": "duplicate", "replicas": 1}.items()
        await pair.part()
        for _ in range(2):
            unknown = await send()
            assert (unknown.status_code, unknown.headers["retry-after"]) == (503, "1")
            assert "0 of 1 replicas" in unknown.json()["detail"]
        await pair.replicate()
        assert (await send()).json().items() >= {"outcome": "duplicate", "replicas": 1}.items()


async def test_without_replicas_a_failover_waits_for_who_accepts_the_loss(pair: Pair, tmp_path: Path) -> None:
    """What the old server alone had is lost: nothing is acknowledged until that is accepted, on record.

    Then positions are dense, rows true, and all goes on.
    """
    async with _deployment(pair, tmp_path) as deployment:
        async with followed(deployment) as dashboard, Traffic(deployment).running() as traffic:
            await traffic.until(BEFORE)
            await pair.part()
            await traffic.until(BEFORE)
            pair.move(cut=True)
            await asyncio.to_thread(pair.first.kill)
            async with httpx.AsyncClient(timeout=PATIENCE) as http, asyncio.timeout(PATIENCE):
                while "accept-loss" not in (
                    ready := (await http.get(f"{deployment.base('ingest')}/health/ready")).text
                ):
                    await sleep(0.1)
            before = len(traffic.told)
            await sleep(PARTED_SECONDS)
            assert len(traffic.told) == before
            position = ready.partition("--accept-loss ")[2].partition("`")[0]
            done = await asyncio.to_thread(deployment.command, "doctor", "--accept-loss", position, "--by", "li")
            assert "li: that of" in done.stdout, done.stderr
            await traffic.until(AFTER)
        assert dashboard.resets > 0
        told = (deployment.logs / "ingest.log").read_text(encoding="utf-8")
        assert "acknowledged events are lost" in told


@asynccontextmanager
async def _deployment(pair: Pair, directory: Path, replicas: int = 0) -> AsyncIterator[Deployment]:
    deployment = Deployment(directory, pair.proxy.url)
    deployment.environment["DUBAN_REPLICAS"] = str(replicas)
    async with deployment.running():
        await over_http(deployment, "office", assignments())
        await settled(deployment)
        yield deployment


async def _command(url: str, *words: Any) -> Any:
    redis = connect(url)
    try:
        return await redis.execute_command(*words)
    finally:
        await redis.aclose()


async def _written(url: str) -> Any:
    """Write, and return on how many disks it is: the server's own and the replicas'."""
    redis = connect(url)
    try:
        async with redis.pipeline(transaction=False) as pipe:
            pipe.set("duban:test", "x")
            pipe.execute_command("WAITAOF", 1, 1, 500)
            return (await pipe.execute())[1]
    finally:
        await redis.aclose()
