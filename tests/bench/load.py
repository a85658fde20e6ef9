"""Publishers: processes of their own, as units' systems are, that have their events ready before the clock starts."""

import http.client
import multiprocessing
import time
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

import redis

from events.envelope import encode
from events.log import key
from tests.examples import assigned, reported
from tests.house import LEDGER, House

PUBLISHERS = 4

TASKS = 1_000
"""Tasks that the reports are about: a large city's plan."""

LINES = 2_000
"""Events in one request."""

PIPELINE = 500
"""Entries a publisher adds to its inbox at once."""

_context = multiprocessing.get_context("spawn")


def assignments() -> list[bytes]:
    """Return what assigns the tasks of the load."""
    return [encode(assigned(f"t-{number:04}", source="office")) for number in range(TASKS)]


def reports(publisher: int, count: int) -> list[bytes]:
    """Return a publisher's events, each distinct."""
    source = f"units/{publisher}"
    return [encode(reported(f"t-{number % TASKS:04}", number, source=source)) for number in range(count)]


def over_http(house: House, counts: Sequence[int]) -> list[float]:
    """Publish over HTTP; return the instants (monotonic, seconds) at which each began and ended, first and last."""
    parts = urlsplit(house.address("ingest", "events"))
    headers = dict(house.headers("units"))
    return _run(_post, [(number, count, parts.port, parts.path, headers) for number, count in enumerate(counts)])


def over_inbox(house: House, counts: Sequence[int]) -> list[float]:
    """Publish by XADD; return when the first began and the last ended, monotonic seconds."""
    inbox = key(LEDGER, "inbox", "units")
    return _run(_add, [(number, count, house.url, inbox) for number, count in enumerate(counts)])


def _run(publish: Callable[..., None], args: Sequence[tuple[Any, ...]]) -> list[float]:
    barrier = _context.Barrier(len(args) + 1)
    processes = [_context.Process(target=publish, args=(barrier, *one)) for one in args]
    for process in processes:
        process.start()
    barrier.wait(120)
    start = time.monotonic()
    for process in processes:
        process.join()
    if any(process.exitcode for process in processes):
        raise RuntimeError("a publisher failed; its error is above")
    return [start, time.monotonic()]


def _post(barrier: Any, number: int, count: int, port: int, path: str, headers: dict[str, str]) -> None:
    events = reports(number, count)
    bodies = [b"\n".join(events[start : start + LINES]) for start in range(0, count, LINES)]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.connect()
    accepted = 0
    barrier.wait(120)
    for body in bodies:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        accepted += answer.read().count(b'"outcome":"accepted"')
    if accepted != count:
        raise RuntimeError(f"publisher {number}: {accepted} of {count} accepted")


def _add(barrier: Any, number: int, count: int, url: str, inbox: str) -> None:
    connection: Any = redis.Redis.from_url(url, protocol=2).connection_pool.get_connection()
    events = reports(number, count)
    packed = [
        connection.pack_commands([("XADD", inbox, "*", "e", event) for event in events[start : start + PIPELINE]])
        for start in range(0, count, PIPELINE)
    ]
    barrier.wait(120)
    for commands in packed:
        connection.send_packed_command(commands)
        for _ in range(PIPELINE):
            connection.read_response()
