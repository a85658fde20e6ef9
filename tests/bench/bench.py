"""All measurements of one workload, each on an emptied server."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from events.ledger import Ledger
from tests.bench import fairness, latency, measures
from tests.bench.documents import MAKERS, ROWS, bare_rows_per_second, drawing, rows_per_second
from tests.bench.measures import Figure, at, compare
from tests.bench.workload import Workload
from tests.deployment import Deployment

MILLION = 1_000_000
MEBIBYTE = 1_048_576

_directories = count()


class Bench:
    """Measures one workload, `runs` times each."""

    def __init__(self, redis: Any, url: str, directory: Path, workload: Workload, runs: int) -> None:
        self._redis = redis
        self._url = url
        self._directory = directory
        self._workload = workload
        self._runs = runs

    async def figures(self) -> list[Figure]:
        """Return every figure that depends on the workload."""
        return [*await self._ingest(), *await self._flooded(), *await self._reading(), *await self._steady()]

    async def _ingest(self) -> list[Figure]:
        """Measure ingest by each route, next to the append script alone."""
        script = "append script, one caller, batches of 500"
        routes = (
            ("ingest over HTTP, 4 publishers", measures.ingest_http),
            ("ingest over an inbox, 4 filling it", measures.ingest_inbox),
            ("ingest from a full inbox", measures.ingest_backlog),
        )
        return [
            await self._compare(
                self._bare_append, script, partial(self._ingested, route), name, "events/s", "ratio 0.5"
            )
            for name, route in routes
        ]

    async def _flooded(self) -> list[Figure]:
        """Measure the answer times of thirty sources while another floods either endpoint."""
        figures = []
        numbers = count()
        async with self._services(more=fairness.SOURCES) as services:
            await fairness.prepare(services, self._workload)

            async def quiet() -> float:
                return await fairness.others_p99(services, self._workload, next(numbers))

            async def flooded(publish: Callable[..., None]) -> float:
                number = next(numbers)
                async with fairness.flooding(services, self._workload, publish, number):
                    return await fairness.others_p99(services, self._workload, number)

            for route, publish in (("HTTP", fairness.over_http), ("its inbox", fairness.over_inbox)):
                name = f"30 sources' p99 while one floods over {route}"
                measure = partial(flooded, publish)
                figures.append(
                    await self._compare(quiet, "the same without the flood", measure, name, "ms", "ratio at most 5")
                )
        return figures

    async def _reading(self) -> list[Figure]:
        """Measure folding and decoding the log, next to reading it undecoded."""
        async with self._services("ingest") as services:
            await measures.ingest_http(self._redis, services, self._workload)
        bare, scan = partial(measures.bare_read, self._redis), "XRANGE of the log, undecoded"
        fold, replay = partial(measures.fold, self._redis), partial(measures.replay, self._redis)
        return [
            await self._compare(bare, scan, fold, "status: fold and save", "events/s", "60,000"),
            await self._compare(bare, scan, replay, "replay, every event decoded", "events/s", "100,000"),
        ]

    async def _steady(self) -> list[Figure]:
        """Measure memory after EVENTS events, and latency at a steady rate."""
        async with self._services() as services:
            await measures.ingest_http(self._redis, services, self._workload)
            await measures.caught_up(self._redis)
            held = await measures.memory(self._redis)
            seen = await asyncio.to_thread(latency.to_frame, services, self._workload)
        bare = await asyncio.to_thread(latency.to_reader, self._url, self._workload)
        hop, seen_at = "XADD to XREAD", f"POST to SSE frame at {latency.RATE}/s"
        return [
            Figure(f"{seen_at}, p50", at(seen, 0.5), "ms", at(bare, 0.5), hop),
            Figure(f"{seen_at}, p99", at(seen, 0.99), "ms", at(bare, 0.99), hop),
            Figure("an event in the log", held["event"], "bytes"),
            Figure("a task row", held["row"], "bytes"),
            Figure("1,000,000 events, all keys", held["all"] * MILLION / MEBIBYTE, "MiB"),
        ]

    async def _bare_append(self) -> float:
        await measures.emptied(self._redis)
        return await measures.bare_append(self._redis, self._workload)

    async def _ingested(self, route: Callable[[Any, Deployment, Workload], Awaitable[float]]) -> float:
        async with self._services("ingest") as services:
            return await route(self._redis, services, self._workload)

    @asynccontextmanager
    async def _services(self, *names: str, more: str = "") -> AsyncIterator[Deployment]:
        """Run services on an emptied server, in a directory of their own."""
        await measures.emptied(self._redis)
        own = self._directory / f"services-{next(_directories)}"
        own.mkdir()
        async with Deployment(own, self._url, channels=more, measured=True).running(*names) as running:
            yield running

    async def _compare(
        self,
        bare: Callable[[], Awaitable[float]],
        bare_is: str,
        measure: Callable[[], Awaitable[float]],
        name: str,
        unit: str,
        wanted: str,
    ) -> Figure:
        return await compare(bare, bare_is, measure, name, unit, wanted, self._runs)


async def document_figures(ledger: Ledger) -> list[Figure]:
    """Measure reading the 2017 table many times over, in each format, next to the format's library alone."""
    figures = []
    for form, make in MAKERS.items():
        document = make(drawing())
        alone, read = partial(bare_rows_per_second, document, form), partial(rows_per_second, document, ledger)
        figures.append(await compare(alone, "its library alone", read, f"import: {ROWS:,} rows, {form}", "rows/s"))
    return figures
