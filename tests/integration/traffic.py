"""Publishers that go on through a fault and keep every answer, to be compared with the log afterwards."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import httpx
import msgspec
from redis.exceptions import RedisError

from events.envelope import encode
from events.keys import key
from events.log import Log
from services.common.clock import sleep
from services.common.connection import connect
from tests.deployment import LEDGER, Deployment
from tests.examples import reported
from tests.integration.publishers import TASKS

PATIENCE = 40.0
"""Seconds within which each request has to be answered, whatever happens: what the service promises, and some for a
machine that does much else."""

MANY = 20
"""Events of one request of many."""

WAIT_MILLISECONDS = 2_000
"""How long who adds to an inbox waits for the replicas."""


class Told(NamedTuple):
    """An answer that a publisher received for an event."""

    source: str
    id: str
    outcome: str
    position: int | None


class Traffic:
    """Two publishers over HTTP, one event and many at once, and one at the inbox; each sends until it is answered.

    With `replicas`, the one at the inbox asks the server, as it must, whether they have what it added.
    """

    def __init__(self, deployment: Deployment, replicas: int = 0) -> None:
        self.deployment = deployment
        self.told: list[Told] = []
        self.statuses: set[int] = set()
        self.refusals: list[str] = []
        self.added: dict[str, bytes] = {}
        self._replicas = replicas
        self._going = True

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Traffic"]:
        """Publish until the block ends, and until each publisher has the answer it waits for."""
        tasks = [asyncio.create_task(work()) for work in (self._singles, self._many, self._inbox)]
        try:
            yield self
            self._going = False
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def until(self, more: int) -> None:
        """Wait until so many more answers have come."""
        wanted = len(self.told) + more
        async with asyncio.timeout(4 * PATIENCE):
            while len(self.told) < wanted:
                await sleep(0.05)

    async def refused(self) -> None:
        """Wait until a request has got 503 with Retry-After."""
        seen = len(self.refusals)
        async with asyncio.timeout(4 * PATIENCE):
            while len(self.refusals) == seen:
                await sleep(0.05)

    async def _singles(self) -> None:
        form = "application/cloudevents+json"
        async for event in self._events("single"):
            self._take([await self._post(encode(event), form, msgspec.json.decode)])
            if event.id.endswith("3"):  # some are sent again, as by a sender that has lost the answer
                self._take([await self._post(encode(event), form, msgspec.json.decode)])

    async def _many(self) -> None:
        batch: list[bytes] = []
        async for event in self._events("many"):
            batch.append(encode(event))
            if len(batch) == MANY:
                lines = await self._post(b"\n".join(batch), "application/x-ndjson", _lines)
                self._take(lines)
                batch.clear()

    async def _inbox(self) -> None:
        redis = connect(self.deployment.url)
        try:
            async for event in self._events("inbox"):
                while True:
                    try:
                        async with redis.pipeline(transaction=False) as pipe:
                            pipe.xadd(key(LEDGER, "inbox", "units"), {"e": encode(event)})
                            if self._replicas:
                                pipe.execute_command("WAIT", self._replicas, WAIT_MILLISECONDS)
                                pipe.execute_command("WAITAOF", 1, self._replicas, WAIT_MILLISECONDS)
                            entry, *confirmed = await pipe.execute()
                    except (RedisError, OSError):
                        await sleep(0.2)
                        continue
                    if not confirmed or confirmed[-1][1] >= self._replicas:
                        self.added[entry.decode()] = encode(event)
                        break
        finally:
            await redis.aclose()

    async def _events(self, name: str) -> AsyncIterator[Any]:
        number = 0
        while self._going:
            yield reported(f"t-{number % TASKS:03}", number, source=f"units/{name}")
            number += 1
            await sleep(0.01)

    async def _post(self, body: bytes, form: str, read: Callable[[bytes], Any]) -> Any:
        """Send until there is an answer other than 503, each time within the promised time; return its body."""
        while True:
            async with httpx.AsyncClient(timeout=PATIENCE) as http:
                answer = await http.post(
                    self.deployment.address("ingest", "events"),
                    content=body,
                    headers=self.deployment.headers("units", form),
                )
            self.statuses.add(answer.status_code)
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                assert answer.status_code in {200, 201, 422}, answer.text
                return read(answer.content)
            assert answer.headers["content-type"] == "application/problem+json"
            self.refusals.append(answer.json()["detail"])
            await sleep(float(answer.headers["Retry-After"]) / 4)

    def _take(self, outcomes: list[dict[str, Any]]) -> None:
        self.told += [Told(one["source"], one["id"], one["outcome"], one.get("position")) for one in outcomes]


def _lines(body: bytes) -> list[Any]:
    return [msgspec.json.decode(line) for line in body.splitlines()]


async def check(traffic: Traffic, url: str) -> int:
    """Compare every answer, every entry that an inbox took and every receipt with the log; return what was compared."""
    redis = connect(url)
    try:
        log = Log(redis, LEDGER)
        recorded = [(entry.position, entry.event) async for batch in log.scan() for entry in batch]
        entries = await redis.xrange(key(LEDGER, "receipts", "units"))
    finally:
        await redis.aclose()
    assert [position for position, _ in recorded] == list(range(1, len(recorded) + 1))
    where = {(event.source, event.id): position for position, event in recorded}
    assert len(where) == len(recorded)
    for told in traffic.told:
        assert told.outcome in {"accepted", "duplicate"}, told
        assert where.get((told.source, told.id)) == told.position, told
    receipts = {fields[b"inbox"].decode(): msgspec.json.decode(fields[b"e"]) for _, fields in entries}
    for entry, event in traffic.added.items():
        id = msgspec.json.decode(event)["id"]
        assert receipts[entry]["id"] == id
        assert where["units/inbox", id] == receipts[entry]["position"]
    return len(traffic.told) + len(traffic.added)
