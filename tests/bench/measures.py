"""The measurements: each figure next to a bare baseline of the same run, as machines are noisy."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import msgspec
from msgspec import Struct

from events.entries import Entry, digest
from events.keys import key
from events.log import Log
from events.projection import Projection
from services.common.clock import sleep
from services.common.folded import folded
from services.common.settings import load_ledger, shipped
from services.status.store import rules
from tests.bench import load
from tests.bench.workload import Workload
from tests.deployment import LEDGER, Deployment
from tests.events.appending import append

EVENTS = 100_000
"""Of one throughput run."""

RUNS = 5
"""Runs of each measurement; the one with the median ratio counts."""

BATCH = 500
"""Events in one bare append, the size at which the design states its figure."""

CAUGHT_UP_SECONDS = 900.0
"""How long the projections may take to fold the whole log."""


class Figure(Struct, frozen=True):
    """One result: `ratio` is value / bare, None where there is no baseline."""

    name: str
    value: float
    unit: str
    bare: float | None = None
    bare_is: str = ""
    wanted: str = ""
    single: float | None = None
    single_ratio: float | None = None

    @property
    def ratio(self) -> float | None:
        return self.value / self.bare if self.bare else None

    def next_to(self, single: "Figure") -> "Figure":
        """Return this figure with the same figure of tasks with one unit."""
        return msgspec.structs.replace(self, single=single.value, single_ratio=single.ratio)


async def emptied(redis: Any) -> None:
    """Empty the server and its append-only file, or the server would rewrite the file during a measurement."""
    await redis.flushall()
    await redis.bgrewriteaof()
    while (await redis.info("persistence"))["aof_rewrite_in_progress"]:
        await sleep(0.05)


async def bare_append(redis: Any, workload: Workload) -> float:
    """Return the events/s of one caller of the append script."""
    events = [workload.report(number, "units") for number in range(EVENTS)]
    entries = [Entry("units", str(number), digest(raw), raw) for number, raw in enumerate(events)]
    log = Log(redis, "bare")
    start = time.monotonic()
    for tail in range(0, EVENTS, BATCH):
        await append(log, tail, entries[tail : tail + BATCH])
    return EVENTS / (time.monotonic() - start)


async def ingest_http(redis: Any, deployment: Deployment, workload: Workload) -> float:
    """Return the events/s that ingest accepts from four publishers over HTTP."""
    await _assign(deployment, workload)
    start, end = await asyncio.to_thread(load.over_http, deployment, workload, _shares())
    assert await Log(redis, LEDGER).tail() >= EVENTS
    return EVENTS / (end - start)


async def ingest_inbox(redis: Any, deployment: Deployment, workload: Workload) -> float:
    """Return the events/s that ingest reads from an inbox while four publishers fill it, until the last is logged."""
    await _assign(deployment, workload)
    wanted = await Log(redis, LEDGER).tail() + EVENTS
    publishing = asyncio.create_task(asyncio.to_thread(load.over_inbox, deployment, workload, _shares()))
    end = await _reached(redis, wanted)
    start, _ = await publishing
    return EVENTS / (end - start)


async def ingest_backlog(redis: Any, deployment: Deployment, workload: Workload) -> float:
    """Return the events/s that ingest reads from an inbox filled while it was down, from its first event on."""
    await _assign(deployment, workload)
    deployment.stop("ingest")
    log = Log(redis, LEDGER)
    before = await log.tail()
    await asyncio.to_thread(load.over_inbox, deployment, workload, _shares())
    deployment.start("ingest")
    start = await _reached(redis, before + 1)
    begun = await log.tail()
    return (before + EVENTS - begun) / (await _reached(redis, before + EVENTS) - start)


async def bare_read(redis: Any) -> float:
    """Return the events/s of reading the log without decoding."""
    log = Log(redis, LEDGER)
    start, after = time.monotonic(), 0
    while batch := await log.read(after):
        after = batch[-1].position
    return after / (time.monotonic() - start)


async def replay(redis: Any) -> float:
    """Return the events/s of a replay that decodes every event."""
    start, read = time.monotonic(), 0
    async for batch in Log(redis, LEDGER).scan():
        read += len(batch)
    return read / (time.monotonic() - start)


async def fold(redis: Any) -> float:
    """Return the events/s at which status folds and saves the log from its start."""
    await redis.delete(*[name async for name in redis.scan_iter(match=key(LEDGER, "bench-status", "*"))] or ["none"])
    ledger = load_ledger(shipped(f"{LEDGER}.toml"))
    own = msgspec.structs.replace(rules(ledger), name="bench-status")
    projection = Projection(redis, Log(redis, LEDGER), own)
    start = time.monotonic()
    await projection.catch_up()
    return projection.position / (time.monotonic() - start)


async def caught_up(redis: Any) -> None:
    """Wait until every projection has folded the log to its tail; raises TimeoutError."""
    tail = await Log(redis, LEDGER).tail()
    async with asyncio.timeout(CAUGHT_UP_SECONDS):
        while min((await folded(redis, LEDGER)).values(), default=0) < tail:
            await sleep(0.5)


async def memory(redis: Any) -> dict[str, float]:
    """Return bytes: of an event in the log, of an event with everything stored for it, of a task row."""
    log = Log(redis, LEDGER)
    events = await log.tail()
    rows = Projection(redis, log, rules(load_ledger(shipped(f"{LEDGER}.toml"))))
    await rows.read_saved()
    row_key = key(LEDGER, "status", "rows", str(rows.generation))
    whole = 0
    async for name in redis.scan_iter(match=f"duban:{{{LEDGER}}}:*"):
        if b":bench-status:" not in name:
            whole += await redis.memory_usage(name, samples=0)
    return {
        "event": await redis.memory_usage(log.key, samples=0) / events,
        "all": whole / events,
        "row": await redis.memory_usage(row_key, samples=0) / len(rows.rows),
    }


async def compare(
    bare: Callable[[], Awaitable[float]],
    bare_is: str,
    measure: Callable[[], Awaitable[float]],
    name: str,
    unit: str,
    wanted: str = "",
    runs: int = RUNS,
) -> Figure:
    """Measure several times, each right after the baseline, and return the run with the median ratio.

    A machine's speed drifts within a minute: value and baseline are measured together.
    """
    measured = [(await bare(), await measure()) for _ in range(runs)]
    baseline, value = sorted(measured, key=lambda run: run[1] / run[0])[runs // 2]
    return Figure(name, value, unit, baseline, bare_is, wanted)


def at(sorted_: list[float], share: float) -> float:
    """Return a percentile of sorted seconds, in milliseconds."""
    return 1_000 * sorted_[min(len(sorted_) - 1, int(share * len(sorted_)))]


async def _assign(deployment: Deployment, workload: Workload) -> None:
    async with httpx.AsyncClient(timeout=60) as http:
        body = b"\n".join(workload.assignments)
        answer = await http.post(
            deployment.address("ingest", "events"), content=body, headers=deployment.headers("office")
        )
        answer.raise_for_status()


def _shares() -> list[int]:
    return [EVENTS // load.PUBLISHERS] * load.PUBLISHERS


async def _reached(redis: Any, wanted: int) -> float:
    """Wait until the log has this many events, and return the instant; a blocking read, as polling slows the server."""
    while not await redis.xread({key(LEDGER, "log"): f"{wanted - 1}-0"}, count=1, block=5_000):
        pass
    return time.monotonic()
