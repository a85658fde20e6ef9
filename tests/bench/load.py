"""Publishers in processes of their own, as units' systems are; events are encoded before the measurement starts."""

import http.client
import multiprocessing
import os
import socket
import time
import traceback
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

import redis

from events.keys import key
from tests.bench.workload import Workload
from tests.deployment import LEDGER, Deployment

PUBLISHERS = 4

LINES = 2_000
"""Events in one request."""

PIPELINE = 500
"""Entries a publisher adds to its inbox at once."""

_context = multiprocessing.get_context("spawn")


def over_http(deployment: Deployment, workload: Workload, counts: Sequence[int]) -> tuple[float, float]:
    """Publish over HTTP; return the monotonic seconds of the first request and of the last answer."""
    parts = urlsplit(deployment.address("ingest", "events"))
    headers = dict(deployment.headers("units"))
    return _run(_post, [(workload, count, parts.port, parts.path, headers) for count in counts])


def over_inbox(deployment: Deployment, workload: Workload, counts: Sequence[int]) -> tuple[float, float]:
    """Publish by XADD; return the monotonic seconds of the first command and of the last reply."""
    inbox = key(LEDGER, "inbox", "units")
    return _run(_add, [(workload, count, deployment.url, inbox) for count in counts])


def _run(publish: Callable[..., None], args: Sequence[tuple[Any, ...]]) -> tuple[float, float]:
    barrier = _context.Barrier(len(args))
    times = _context.Array("d", 2 * len(args))
    processes = [
        _context.Process(target=_publisher, args=(publish, barrier, times, number, *one))
        for number, one in enumerate(args)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    if any(process.exitcode for process in processes):
        raise RuntimeError("a publisher failed; its error is above")
    return min(times[0::2]), max(times[1::2])


def _publisher(publish: Callable[..., None], barrier: Any, times: Any, number: int, *args: Any) -> None:
    """Run in a process of its own; it exits at once, as an interpreter's shutdown takes processor time from others."""

    def begin() -> None:
        barrier.wait(120)
        times[2 * number] = time.monotonic()

    code = 1
    try:
        publish(begin, number, *args)
        times[2 * number + 1] = time.monotonic()
        code = 0
    except Exception:  # noqa: BLE001 - printed here, and reported by the exit code
        traceback.print_exc()
    os._exit(code)


def _reports(workload: Workload, publisher: int, count: int) -> list[bytes]:
    """Return a publisher's events, each distinct."""
    source = f"units/{publisher}"
    return [workload.report(number, source) for number in range(count)]


def _post(
    begin: Callable[[], None],
    number: int,
    workload: Workload,
    count: int,
    port: int,
    path: str,
    headers: dict[str, str],
) -> None:
    events = _reports(workload, number, count)
    bodies = [b"\n".join(events[start : start + LINES]) for start in range(0, count, LINES)]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.connect()
    accepted = 0
    begin()
    for body in bodies:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        accepted += answer.read().count(b'"outcome":"accepted"')
    if accepted != count:
        raise RuntimeError(f"publisher {number}: {accepted} of {count} accepted")


def _add(begin: Callable[[], None], number: int, workload: Workload, count: int, url: str, inbox: str) -> None:
    """Add events as a fast client in any language does: commands are packed in advance, replies only counted."""
    client: Any = redis.Redis.from_url(url, protocol=2).connection_pool.get_connection()
    events = _reports(workload, number, count)
    packed = [
        b"".join(client.pack_commands([("XADD", inbox, "*", "e", event) for event in events[start : start + PIPELINE]]))
        for start in range(0, count, PIPELINE)
    ]
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=120) as connection:
        begin()
        for commands in packed:
            connection.sendall(commands)
            answered = 0
            while answered < PIPELINE:
                replies = connection.recv(65_536)
                if replies[:1] == b"-" or not replies:
                    raise RuntimeError(f"publisher {number}: {replies[:200]!r}")
                answered += replies.count(b"$")  # each reply is one bulk string, an entry's id
