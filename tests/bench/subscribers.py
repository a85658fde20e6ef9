"""`python -m tests.bench.subscribers [CLIENTS [SECONDS]]`: subscribers to the feed, a quarter of them reading slowly.

Each other one must end with the rows of the snapshot, and get what it is sent in order. The time from a POST to its
frame is next to that of a single client, the memory of status next to that before the clients came.
"""

import asyncio
import contextlib
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import msgspec
from msgspec import Struct
from rich.console import Console

from services.common.clock import sleep
from services.common.settings import load_ledger, shipped
from services.common.sizes import MIB
from tests.bench.crowd import Outcome, crowd
from tests.bench.measures import at
from tests.bench.workload import TASKS, Workload, seed_workload
from tests.deployment import LEDGER, Deployment
from tests.servers import make_server

CLIENTS = 2_000

SECONDS = 60
"""Changes in a measurement, one a second."""

BURST, BURST_TASKS = 2_000, 100
"""Changes at once at the end, and their tasks: slow clients have not read those before. Every client reads 400 kB of
rows at least."""

SPARE = 64
"""Connections and streams of one source beyond its subscribers."""


class Measured(Struct, frozen=True):
    """One run: seconds from POST to frame, sorted, of all changes and clients; memory of status in bytes."""

    seconds: list[float]
    outcome: Outcome
    before: int
    connected: int
    most: int

    def line(self, name: str) -> str:
        """Return the figures for a person."""
        held = ", ".join(f"{size / MIB:,.0f}" for size in (self.before, self.connected, self.most))
        found = self.outcome
        return (
            f"{name}: POST to frame p50 {at(self.seconds, 0.5):,.1f} ms, p99 {at(self.seconds, 0.99):,.1f} ms,"
            f" {len(self.seconds):,} frames; status before, connected, at most {held} MiB;"
            f" out of order {found.unordered}, with wrong rows {found.wrong},"
            f" reset {found.resets}; slow ones late {found.late}, reset {found.slow_resets}"
        )


class Subscribed:
    """A running deployment whose feed has subscribers, and the events that are sent to it."""

    def __init__(self, deployment: Deployment, http: httpx.AsyncClient, workload: Workload) -> None:
        self._deployment = deployment
        self._http = http
        self._workload = workload
        self._reports = 0

    async def assign(self) -> int:
        """Assign all tasks and return the position of the last."""
        return await self._post(b"\n".join(self._workload.assignments), "office")

    async def report(self, count: int, tasks: int) -> tuple[int, float]:
        """Send so many reports at once, the tasks taking turns; return the last position and the instant before."""
        numbers = range(self._reports, self._reports + count)
        self._reports += count
        lines = [self._workload.report(number // tasks * TASKS + number % tasks, "units/bench") for number in numbers]
        now = time.monotonic()
        return await self._post(b"\n".join(lines), "units"), now

    async def rows(self, least: int) -> dict[str, Any]:
        """Return the rows of a snapshot at the position `least`, once status is there."""
        url, headers = self._deployment.address("status", "tasks"), self._deployment.headers("board")
        while True:
            answer = await self._http.get(url, params={"limit": 1_000}, headers=headers)
            if int(answer.raise_for_status().headers["Duban-Position"]) >= least:
                return {row["task"]: row for row in answer.json()["items"]}
            await sleep(0.05)

    async def measured(self, clients: int, changes: int, rate: float, burst: int = 0) -> Measured:
        """Have so many clients, so many changes at a rate, and a burst of further ones at the end."""
        position, _ = await self.report(1, TASKS)
        before, held = await self.rows(position), self.memory("VmRSS")
        url = self._deployment.address("status", "changes") + f"?after={position}"
        sent: dict[int, float] = {}
        timed = range(position + 1, position + changes + 1)
        with crowd(url, self._deployment.tokens["board"], clients, timed) as followers:
            await followers.connected()
            connected, start = self.memory("VmRSS"), time.monotonic()
            for number in range(changes):
                await sleep(max(0.0, start + number / rate - time.monotonic()))
                position, now = await self.report(1, TASKS)
                sent[position] = now
            if burst:
                position, _ = await self.report(burst, BURST_TASKS)
            outcome = await followers.outcome(before, await self.rows(position), position)
        seconds = sorted(now - sent[position] for position, now in outcome.arrivals)
        return Measured(seconds, outcome, held, connected, self.memory("VmHWM"))

    def memory(self, what: str) -> int:
        """Return bytes of status in memory: VmRSS has the present ones, VmHWM the most."""
        lines = Path(f"/proc/{self._deployment.pid('status')}/status").read_text(encoding="utf-8").splitlines()
        return next(1024 * int(line.split()[1]) for line in lines if line.startswith(f"{what}:"))

    async def _post(self, body: bytes, source: str) -> int:
        url, headers = self._deployment.address("ingest", "events"), self._deployment.headers(source)
        answer = await self._http.post(url, content=body, headers=headers)
        outcomes = [msgspec.json.decode(line) for line in answer.raise_for_status().content.splitlines()]
        assert all(outcome["outcome"] == "accepted" for outcome in outcomes)
        return int(outcomes[-1]["position"])


@contextlib.asynccontextmanager
async def subscribed(directory: Path, url: str, clients: int) -> Any:
    """Run ingest and status with limits that allow one source so many subscribers, as an operator sets them."""
    deployment = Deployment(directory, url, measured=True)
    deployment.environment |= {"DUBAN_CONNECTIONS": str(clients + SPARE), "DUBAN_STREAMS": str(clients + SPARE)}
    workload = seed_workload(load_ledger(shipped(f"{LEDGER}.toml")))
    async with deployment.running("ingest", "status"), httpx.AsyncClient(timeout=60) as http:
        yield Subscribed(deployment, http, workload)


async def run(directory: Path, url: str, clients: int, seconds: int) -> list[str]:
    """Return the figures of one client, then of all."""
    async with subscribed(directory, url, clients) as running:
        await running.assign()
        quiet = await running.measured(1, seconds, 1)
        many = await running.measured(clients, seconds, 1, BURST)
    return [quiet.line("1 client"), many.line(f"{clients:,} clients")]


def main(arguments: list[str]) -> None:
    clients, seconds = (int(arguments[0]) if arguments else CLIENTS), (int(arguments[1]) if arguments[1:] else SECONDS)
    with tempfile.TemporaryDirectory(prefix="duban-bench-") as name:
        server = make_server(Path(name) / "server")
        with contextlib.closing(server):
            server.start()
            for line in asyncio.run(run(Path(name), server.url, clients, seconds)):
                Console(width=180).print(line)


if __name__ == "__main__":
    main(sys.argv[1:])
