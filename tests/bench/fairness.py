"""Answer times of thirty sources while a thirty-first floods, and without the flood."""

import asyncio
import gc
import http.client
import multiprocessing
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
import redis

from events.keys import key
from services.common import tokens
from services.common.clock import sleep
from services.common.connection import connect
from tests.bench import load
from tests.bench.workload import Workload
from tests.deployment import LEDGER, Deployment
from tests.integration.waiting import settled

OTHERS = [f"s{number:02}" for number in range(30)]

FLOOD = "flood"

SOURCES = "".join(f'\n[sources.{name}]\nrole = "reporter"\nunits = ["*"]\n' for name in (*OTHERS, FLOOD))
"""For the ledger's file."""

RATE = 5
"""Events a second of each of the others, one by one."""

SECONDS = 8
"""Of one measurement: 1,200 answers, so that one percent are twelve."""

WARM = 1
"""Seconds of publishing before the measurement: the first answers after a flood without competition are left out."""

FULL_SECONDS = 0.1
"""Delay before a publisher retries on a full inbox."""

MOST_TURNS = 1_000_000
"""Turn numbers reserved for one flood: a number used twice would make duplicates."""

_context = multiprocessing.get_context("spawn")


async def prepare(deployment: Deployment, workload: Workload) -> None:
    """Issue the sources' tokens and assign the tasks."""
    client = connect(deployment.url)
    try:
        for name in (*OTHERS, FLOOD):
            deployment.tokens[name] = await tokens.issue(client, LEDGER, name)
    finally:
        await client.aclose()
    async with httpx.AsyncClient(timeout=60) as http:
        body = b"\n".join(workload.assignments)
        (
            await http.post(deployment.address("ingest", "events"), content=body, headers=deployment.headers("office"))
        ).raise_for_status()


async def others_p99(deployment: Deployment, workload: Workload, run: int) -> float:
    """Return the 99th percentile, in milliseconds, of the others' answer times for single events."""
    turns = RATE * (WARM + SECONDS)
    waited: list[float] = []

    async def one(number: int, source: str) -> None:
        http = clients[number]
        headers = deployment.headers(source, "application/cloudevents+json")
        start = time.monotonic() + number / len(OTHERS) / RATE  # spread over a turn
        for turn in range(turns):
            await sleep(max(0.0, start + turn / RATE - time.monotonic()))
            event = workload.report(run * turns + turn, source)
            at = time.monotonic()
            answer = await http.post(deployment.address("ingest", "events"), content=event, headers=headers)
            if turn >= RATE * WARM:
                waited.append(time.monotonic() - at)
            if answer.status_code != httpx.codes.CREATED:
                raise RuntimeError(f"{source}: {answer.status_code} {answer.text}")

    gc.collect()
    gc.freeze()  # a collection of everything imported would delay the answers measured then
    context = ssl.create_default_context()  # made once: it takes longer than an answer
    async with AsyncExitStack() as open_:
        clients = [await open_.enter_async_context(httpx.AsyncClient(timeout=60, verify=context)) for _ in OTHERS]
        async with asyncio.TaskGroup() as group:
            for number, source in enumerate(OTHERS):
                group.create_task(one(number, source))
    return 1_000 * sorted(waited)[int(0.99 * len(waited))]


@asynccontextmanager
async def flooding(
    deployment: Deployment, workload: Workload, publish: Callable[..., None], run: int
) -> AsyncIterator[None]:
    """Run a process that publishes at full speed until the block ends; then wait until its events are decided."""
    begun, enough = _context.Event(), _context.Event()
    turns = range(run * MOST_TURNS, (run + 1) * MOST_TURNS)
    headers = dict(deployment.headers(FLOOD))
    args = (begun, enough, workload, turns, deployment.address("ingest", "events"), headers, deployment.url)
    process = _context.Process(target=publish, args=args)
    process.start()
    try:
        await asyncio.to_thread(begun.wait, 60)
        yield
    finally:
        enough.set()
        await asyncio.to_thread(process.join)
    if process.exitcode:
        raise RuntimeError("the flood ended early; its error is above")
    await settled(deployment, FLOOD)


def over_http(
    begun: Any, enough: Any, workload: Workload, turns: range, address: str, headers: dict[str, str], _: str
) -> None:
    """Post the largest permitted requests, one after another."""
    parts = urlsplit(address)
    body = b"\n".join(_events(workload, 20_000))
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=120)
    for turn in turns:
        connection.request("POST", parts.path, _distinct(body, turn), headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != http.client.OK:
            raise RuntimeError(f"{answer.status}")
        begun.set()
        if enough.is_set():
            return


def over_inbox(begun: Any, enough: Any, workload: Workload, turns: range, _: str, __: dict[str, str], url: str) -> None:
    """Add events in pipelines, one after another, and pause where the inbox is full."""
    client: Any = redis.Redis.from_url(url, protocol=2).connection_pool.get_connection()
    inbox = key(LEDGER, "inbox", FLOOD)
    events = _events(workload, load.PIPELINE)
    commands = b"".join(client.pack_commands([("XADD", inbox, "*", "e", event) for event in events]))
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=120) as connection:
        for turn in turns:
            connection.sendall(_distinct(commands, turn))
            added = refused = 0
            while added + refused < load.PIPELINE:
                replies = connection.recv(65_536)
                added += replies.count(b"$")
                refused += replies.count(b"-ERR")
            if refused:
                time.sleep(FULL_SECONDS)
            begun.set()
            if enough.is_set():
                return


TURN = b"00000000"
"""Placeholder of the turn that makes the events distinct; as long as any turn."""


def _events(workload: Workload, count: int) -> list[bytes]:
    source = f"{FLOOD}/{TURN.decode()}"
    return [workload.report(number, source) for number in range(count)]


def _distinct(events: bytes, turn: int) -> bytes:
    return events.replace(b"/" + TURN, b"/%08d" % turn)
