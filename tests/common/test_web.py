"""What the services' HTTP sides share."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from litestar import Litestar, get, post
from litestar.testing import TestClient
from redis.exceptions import OutOfMemoryError, ReadOnlyError

from services.common.clock import sleep
from services.common.web import application
from services.contract.openapi import PROBLEM
from tests.webserver import serving


@asynccontextmanager
async def nothing(_: Litestar) -> AsyncIterator[None]:
    yield


async def ready() -> None:
    """A service that can always be used."""


def test_the_methods_of_a_path_are_those_of_all_its_handlers() -> None:
    """Also where a path has several of them."""

    @get("/both")
    async def read() -> None:
        pass

    @post("/both")
    async def write() -> None:
        pass

    with TestClient(application("status", [read, write], nothing, ready)) as http:
        for path, methods in (("/both", "GET, OPTIONS, POST"), ("/health/live", "GET, OPTIONS")):
            answer = http.options(path)
            assert (answer.status_code, answer.headers["allow"]) == (204, methods)


async def test_too_many_requests_at_once_are_told_to_come_again() -> None:
    """Beyond the most at once the answer is 503 with Retry-After, but not for health; then there is room again."""
    go_on = asyncio.Event()

    @get("/slow")
    async def slow() -> str:
        await go_on.wait()
        return "done"

    app = application("status", [slow], nothing, ready, most_requests=2)
    async with serving(app) as base, httpx.AsyncClient(base_url=base) as http:
        first = [asyncio.create_task(http.get("/slow")) for _ in range(2)]
        while (full := await http.get("/v1/openapi.json")).status_code != 503:
            await sleep(0.01)
        assert (full.headers["content-type"], full.headers["retry-after"]) == (PROBLEM, "1")
        assert "2 requests" in full.json()["detail"]
        assert (await http.get("/health/ready")).status_code == 200
        go_on.set()
        assert [(await one).text for one in first] == ["done", "done"]
        assert (await http.get("/slow")).status_code == 200


async def test_a_server_that_cannot_is_no_fault_of_the_service() -> None:
    """Where the server refuses or is away, any request is a 503 that may be sent again, never a 500."""

    @get("/read-only")
    async def read_only() -> None:
        raise ReadOnlyError("You can't write against a read only replica.")

    @get("/full")
    async def full() -> None:
        raise OutOfMemoryError("command not allowed when used memory > 'maxmemory'.")

    app = application("status", [read_only, full], nothing, ready)
    async with serving(app) as base, httpx.AsyncClient(base_url=base) as http:
        for path, why in (("/read-only", "replica"), ("/full", "maxmemory")):
            answer = await http.get(path)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
            assert why in answer.json()["detail"]
