"""`python -m tests.bench.reading`: status with many tasks: memory, start from saved rows, and the time of each read.

The tasks are shaped like the 2017 table's, each event a report of one of a task's units. Status runs in a process of
its own, and a client reads over HTTP one request after another: http.client, which takes half a millisecond for the
two megabytes of 1,000 rows where httpx takes six.
"""

import argparse
import asyncio
import contextlib
import gc
import gzip
import http.client
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from email.message import Message
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

import httpx
import psutil
from msgspec import Struct
from msgspec.structs import replace
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from events.entries import Entry, digest
from events.envelope import additions, encode, parse
from events.keys import key
from events.log import Log
from events.schema import TaskAssigned
from services.common import tokens
from services.common.clock import kind_of, sleep
from services.common.connection import connect
from services.common.settings import load_ledger, shipped
from tests.bench.feeding import delays
from tests.bench.measures import at
from tests.bench.workload import Workload, seed_workload
from tests.deployment import LEDGER, Deployment, answers
from tests.events.appending import append
from tests.examples import reported
from tests.servers import make_server

BATCH = 2_000
"""Events of one append."""

ROUNDS = 100
"""Requests of each kind: one percent of them is one."""

NO_HEADERS: Mapping[str, str] = MappingProxyType({})

MOST_MILLISECONDS = 20
"""Wanted of the 99th percentile of each read."""

START_SECONDS = 1_800.0
"""Limit for the first start, which folds the whole log."""

OPENED = datetime.fromisoformat("2117-08-01T00:00:00+08:00")

CLOCK = "2118-11-15T09:00:00+08:00"
"""Between the due instants of the table's tasks, a century later: some are overdue, some due soon, some on track."""

MEBIBYTE = 1_048_576

READS = {
    "a page by row": "tasks",
    "by due, descending": "tasks?sort=-due",
    "by percent": "tasks?sort=percent",
    "by position, descending": "tasks?sort=-position",
    "1,000 rows": "tasks?limit=1000",
    "1,000 rows, four members": "tasks?limit=1000&fields=task,title,light,due_day",
    "one unit": "tasks?unit=市残联",
    "one lead, by due": "tasks?lead=市残联&sort=due",
    "red": "tasks?light=red",
    "yellow, by due, descending": "tasks?light=yellow&sort=-due",
    "one state, by percent": "tasks?state=in-progress&sort=percent",
    "one section": "tasks?section=第3部分",
    "unit, light, state and section": "tasks?unit=市残联&light=green&state=in-progress&section=第2部分&sort=due",
    "due in one month": "tasks?due_after=2118-11-30T00:00:00%2B08:00&due_before=2119-01-02T00:00:00%2B08:00&sort=due",
    "due before 2120, by row": "tasks?due_before=2120-01-01T00:00:00%2B08:00",
    "search: in most titles": "tasks?q=残疾",
    "search: in no title": "tasks?q=没有这样的",
    "search: a number": "tasks?q=00042",
    "search among red": "tasks?q=残疾&light=red&sort=-due",
    "one task": "tasks/t-000042",
    "a task's events": "tasks/t-000042/events",
}
"""What is read; a page deep in the list, and an answer that the client has, are added."""


class Size(Struct, frozen=True):
    """Figures of the whole: one number each."""

    name: str
    value: float
    unit: str
    wanted: str = ""


class Read(Struct, frozen=True):
    """The milliseconds of one kind of read, as a client sees it; `processor` is status' own, a mean, where measured."""

    name: str
    p50: float
    p99: float
    wanted: float = MOST_MILLISECONDS
    processor: float | None = None


class Client(NamedTuple):
    """A client of the ledger at a path."""

    connection: http.client.HTTPConnection
    path: str
    headers: Mapping[str, str]

    def get(self, path: str, headers: Mapping[str, str] = NO_HEADERS) -> tuple[Message, bytes]:
        """Return headers and body of an answer, which may come compressed, as to a browser."""
        whole = quote(f"{self.path}{path}", safe="/?&=%,-")
        self.connection.request("GET", whole, headers={"Accept-Encoding": "gzip", **self.headers, **headers})
        answer = self.connection.getresponse()
        body = answer.read()
        assert answer.status in {HTTPStatus.OK, HTTPStatus.NOT_MODIFIED}, body
        return answer.headers, gzip.decompress(body) if answer.headers["Content-Encoding"] == "gzip" else body


def stored(workload: Workload, tasks: int, events: int) -> Iterator[Entry]:
    """Yield the log: the assignments of the tasks, then reports by turns, evenly over the time up to CLOCK."""
    templates = [parse(raw) for raw in workload.assignments]
    span = (datetime.fromisoformat(CLOCK) - OPENED) / events
    for number in range(events):
        turn, task = divmod(number, tasks)
        name, kind = f"t-{task:06}", task % len(templates)
        if turn == 0:
            template = templates[kind]
            assert isinstance(template.data, TaskAssigned)
            data = replace(template.data, title=f"{task}：{template.data.title}", row=task)
            event = replace(template, id=f"assigned-{task}", subject=name, data=data)
            raw = encode(event, section=f"第{task % 9}部分")
        else:
            units = workload.units[kind]
            percent = (turn * 9 + task % 13) % 101
            event = reported(name, number, unit=units[turn % len(units)], source="units", percent=percent)
            raw = encode(replace(event, time=OPENED + span * number))
        recorded = (OPENED + span * number).strftime("%Y-%m-%dT%H:%M:%S.%f+08:00")
        yield Entry(event.source, event.id, digest(raw), raw[:-1] + additions(recorded, event.source))


async def fill(redis: Any, tasks: int, events: int) -> None:
    """Write the log, with a progress bar."""
    workload = seed_workload(load_ledger(shipped(f"{LEDGER}.toml")))
    log, batch, tail = Log(redis, LEDGER), list[Entry](), 0
    with Progress(console=Console(stderr=True)) as progress:
        bar = progress.add_task("the log", total=events)
        for entry in stored(workload, tasks, events):
            batch.append(entry)
            if len(batch) == BATCH or tail + len(batch) == events:
                await append(log, tail, batch)
                tail += len(batch)
                batch.clear()
                progress.update(bar, completed=tail)
    await redis.set(key(LEDGER, "clock", "kind"), kind_of(CLOCK))  # over that of the appends


async def started(deployment: Deployment, service: str = "status") -> float:
    """Start a service and return the seconds until it is ready; raise RuntimeError if it ends instead."""
    start = time.monotonic()
    deployment.start(service)
    process = psutil.Process(deployment.pid(service))
    async with httpx.AsyncClient() as http, asyncio.timeout(START_SECONDS):
        while not await answers(http, f"{deployment.base(service)}/health/ready"):
            if process.status() == psutil.STATUS_ZOMBIE:
                raise RuntimeError(f"{service} ended: {(deployment.logs / f'{service}.log').read_text()[-2_000:]}")
            await sleep(0.05)
    return time.monotonic() - start


def read(deployment: Deployment, rounds: int) -> list[Read]:
    """Measure each read; the client's own collections of cycles are not in the times."""
    gc.collect()
    gc.freeze()
    at = urlsplit(deployment.address("status", ""))
    with contextlib.closing(http.client.HTTPConnection(at.hostname or "", at.port, timeout=60)) as connection:
        client = Client(connection, at.path, deployment.headers("board", "application/json"))
        first, board = client.get("tasks")
        half = min(1_000, json.loads(board)["total"] // 2)
        deep = json.loads(client.get(f"tasks?sort=due&limit={half}")[1])["next"]
        asked: dict[str, tuple[str, dict[str, str]]] = {name: (path, {}) for name, path in READS.items()}
        asked["a page deep in the list"] = (f"tasks?sort=due&cursor={deep}", {})
        asked["an answer that the client has"] = ("tasks", {"If-None-Match": first["etag"]})
        return [timed(client, deployment, rounds, name, *how) for name, how in asked.items()]


async def fed(deployment: Deployment, rounds: int) -> list[Read]:
    """Measure the feed, quiet and while the past is asked for, when it may take twice as long."""
    await started(deployment, "ingest")
    quiet, asked = await delays(deployment, rounds, datetime.fromisoformat(CLOCK))
    twice = 2 * at(quiet, 0.99)
    return [
        Read("POST to frame", at(quiet, 0.5), at(quiet, 0.99)),
        Read("POST to frame, the past asked", at(asked, 0.5), at(asked, 0.99), twice),
    ]


def timed(client: Client, deployment: Deployment, rounds: int, name: str, path: str, headers: dict[str, str]) -> Read:
    """Measure one kind of read, one request after another."""
    process, seconds = psutil.Process(deployment.pid("status")), []
    before = process.cpu_times()
    for _ in range(rounds):
        start = time.monotonic()
        client.get(path, headers)
        seconds.append(time.monotonic() - start)
    after = process.cpu_times()
    seconds.sort()
    processor = 1_000 * (after.user + after.system - before.user - before.system) / rounds
    return Read(name, at(seconds, 0.5), at(seconds, 0.99), processor=processor)


async def measure(url: str, directory: Path, tasks: int, events: int, rounds: int) -> tuple[list[Size], list[Read]]:
    """Write a log of this size, start status on it twice, and return the figures."""
    redis = connect(url)
    deployment = Deployment(directory, url, clock=CLOCK, measured=True)
    try:
        await fill(redis, tasks, events)
        for source in ("board", "units"):
            deployment.tokens[source] = await tokens.issue(redis, LEDGER, source)
        fold = await started(deployment)
        folded = rss(deployment)
        deployment.stop("status")
        start = await started(deployment)
        loaded = rss(deployment)
        reads = read(deployment, rounds)
        reads += await fed(deployment, rounds)
        after = rss(deployment)
        used = (await redis.info("memory"))["used_memory"] / MEBIBYTE
    finally:
        deployment.end()
        await redis.aclose()
    sizes = [
        Size("first start: fold, save, index", events / fold, "events/s"),
        Size("start from saved rows", start, "s", "15"),
        Size("status after the fold", folded, "MiB"),
        Size("status after the start", loaded, "MiB"),
        Size("status after the reads", after, "MiB"),
        Size("the server", used, "MiB"),
    ]
    return sizes, reads


def show(title: str, sizes: list[Size], reads: list[Read]) -> Table:
    """Return the figures as a table."""
    table = Table("figure", "value", "wanted", "processor time", title=title)
    for size in sizes:
        table.add_row(size.name, f"{size.value:,.1f} {size.unit}", size.wanted)
    for one in reads:
        times = f"p50 {one.p50:,.1f} ms, p99 {one.p99:,.1f} ms"
        spent = f"{one.processor:,.1f} ms" if one.processor is not None else ""
        table.add_row(one.name, times, f"p99 {one.wanted:,.0f} ms", spent)
    return table


def rss(deployment: Deployment) -> float:
    """Return the resident memory of status, in MiB."""
    return float(psutil.Process(deployment.pid("status")).memory_info().rss) / MEBIBYTE


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=100_000)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    size = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="duban-reading-") as name:
        server = make_server(Path(name) / "server")
        with contextlib.closing(server):
            server.start()
            sizes, reads = asyncio.run(measure(server.url, Path(name), size.tasks, size.events, size.rounds))
    title = f"status with {size.tasks:,} tasks and {size.events:,} events"
    Console(width=140).print(show(title, sizes, reads))


if __name__ == "__main__":
    main(sys.argv[1:])
