"""`make bench`: speed and memory of duban, next to the bare server's in the same run on the same machine.

Then the accuracy of reading documents (ARGS=--accuracy: only that).
"""

import asyncio
import contextlib
import gc
import sys
import tempfile
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from services.common.connection import connect
from services.common.runtime import GC_THRESHOLD
from services.common.settings import load_ledger, shipped
from tests.bench.bench import Bench, document_figures
from tests.bench.documents import accuracy
from tests.bench.measures import RUNS, Figure
from tests.bench.notifying import notify_figures
from tests.bench.tables import unit_accuracy
from tests.bench.workload import TASKS, Workload, seed_workload, single_unit_workload
from tests.deployment import LEDGER
from tests.servers import Server, make_server

SINGLE_RUNS = 1
"""Runs of each measurement on tasks of one unit: they are there for comparison only."""


async def run(server: Server, directory: Path) -> list[Figure]:
    """Measure the 2017 table's tasks, and tasks of one unit for comparison."""
    redis = connect(server.url)
    ledger = load_ledger(shipped(f"{LEDGER}.toml"))

    async def measure(workload: Workload, runs: int) -> list[Figure]:
        return await Bench(redis, server.url, directory, workload, runs).figures()

    try:
        seed = await measure(seed_workload(ledger), RUNS)
        single = await measure(single_unit_workload(), SINGLE_RUNS)
        both = [one.next_to(other) for one, other in zip(seed, single, strict=True)]
        return [*both, *await document_figures(ledger), *await notify_figures(redis, server.url, directory)]
    finally:
        await redis.aclose()


def show(figures: list[Figure], server: Server) -> Table:
    """Return the figures as a table."""
    title = f"duban on {type(server).__name__}, {TASKS:,} tasks shaped like the 2017 table's"
    table = Table("figure", "duban", "bare", "ratio", "wanted", "one unit a task: duban", "ratio", title=title)
    for one in figures:
        table.add_row(
            one.name,
            f"{one.value:,.1f} {one.unit}",
            f"{one.bare:,.1f} ({one.bare_is})" if one.bare is not None else "",
            _ratio(one.ratio),
            one.wanted,
            f"{one.single:,.1f} {one.unit}" if one.single is not None else "",
            _ratio(one.single_ratio),
        )
    return table


def show_accuracy() -> Table:
    """Return how the corpus is read, as a table."""
    title = "cells, tables and lists of published documents (tests/schedule/corpus)"
    table = Table("half", "cells", "right", "fairly refused", "wrongly refused", "wrong", title=title)
    for half, found in {**accuracy(), **unit_accuracy()}.items():
        of = sum(found.values())
        table.add_row(half, str(of), *(f"{count} ({count / of:.1%})" for count in found.values()))
    return table


def _ratio(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.2f}"


def main(arguments: list[str]) -> None:
    if "--accuracy" in arguments:
        Console(width=180).print(show_accuracy())
        return
    gc.set_threshold(GC_THRESHOLD)  # as the services do
    with tempfile.TemporaryDirectory(prefix="duban-bench-") as name:
        server = make_server(Path(name) / "server")
        with contextlib.closing(server):
            server.start()
            figures = asyncio.run(run(server, Path(name)))
        if "--json" in arguments:
            rows: list[dict[str, Any]] = [msgspec.structs.asdict(one) | {"ratio": one.ratio} for one in figures]
            sys.stdout.write(msgspec.json.encode(rows).decode() + "\n")
        else:
            console = Console(width=180)
            console.print(show(figures, server))
            console.print(show_accuracy())


if __name__ == "__main__":
    main(sys.argv[1:])
