"""What thirty sources wait for an answer while a thirty-first floods, beside what they wait when it does not."""

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

from events.envelope import encode
from events.keys import key
from services.common import tokens
from services.common.clock import sleep
from services.common.connection import connect
from tests.bench import load
from tests.examples import reported
from tests.house import LEDGER, House
from tests.integration.waiting import settled

OTHERS = [f"s{number:02}" for number in range(30)]

FLOOD = "flood"

SOURCES = "".join(f'\n[sources.{name}]\nrole = "reporter"\nunits = ["*"]\n' for name in (*OTHERS, FLOOD))
"""For the ledger's file."""

RATE = 5
"""Events a second of each of the others, one by one."""

SECONDS = 8
"""Of one measurement: 1,200 answers, so that the hundredth part are twelve."""

WARM = 1
"""Seconds before it in which the others publish already: who comes first after a flood that was alone is not in it."""

FULL_SECONDS = 0.1
"""Before a publisher tries again to add to an inbox that was full."""

MOST_TURNS = 1_000_000
"""Of one flood: each has turns of its own, or its events would be duplicates."""

_context = multiprocessing.get_context("spawn")


async def prepare(house: House) -> None:
    """Give the sources their tokens and assign what they report on."""
    client = connect(house.url)
    try:
        for name in (*OTHERS, FLOOD):
            house.tokens[name] = await tokens.issue(client, LEDGER, name)
    finally:
        await client.aclose()
    async with httpx.AsyncClient(timeout=60) as http:
        body = b"\n".join(load.assignments())
        (
            await http.post(house.address("ingest", "events"), content=body, headers=house.headers("office"))
        ).raise_for_status()


async def others_p99(house: House, run: int) -> float:
    """Return the milliseconds within which 99 of 100 single events of the others are accepted."""
    turns = RATE * (WARM + SECONDS)
    waited: list[float] = []

    async def one(number: int, source: str) -> None:
        http = clients[number]
        headers = house.headers(source, "application/cloudevents+json")
        start = time.monotonic() + number / len(OTHERS) / RATE  # they do not all speak at once
        for turn in range(turns):
            await sleep(max(0.0, start + turn / RATE - time.monotonic()))
            event = encode(reported(f"t-{turn:04}", run * turns + turn, source=source))
            at = time.monotonic()
            answer = await http.post(house.address("ingest", "events"), content=event, headers=headers)
            if turn >= RATE * WARM:
                waited.append(time.monotonic() - at)
            if answer.status_code != httpx.codes.CREATED:
                raise RuntimeError(f"{source}: {answer.status_code} {answer.text}")

    gc.collect()
    gc.freeze()  # searching all that a test has imported would hold up whoever is measured then
    context = ssl.create_default_context()  # made once, as it takes longer than an answer
    async with AsyncExitStack() as open_:
        clients = [await open_.enter_async_context(httpx.AsyncClient(timeout=60, verify=context)) for _ in OTHERS]
        async with asyncio.TaskGroup() as group:
            for number, source in enumerate(OTHERS):
                group.create_task(one(number, source))
    return 1_000 * sorted(waited)[int(0.99 * len(waited))]


@asynccontextmanager
async def flooding(house: House, publish: Callable[..., None], run: int) -> AsyncIterator[None]:
    """Have a process of its own publish at full speed until the block ends, and wait until all of it is decided."""
    begun, enough = _context.Event(), _context.Event()
    turns = range(run * MOST_TURNS, (run + 1) * MOST_TURNS)
    args = (begun, enough, turns, house.address("ingest", "events"), dict(house.headers(FLOOD)), house.url)
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
    await settled(house, FLOOD)


def over_http(begun: Any, enough: Any, turns: range, address: str, headers: dict[str, str], _: str) -> None:
    """Post the largest requests there are, one after another."""
    parts = urlsplit(address)
    body = b"\n".join(_events(20_000))
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


def over_inbox(begun: Any, enough: Any, turns: range, _: str, __: dict[str, str], url: str) -> None:
    """Add events in pipelines, one after another; a little later where the server tells that the inbox is full."""
    client: Any = redis.Redis.from_url(url, protocol=2).connection_pool.get_connection()
    inbox = key(LEDGER, "inbox", FLOOD)
    commands = b"".join(client.pack_commands([("XADD", inbox, "*", "e", event) for event in _events(load.PIPELINE)]))
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
"""Stands in the events for the turn that makes them distinct; as long as any."""


def _events(count: int) -> list[bytes]:
    source = f"{FLOOD}/{TURN.decode()}"
    return [encode(reported(f"t-{number % load.TASKS:04}", number, source=source)) for number in range(count)]


def _distinct(events: bytes, turn: int) -> bytes:
    return events.replace(b"/" + TURN, b"/%08d" % turn)
