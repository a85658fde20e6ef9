"""How long a single event takes to be seen, at a steady rate: from POST to frame, next to one hop of the server.

The clients are threads with http.client, as the processors are the services': httpx takes nearly all of one for this.
Each event counts from the instant at which it is to be sent, so that a sender that is late hides nothing.
"""

import contextlib
import http.client
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from urllib.parse import urlsplit

import redis

from events.keys import key
from tests.bench.workload import Workload
from tests.deployment import Deployment

T = TypeVar("T", int, bytes)

RATE = 200
"""Events a second."""

EVENTS = 2_000

SENDERS = 16
"""Threads that send by turns: each has 80 ms for a request before it is late."""

LEAD_SECONDS = 0.5
"""Until the first is sent."""

MOST_SECONDS = 60.0
"""How long the last frame may take."""


def to_frame(deployment: Deployment, workload: Workload) -> list[float]:
    """Return the seconds from POST to SSE frame of single events at RATE a second, sorted."""
    at = urlsplit(deployment.address("ingest", "events"))
    headers = deployment.headers("units", "application/cloudevents+json")

    @contextlib.contextmanager
    def sender() -> Iterator[Callable[[int], int]]:
        with _connection(at.port) as connection:

            def post(number: int) -> int:
                connection.request("POST", at.path, workload.report(number, "units/latency"), headers)
                position: int = json.loads(connection.getresponse().read())["position"]
                return position

            yield post

    with _connection(urlsplit(deployment.base("status")).port) as connection:
        return _measured(sender, _frames(connection, deployment))


def to_reader(url: str, workload: Workload) -> list[float]:
    """Return the seconds from XADD to a blocking XREAD of another client at RATE a second, sorted."""
    stream = key("bare", "latency")

    @contextlib.contextmanager
    def sender() -> Iterator[Callable[[int], bytes]]:
        with redis.Redis.from_url(url) as client:

            def add(number: int) -> bytes:
                entry: bytes = client.xadd(stream, {"e": workload.report(number, "units")})
                return entry

            yield add

    def entries(client: Any) -> Iterator[bytes | None]:
        last = b"0"
        while True:
            for _, found in client.xread({stream: last}, block=2_000):
                for last, _fields in found:
                    yield last
            yield None

    with redis.Redis.from_url(url) as client:
        return _measured(sender, entries(client))


def _measured(
    sender: Callable[[], contextlib.AbstractContextManager[Callable[[int], T]]], seen: Iterator[T | None]
) -> list[float]:
    """Send by turns, and return the seconds until what each was given is seen, sorted; raises TimeoutError.

    `seen` also yields None now and then, so that the limit is noticed where nothing more comes.
    """
    start = time.monotonic() + LEAD_SECONDS
    end = start + EVENTS / RATE + MOST_SECONDS

    def sent(first: int) -> dict[T, float]:
        due = {}
        with sender() as send:
            for number in range(first, EVENTS, SENDERS):
                instant = start + number / RATE
                time.sleep(max(0.0, instant - time.monotonic()))
                due[send(number)] = instant
        return due

    def arrived() -> dict[T, float]:
        instants: dict[T, float] = {}
        for name in seen:
            if name is not None:
                instants.setdefault(name, time.monotonic())
            if len(instants) == EVENTS:
                return instants
            if time.monotonic() > end:
                break
        raise TimeoutError(f"{len(instants)} of {EVENTS} events are seen")

    with ThreadPoolExecutor(SENDERS + 1) as pool:
        reading = pool.submit(arrived)
        due = {name: instant for part in pool.map(sent, range(SENDERS)) for name, instant in part.items()}
        instants = reading.result()
    return sorted(instants[name] - instant for name, instant in due.items())


def _frames(connection: http.client.HTTPConnection, deployment: Deployment) -> Iterator[int | None]:
    """Subscribe, and return the positions of the frames that come from now on; None for each line without one."""
    headers = deployment.headers("board", "application/json")
    connection.request("GET", urlsplit(deployment.address("status", "overview")).path, headers=headers)
    position = json.loads(connection.getresponse().read())["position"]
    path = urlsplit(deployment.address("status", "changes")).path
    connection.request("GET", f"{path}?after={position}", headers=headers)
    lines = connection.getresponse()
    return (int(line.removeprefix(b"id: ")) if line.startswith(b"id: ") else None for line in lines)


def _connection(port: int | None) -> contextlib.closing[http.client.HTTPConnection]:
    return contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=MOST_SECONDS))
