"""`python -m tests.bench.retention`: a log that is sealed while it is published, then trimmed, and restored.

Ingest's rate with and without sealing beside it, how far sealing falls behind, memory before and after, and how fast
an empty server is filled from the archive. The tasks are those of the 2017 table.
"""

import asyncio
import contextlib
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from events.keys import LogKeys, key
from events.log import Log
from events.seal.checkpoint import parse_checkpoint
from events.seal.eras import sealed_eras
from events.seal.notes import parse_note
from events.seal.storage import CHECKPOINT
from services.common.clock import sleep
from services.common.connection import connected
from services.common.settings import load_ledger, shipped
from tests.bench import load
from tests.bench.measures import at, caught_up, emptied
from tests.bench.workload import seed_workload
from tests.deployment import LEDGER, Deployment
from tests.integration.publishers import over_http
from tests.servers import make_server

EVENTS = 1_000_000

KEEP = 10_000

HISTORIES = 100
"""Histories of 100 events each that are read from the archive."""

AGAIN = 1_000
"""Trimmed events that are sent again."""

PATIENCE = 900.0


class Retention:
    """The measurement in a folder, with the figures in order."""

    def __init__(self, folder: Path, url: str, events: int) -> None:
        self.figures: list[tuple[str, str]] = []
        self._folder = folder
        self._url = url
        self._events = events
        self._behind = 0
        self._workload = seed_workload(load_ledger(shipped("zhanjiang.toml")))

    async def run(self) -> None:
        """Measure everything."""
        async with connected(self._url) as redis:
            async with self._deployment("plain").running("ingest") as deployment:
                self._say("ingest, nothing sealed", await self._published(deployment), "events/s")
            await emptied(redis)
            sealing = self._deployment("sealed")
            sealing.environment |= {"DUBAN_ARCHIVE": str(self._folder / "archive")}
            async with sealing.running("ingest") as deployment:
                await self._sealed(redis, deployment)
                deployment.start("status")
                deployment.start("notify")
                await self._trimmed(redis, deployment)
            await self._restored(redis, sealing)

    def _deployment(self, name: str) -> Deployment:
        (self._folder / name).mkdir()
        return Deployment(self._folder / name, self._url, measured=True)

    def _say(self, name: str, value: float, unit: str) -> None:
        self.figures.append((name, f"{value:,.1f} {unit}"))

    async def _published(self, deployment: Deployment) -> float:
        """Publish all events over HTTP, and return how many are accepted a second."""
        await over_http(deployment, "office", self._workload.assignments)
        counts = [self._events // load.PUBLISHERS] * load.PUBLISHERS
        start, end = await asyncio.to_thread(load.over_http, deployment, self._workload, counts)
        return self._events / (end - start)

    async def _sealed(self, redis: Any, deployment: Deployment) -> None:
        behind = asyncio.create_task(self._most_behind(redis))
        rate = await self._published(deployment)
        ended = time.monotonic()
        tail = await Log(redis, LEDGER).tail()
        await self._until(lambda: self._checkpoint() == tail)
        behind.cancel()
        self._say("ingest, sealed meanwhile", rate, "events/s")
        with contextlib.suppress(asyncio.CancelledError):
            await behind
        self._say("sealing, at most behind", self._behind, "events")
        self._say("until all is sealed and published", time.monotonic() - ended, "s")

    async def _most_behind(self, redis: Any) -> None:
        """Note how far the published checkpoint is behind at most."""
        while True:
            self._behind = max(self._behind, await Log(redis, LEDGER).tail() - self._checkpoint())
            await sleep(0.2)

    async def _trimmed(self, redis: Any, deployment: Deployment) -> None:
        tail = await Log(redis, LEDGER).tail()
        await caught_up(redis)
        self._say("log, ids and cursors before", await self._bytes(redis) / tail, "bytes an event")
        start = time.monotonic()
        done = json.loads(deployment.command("archive", "trim", "--keep", str(KEEP), "--json").stdout)
        self._say("trimming", done["events"] / (time.monotonic() - start), "events/s")
        after = await self._bytes(redis)
        self._say(f"log, ids and cursors after, {KEEP:,} kept", after / done["events"], "bytes a sealed event")
        used = (await redis.info("memory"))["used_memory"]
        self._say("everything else: rows, histories, alerts, receipts", (used - after) / tail, "bytes an event")
        self._say("100 events of a trimmed history, p99", at(await self._histories(redis, done["last"]), 0.99), "ms")
        events = [self._workload.report(number, "units/0") for number in range(AGAIN)]
        again = await over_http(deployment, "units", events)
        assert {one["outcome"] for one in again} == {"duplicate"}, again[:3]
        assert all(0 < one["position"] <= done["last"] for one in again)

    async def _histories(self, redis: Any, last: int) -> list[float]:
        """Return the seconds of reading 100 events, spread over the trimmed part, each time by a new reader."""
        chance, seconds = random.Random(1), list[float]()
        for _ in range(HISTORIES):
            log = Log(redis, LEDGER, archive=sealed_eras(self._folder / "archive" / LEDGER))
            positions = sorted(chance.sample(range(1, last), 100))
            start = time.monotonic()
            assert len(await log.read_at(positions)) == len(positions)
            seconds.append(time.monotonic() - start)
        return sorted(seconds)

    async def _restored(self, redis: Any, deployment: Deployment) -> None:
        tail = await Log(redis, LEDGER).tail()
        await emptied(redis)
        start = time.monotonic()
        done = deployment.command("restore", "--json")
        assert done.returncode == 0, done.stderr
        self._say("restored on an empty server, verified", tail / (time.monotonic() - start), "events/s")
        assert await Log(redis, LEDGER).tail() == tail

    async def _bytes(self, redis: Any) -> int:
        keys = LogKeys.of(LEDGER)
        names = (keys.log, keys.seen, keys.cursors, key(LEDGER, "index"))
        return sum([await redis.memory_usage(name, samples=0) or 0 for name in names])

    def _checkpoint(self) -> int:
        data = sealed_eras(self._folder / "archive" / LEDGER)(1)(CHECKPOINT)
        return parse_checkpoint(parse_note(data).text).size if data is not None else 0

    async def _until(self, holds: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < end
            await sleep(0.1)


def main(arguments: list[str]) -> None:
    events = int(arguments[0]) if arguments else EVENTS
    with tempfile.TemporaryDirectory(prefix="duban-retention-", dir=Path.cwd()) as name:
        server = make_server(Path(name) / "server")
        with contextlib.closing(server):
            server.start()
            measured = Retention(Path(name), server.url, events)
            asyncio.run(measured.run())
    table = Table("figure", "value", title=f"{events:,} events sealed, trimmed and restored")
    for figure in measured.figures:
        table.add_row(*figure)
    Console().print(table)


if __name__ == "__main__":
    main(sys.argv[1:])
