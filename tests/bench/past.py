"""`python -m tests.bench.past`: memory and latency of questions about the past, by the number of tasks and events."""

import argparse
import asyncio
import contextlib
import gc
import statistics
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from redis import exceptions as redis_errors
from rich.console import Console
from rich.table import Table

from events.entries import Entry, digest
from events.envelope import additions, encode, parse
from events.keys import key
from events.ledger import Ledger
from events.log import Log
from services.common.connection import connect
from services.common.settings import load_ledger, shipped
from services.status.past.timeline import TaskTimeline
from services.status.store import Board
from services.status.views import TaskQuery
from tests.bench.workload import Workload, seed_workload
from tests.deployment import LEDGER
from tests.events.appending import append
from tests.examples import reported
from tests.servers import make_server

BATCH = 2_000
"""Events appended at once."""

START = datetime.fromisoformat("2117-08-01T00:00:00+00:00")

SPAN = timedelta(days=700)
"""Time over which the events are recorded, so that lights differ: the table's dues lie 5 to 40 months ahead."""

TICK = 0.002
"""Seconds between two wake-ups of a stand-in for a feed, whose delay is measured."""


class PastFigures(Struct, frozen=True):
    """What is measured; latencies in milliseconds as (median, slowest), `late` is (quiet, meanwhile) at p99."""

    tasks: int
    events: int
    obligations: float
    memory_bytes: float
    saved_bytes: float
    facts: float
    fold_per_second: float
    load_seconds: float
    latencies: dict[str, tuple[float, float]]
    late: tuple[float, float]


def log_of(workload: Workload, tasks: int, each: int) -> Iterator[Entry]:
    """Yield the assignments of tasks and `each` further reports of each, its units in turn, over SPAN."""
    shapes = len(workload.assignments)
    step = SPAN / (tasks * (each + 1))
    for number in range(tasks * (each + 1)):
        turn, task = divmod(number, tasks)
        name, now = f"t-{task:06}", START + step * number
        if turn == 0:
            event = parse(workload.assignments[task % shapes])
        else:
            units = workload.units[task % shapes]
            event = reported(number=turn, unit=units[(turn - 1) % len(units)], percent=min(100, turn * 11))
        event = msgspec.structs.replace(event, id=f"e-{number}", subject=name, source="office", time=now)
        raw = encode(event)
        instant = now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        yield Entry("office", event.id, digest(raw), raw[:-1] + additions(instant, "office"))


async def fill(redis: Any, workload: Workload, tasks: int, each: int) -> None:
    """Write the log."""
    log, tail, batch = Log(redis, LEDGER), 0, list[Entry]()
    for entry in log_of(workload, tasks, each):
        batch.append(entry)
        if len(batch) == BATCH:
            tail = (await append(log, tail, batch))[-1]
            batch.clear()
    if batch:
        await append(log, tail, batch)


async def measure(redis: Any, ledger: Ledger, tasks: int, each: int, runs: int) -> PastFigures:
    """Fill a log, fold it, load what was saved, and ask about the past."""
    workload = seed_workload(ledger)
    await fill(redis, workload, tasks, each)
    folding = Board(redis, LEDGER, ledger)
    start = time.monotonic()
    await fold(folding)
    speed = folding.position / (time.monotonic() - start)
    del folding
    gc.collect()
    board = Board(redis, LEDGER, ledger)
    start = time.monotonic()
    await board.load(START + SPAN)
    loaded = time.monotonic() - start
    timeline = board.projection.timeline
    assert isinstance(timeline, TaskTimeline)
    saved = 0
    async for name in redis.scan_iter(match=key(LEDGER, "status", "timeline", "*")):
        saved += await redis.strlen(name)
    return PastFigures(
        tasks,
        board.position,
        workload.obligations,
        await memory_of_timeline(redis, ledger, board) / board.position,
        saved / board.position,
        len(timeline.views.facts) / board.position,
        speed,
        loaded,
        await latencies(board, runs),
        await late(board, runs),
    )


async def fold(board: Board) -> None:
    """Fold the log to its end, as the service does: a save that a busy machine delays too long is repeated."""
    while True:
        try:
            await board.projection.catch_up()
        except redis_errors.TimeoutError:
            continue
        return


async def memory_of_timeline(redis: Any, ledger: Ledger, board: Board) -> float:
    """Return the bytes that another copy of the timeline allocates when it is loaded."""
    stored = Board(redis, LEDGER, ledger).projection._stored
    chunks: list[dict[str, bytes]] = []
    for number, name in enumerate(stored._timeline.keys(board.projection.generation, board.position)):
        part = TaskTimeline.parts[number % len(TaskTimeline.parts)]
        if part == TaskTimeline.parts[0]:
            chunks.append({})
        chunks[-1][part] = await redis.get(name) or b""
    gc.collect()
    tracemalloc.start()
    timeline = TaskTimeline()
    timeline.load(chunks)
    gc.collect()
    allocated, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert timeline.position == board.position
    return float(allocated)


async def latencies(board: Board, runs: int) -> dict[str, tuple[float, float]]:
    """Return the latencies of each kind of question, asked about another position each time."""
    past = board.past
    questions: dict[str, Callable[[int], Awaitable[Any]]] = {
        "as_of page": lambda position: past.page(position, TaskQuery()),
        "as_of page by due": lambda position: past.page(position, TaskQuery(sort="-due")),
        "as_of page of a unit": lambda position: past.page(position, TaskQuery(unit="市教育局", light="yellow")),
        "as_of page of a search": lambda position: past.page(position, TaskQuery(q="就业")),
        "as_of units and overview": lambda position: figures(board, position),
        "as_of task": lambda position: past.row(position, "t-000007"),
        "compare": lambda position: past.compared(position, position * 3 // 4, TaskQuery(), frozenset()),
        "compare changed": lambda position: past.compared(position, position // 2, TaskQuery(), frozenset(["light"])),
    }
    found = {}
    for name, ask in questions.items():
        times = []
        for run in range(1, runs + 1):
            start = time.monotonic()
            await ask(board.position * run // (runs + 1) + 1)
            times.append(1_000 * (time.monotonic() - start))
        found[name] = (statistics.median(times), max(times))
    return found


async def figures(board: Board, position: int) -> None:
    """Ask for the units and the overview as of a position."""
    past = await board.past.board(position)
    found = await board.past.figures(past)
    instant = past.at or START
    assert found.units(instant, position)
    assert found.overview("", instant, position).tasks


async def late(board: Board, runs: int) -> tuple[float, float]:
    """Return by how many milliseconds wake-ups of the event loop are late at p99: quiet, and while boards are asked."""

    async def ask() -> None:
        for run in range(1, runs + 1):
            await board.past.page(board.position * run // (runs + 1) + 2, TaskQuery(sort="-due"))
            await figures(board, board.position * run // (runs + 1) + 2)

    quiet = await _lateness(asyncio.sleep(1))
    return quiet, await _lateness(ask())


async def _lateness(work: Any) -> float:
    task, delays = asyncio.ensure_future(work), list[float]()
    while not task.done():
        start = time.monotonic()
        await asyncio.sleep(TICK)
        delays.append(1_000 * (time.monotonic() - start - TICK))
    await task
    return sorted(delays)[int(0.99 * len(delays))] if delays else 0.0


def show(figures: PastFigures) -> Table:
    """Return the figures as a table."""
    title = f"{figures.tasks:,} tasks of {figures.obligations:.1f} units, {figures.events:,} events"
    table = Table("figure", "value", title=title)
    table.add_row("memory of the timeline", f"{figures.memory_bytes:.1f} bytes an event")
    table.add_row("timeline on the server", f"{figures.saved_bytes:.1f} bytes an event")
    table.add_row("records of facts", f"{figures.facts:.2f} an event")
    table.add_row("fold and save", f"{figures.fold_per_second:,.0f} events/s")
    table.add_row("load rows and timeline", f"{figures.load_seconds:.1f} s")
    for name, (median, slowest) in figures.latencies.items():
        table.add_row(name, f"{median:,.0f} ms, slowest {slowest:,.0f} ms")
    table.add_row("wake-ups late at p99", "{:.1f} ms quiet, {:.1f} ms meanwhile".format(*figures.late))
    return table


async def run(url: str, tasks: int, each: int, runs: int) -> PastFigures:
    """Measure on an empty server."""
    redis = connect(url)
    try:
        return await measure(redis, load_ledger(shipped(f"{LEDGER}.toml")), tasks, each, runs)
    finally:
        await redis.aclose()


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--each", type=int, default=9, help="reports of each task, after its assignment")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(arguments)
    with (
        tempfile.TemporaryDirectory(prefix="duban-bench-") as name,
        contextlib.closing(make_server(Path(name) / "server")) as server,
    ):
        server.start()
        figures = asyncio.run(run(server.url, asked.tasks, asked.each, asked.runs))
    if asked.json:
        sys.stdout.write(msgspec.json.encode(figures).decode() + "\n")
    else:
        Console(width=120).print(show(figures))


if __name__ == "__main__":
    main(sys.argv[1:])
