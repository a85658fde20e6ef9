"""Fixtures of all tests: one real server for each worker process, and a client of it when it is empty."""

import asyncio
import gc
import os
import signal
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from functools import cache
from typing import Any

import pytest
import pytest_asyncio
from httpx import create_ssl_context
from httpx._transports import default
from hypothesis import HealthCheck, settings

from events.seal.bucket import BucketUrl
from services.common.connection import connect
from services.notify.channels import network
from tests.buckets import PYTHON, new_bucket, serving_buckets, variables
from tests.servers import Server, make_server

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")  # no test is timed: machines are busy


def pytest_configure() -> None:
    """Restore Ctrl-C for processes that tests start: a shell's background jobs and their children ignore it.

    Let all clients of a test process share a TLS context: for each new one, all authorities are read.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    default.create_ssl_context = _shared(create_ssl_context)  # type: ignore[attr-defined]
    network.create_default_context = _shared(ssl.create_default_context)  # type: ignore[attr-defined]


def _shared(make: Callable[..., ssl.SSLContext]) -> Callable[..., ssl.SSLContext]:
    """Return what makes a context once for the same options and authorities."""

    @cache
    def made(_file: str | None, _directory: str | None, **options: Any) -> ssl.SSLContext:
        return make(**options)

    def context(**options: Any) -> ssl.SSLContext:
        return made(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"), **options)

    return context


def pytest_collection_finish() -> None:
    """Let the collector pass over the tests themselves: looking at them took seconds, in which no event loop ran."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let each worker begin with tests that are marked `long`, the longest first.

    One that begins last would run alone at the end. xdist divides the tests, in order, into equal shares for the
    workers, which then take from each other.
    """
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    seconds = {item: mark.args[0] for item in items if (mark := item.get_closest_marker("long")) is not None}
    long = sorted(seconds, key=lambda item: -seconds[item])
    others = [item for item in items if item not in seconds]
    shares: list[list[pytest.Item]] = []
    for worker in range(workers):
        first = long[worker::workers]
        size = (len(items) - sum(map(len, shares))) // (workers - worker)
        more = max(0, size - len(first))
        shares.append([*first, *others[:more]])
        del others[:more]
    items[:] = [item for share in shares for item in share]


@pytest_asyncio.fixture(scope="session", autouse=True)
async def no_task_left() -> AsyncIterator[None]:
    """Cancel the tasks that tests left, until all have ended; the event loop cancels once, and would wait for ever."""
    yield
    while left := [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]:
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=1)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Return a real, durable server that can be killed and started again."""
    server = make_server(tmp_path_factory.mktemp("server"))
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture(scope="session")
def bucket_server() -> Iterator[str]:
    """Return the URL of a server of buckets; skip the test where it is not installed."""
    if not PYTHON.exists():
        pytest.skip(f"no {PYTHON}: `make verifiers` makes it, where there is a Python 3.12")
    with serving_buckets() as url:
        yield url


@pytest.fixture
def bucket(bucket_server: str, monkeypatch: pytest.MonkeyPatch) -> BucketUrl:
    """Return a place in a new bucket, for this process and those that it starts."""
    for name, value in variables(bucket_server).items():
        monkeypatch.setenv(name, value)
    return new_bucket(bucket_server)


@pytest.fixture(scope="session")
def server_url(server: Server) -> str:
    """Return the URL of the server."""
    return server.url


@pytest_asyncio.fixture
async def redis(server_url: str) -> AsyncIterator[Any]:
    """Return a client of the server, which is empty."""
    client = connect(server_url)
    await client.flushall()
    yield client
    await client.aclose()
