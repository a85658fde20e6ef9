"""A client of a running status service over HTTP on loopback, and a writer of the log that the service reads."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC
from pathlib import Path
from typing import Any

import httpx
import msgspec

from events.deadline import Fixed
from events.entries import Entry, digest
from events.envelope import Event, encode
from events.keys import key
from events.log import Log
from services.common import tokens
from services.common.clock import kind_of, sleep
from services.common.connection import connect
from services.common.settings import Settings
from services.status.app import build
from tests.deployment import bearer
from tests.events.appending import append
from tests.examples import EXAMPLES, RECORDED, assigned, reported, store
from tests.patience import PATIENCE
from tests.status.sse import Happening, happenings
from tests.status.tracked_tasks import at
from tests.webserver import serving

LEDGER = "zhanjiang"

QUIET = 0.5
"""Seconds without an event after which a test concludes that no more events come."""

CHANGES = key(LEDGER, "status", "changes")

UNSEEN = {"duban.alert.acknowledged.v1"}
"""Types of events that change no row."""

STILL = "2019-04-01T09:00:00+08:00"
"""A clock at the instant at which `store` records, so that time changes nothing."""

PLENTY = Fixed("2020年底前", at("2021-01-01"))
"""A due instant that the clock above does not come near."""


class History:
    """The ledger's log, written as ingest writes it."""

    def __init__(self, redis: Any) -> None:
        self.log = Log(redis, LEDGER)
        self.tail = 0

    async def append(self, *events: Event, recorded: str | None = RECORDED) -> int:
        """Append events, recorded at an instant (each at its own time if None), and return the tail."""
        entries = []
        for event in events:
            instant = recorded or event.time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            entries.append(Entry(event.source, event.id, digest(encode(event)), store(event, instant)))
        return await self.append_entries(entries)

    async def append_entries(self, entries: Sequence[Entry]) -> int:
        """Append stored events as they are, and return the tail."""
        positions = await append(self.log, self.tail, entries)
        assert positions == list(range(self.tail + 1, self.tail + len(entries) + 1))
        self.tail += len(entries)
        return self.tail

    async def append_examples(self) -> int:
        """Append the examples that change a row, each recorded at its own time."""
        return await self.append(*(event for name, event in EXAMPLES.items() if name not in UNSEEN), recorded=None)


class Follower:
    """A subscriber to /changes; `received` has its events so far."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self.received: list[Happening] = []
        self._coming: asyncio.Queue[Happening] = asyncio.Queue()

    async def receive(self) -> None:
        """Queue the events that the service sends, until it closes the stream."""
        rest = b""
        async for part in self.answer.aiter_raw():
            *blocks, rest = (rest + part).split(b"\n\n")
            for happening in happenings(b"\n\n".join(blocks)):
                self._coming.put_nowait(happening)

    async def next(self) -> Happening:
        """Return the next event; raise TimeoutError if none comes."""
        async with asyncio.timeout(PATIENCE):
            happening = await self._coming.get()
        self.received.append(happening)
        return happening

    async def until(self, position: int) -> list[Happening]:
        """Return the next events up to the one of `position`."""
        start = len(self.received)
        while not self.received[start:] or self.received[-1].id < position:
            await self.next()
        return self.received[start:]

    async def silent(self) -> bool:
        """Return whether no further event comes."""
        await sleep(QUIET)
        return self._coming.empty()


class StatusClient:
    """A client of a running status service."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def get(self, path: str, **query: Any) -> httpx.Response:
        return await self.http.get(path, params=query)

    async def rows(self, **query: Any) -> tuple[int, dict[str, Any]]:
        """Return the position and all rows, by task."""
        answer = await self.get("tasks", **{"limit": 1_000, **query})
        assert answer.status_code == 200, answer.text
        return int(answer.headers["duban-position"]), {row["task"]: row for row in answer.json()["items"]}

    async def until(self, position: int) -> None:
        """Wait until the rows reflect a position."""
        async with asyncio.timeout(PATIENCE):
            while int((await self.get("tasks", limit=1)).headers["duban-position"]) < position:
                await sleep(0.01)

    @asynccontextmanager
    async def following(
        self, after: int | None = None, last: str | None = None, **wanted: str
    ) -> AsyncIterator[Follower]:
        """Follow the changes until the block ends; `last` is the id that a browser sends when it reconnects."""
        headers = {"Last-Event-ID": last} if last is not None else {}
        query = wanted | ({"after": str(after)} if after is not None else {})
        async with self.http.stream("GET", "changes", params=query, headers=headers) as answer:
            assert answer.status_code == 200
            follower = Follower(answer)
            receiving = asyncio.create_task(follower.receive())
            try:
                yield follower
            finally:
                receiving.cancel()
                await asyncio.gather(receiving, return_exceptions=True)


class StatusService:
    """A status service, with its configuration and its server."""

    def __init__(self, url: str, ledgers: Path) -> None:
        self.url = url
        self.ledgers = ledgers

    @asynccontextmanager
    async def running(self, clock: str | None = None) -> AsyncIterator[StatusClient]:
        """Run the service until the block ends, and return a client of it."""
        redis = connect(self.url)  # the events of a test are recorded by this clock
        await redis.set(key(LEDGER, "clock", "kind"), kind_of(clock))
        token = await tokens.issue(redis, LEDGER, "board")
        await redis.aclose()
        app = build(Settings(redis_url=self.url, ledgers=self.ledgers, clock=clock))
        async with (
            serving(app) as base,
            httpx.AsyncClient(base_url=f"{base}/v1/{LEDGER}/", timeout=PATIENCE, headers=bearer(token)) as http,
        ):
            yield StatusClient(http)


def applied(rows: dict[str, Any], changes: Sequence[Happening]) -> dict[str, Any]:
    """Return a snapshot's rows after the changes, as a dashboard computes them."""
    assert all(happening.event == "task" for happening in changes)
    return rows | {row["task"]: row for row in (happening.json() for happening in changes)}


def batch(numbers: range, round: int = 0) -> list[Event]:
    """Return one event for each task: its assignment in round 0, a report in each later one."""
    if round == 0:
        return [assigned(f"t-{number:04}", deadline=PLENTY) for number in numbers]
    return [reported(f"t-{number:04}", round, percent=50 + round) for number in numbers]


async def machine_feed(redis: Any) -> list[tuple[str, Any]]:
    """Return the stream of changes: ids and rows."""
    return [(id.decode(), msgspec.json.decode(fields[b"e"])) for id, fields in await redis.xrange(CHANGES)]


def problem(answer: httpx.Response, status: int) -> str:
    """Return the detail of an answer that must be an RFC 9457 problem."""
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (body["status"], body["type"]) == (status, "about:blank")
    assert body["title"]
    detail: str = body["detail"]
    return detail
