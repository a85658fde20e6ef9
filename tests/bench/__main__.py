"""`make bench`: what duban does beside what the server alone does, in one run on one machine."""

import asyncio
import contextlib
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from services.common.connection import connect
from services.common.settings import load_ledger, shipped
from tests.bench import fairness, measures
from tests.bench.documents import MAKERS, ROWS, bare_rows_per_second, drawing, rows_per_second
from tests.bench.measures import Figure, at, beside
from tests.house import LEDGER, House
from tests.servers import Server, make_server

MILLION = 1_000_000
MEBIBYTE = 1_048_576


async def run(server: Server, directory: Path) -> list[Figure]:
    """Measure everything on an empty server."""
    redis = connect(server.url)
    reader = connect(server.url)
    runs = iter(range(100))
    ledger = load_ledger(shipped(f"{LEDGER}.toml"))

    @asynccontextmanager
    async def house(*services: str, more: str = "") -> AsyncIterator[House]:
        await measures.emptied(redis)
        own = directory / f"house-{next(runs)}"
        own.mkdir()
        async with House(own, server.url, channels=more).running(*services) as running:
            yield running

    async def bare_append() -> float:
        await measures.emptied(redis)
        return await measures.bare_append(redis)

    async def http() -> float:
        async with house("ingest") as running:
            return await measures.ingest_http(redis, running)

    async def inbox() -> float:
        async with house("ingest") as running:
            return await measures.ingest_inbox(redis, running)

    async def backlog() -> float:
        async with house("ingest") as running:
            return await measures.ingest_backlog(redis, running)

    script = "append script, one caller, batches of 500"
    scan = "XRANGE of the log, undecoded"
    hop = "XADD to XREAD"
    tables = {form: make(drawing()) for form, make in MAKERS.items()}
    try:
        figures = [
            await beside(bare_append, script, http, "ingest over HTTP, 4 publishers", "events/s", "ratio 0.5"),
            await beside(bare_append, script, inbox, "ingest over an inbox, 4 filling it", "events/s", "ratio 0.5"),
            await beside(bare_append, script, backlog, "ingest from a full inbox", "events/s", "ratio 0.5"),
        ]
        async with house(more=fairness.SOURCES) as running:
            figures += await others_beside_a_flood(running)
        bare_read = partial(measures.bare_read, redis)
        fold, replay = partial(measures.fold, redis), partial(measures.replay, redis)
        figures += [
            await beside(bare_read, scan, fold, "status: fold and save", "events/s", "30,000"),
            await beside(bare_read, scan, replay, "replay, every event decoded", "events/s", "100,000"),
        ]
        for form, document in tables.items():
            alone, read = partial(bare_rows_per_second, document, form), partial(rows_per_second, document, ledger)
            figures.append(await beside(alone, "its library alone", read, f"import: {ROWS:,} rows, {form}", "rows/s"))
        async with house() as running:
            await measures.ingest_http(redis, running)
            await asyncio.sleep(3)  # status folds and saves what has come
            held = await measures.memory(redis)
            seen = await measures.latency(running)
        bare = await measures.bare_latency(redis, reader)
    finally:
        await redis.aclose()
        await reader.aclose()
    return [
        *figures,
        Figure("POST to SSE frame at 200/s, p50", at(seen, 0.5), "ms", at(bare, 0.5), hop),
        Figure("POST to SSE frame at 200/s, p99", at(seen, 0.99), "ms", at(bare, 0.99), hop),
        Figure("an event in the log", held["event"], "bytes"),
        Figure("a task row", held["row"], "bytes"),
        Figure("1,000,000 events, all keys", held["all"] * MILLION / MEBIBYTE, "MiB"),
    ]


async def others_beside_a_flood(house: House) -> list[Figure]:
    """Measure how long thirty sources wait while another floods either door."""
    await fairness.prepare(house)
    runs = iter(range(100))

    async def quiet() -> float:
        return await fairness.others_p99(house, next(runs))

    figures = []
    for door, flood in (("HTTP", fairness.over_http), ("its inbox", fairness.over_inbox)):

        async def flooded(flood: Callable[..., None] = flood) -> float:
            run = next(runs)
            async with fairness.flooding(house, flood, run):
                return await fairness.others_p99(house, run)

        name = f"30 sources' p99 while one floods over {door}"
        figures.append(await beside(quiet, "the same without the flood", flooded, name, "ms", "ratio at most 5"))
    return figures


def show(figures: list[Figure], server: Server) -> Table:
    """Return the figures as a table."""
    table = Table("figure", "duban", "bare", "ratio", "wanted", title=f"duban on {type(server).__name__}")
    for one in figures:
        table.add_row(
            one.name,
            f"{one.value:,.1f} {one.unit}",
            f"{one.bare:,.1f} ({one.bare_is})" if one.bare is not None else "",
            f"{one.ratio:.2f}" if one.ratio is not None else "",
            one.wanted,
        )
    return table


def main(arguments: list[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="duban-bench-") as name:
        server = make_server(Path(name) / "server")
        with contextlib.closing(server):
            server.start()
            figures = asyncio.run(run(server, Path(name)))
        if "--json" in arguments:
            rows: list[dict[str, Any]] = [msgspec.structs.asdict(one) | {"ratio": one.ratio} for one in figures]
            sys.stdout.write(msgspec.json.encode(rows).decode() + "\n")
        else:
            Console(width=140).print(show(figures, server))


if __name__ == "__main__":
    main(sys.argv[1:])
