"""Ingest and status at real addresses, on a real server, by a clock that stands until the test sets it."""

import asyncio
import json
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from services.common import tokens
from services.common.clock import FILE, FileClock, sleep
from services.common.settings import Settings
from services.ingest.app import build as ingest
from services.ingest.refusals import read_refused
from services.status.app import build as status
from tests.deployment import bearer
from tests.integration.model.row import differences, plain
from tests.patience import PATIENCE
from tests.webserver import serving

LEDGER = "life"

ONE, ARRAY, LINES = "application/cloudevents+json", "application/cloudevents-batch+json", "application/x-ndjson"

INBOX = "inbox"
"""The door beside those of HTTP."""

SERVICES = {"ingest": ingest, "status": status}


class Hall:
    """The two services, to be opened on an empty server and closed; they can be stopped and started in between."""

    def __init__(self, redis: Any, url: str, directory: Path, sources: Sequence[str]) -> None:
        self.clock = FileClock(directory / "clock")
        self._redis = redis
        self._settings = Settings(redis_url=url, ledgers=directory, clock=f"{FILE}{self.clock.path}")
        self._sources = sources
        self._running: dict[str, AsyncExitStack] = {}
        self._http: dict[str, httpx.AsyncClient] = {}

    async def open(self, now: datetime) -> None:
        """Start both at once, at an instant, on an emptied server."""
        await self._redis.flushall()
        for source in self._sources:
            await tokens.register(self._redis, LEDGER, source, source, tokens.UNKNOWN, now)
        self.clock.set(now)
        await asyncio.gather(*map(self.start, SERVICES))

    async def close(self) -> None:
        await asyncio.gather(*map(self.stop, list(self._running)))

    async def start(self, service: str) -> None:
        """Start a service on a port of its own."""
        running = AsyncExitStack()
        base = await running.enter_async_context(serving(SERVICES[service](self._settings)))
        client = httpx.AsyncClient(base_url=f"{base}/v1/{LEDGER}/", timeout=PATIENCE)
        self._http[service] = await running.enter_async_context(client)
        self._running[service] = running

    async def stop(self, service: str) -> None:
        """End a service as a supervisor would."""
        await self._running.pop(service).aclose()

    async def submit(self, source: str, door: str, bodies: Sequence[bytes]) -> list[dict[str, Any]]:
        """Hand in bytes, all at once, by a door, and return the outcomes, none where the source may not even submit.

        Fails where the answer has another status than its outcomes ask for.
        """
        if door == INBOX:
            return await self._drop(source, bodies)
        content = {ONE: b"".join(bodies), ARRAY: b"[%b]" % b",".join(bodies), LINES: b"\n".join(bodies)}[door]
        headers = {**bearer(source), "Content-Type": door}
        answer = await self._http["ingest"].post("events", content=content, headers=headers)
        if answer.status_code == 403:
            return []
        if door == ONE:
            outcome = answer.json()
            expected = {"accepted": 201, "duplicate": 200, "refused": 422}[outcome["outcome"]]
            assert answer.status_code == (413 if outcome.get("code") == "too-large" else expected), answer.text
            return [outcome]
        assert answer.status_code == 200, answer.text
        outcomes = answer.json() if door == ARRAY else [json.loads(line) for line in answer.text.splitlines()]
        assert len(outcomes) == len(bodies), answer.text
        return outcomes

    async def log(self, after: int) -> list[tuple[int, bytes]]:
        """Return position and bytes of what the log has after a position."""
        entries = await self._redis.xrange(f"duban:{{{LEDGER}}}:log", min=f"({after}-0")
        return [(int(id.partition(b"-")[0]), fields[b"e"]) for id, fields in entries]

    async def grown(self, after: int, count: int) -> list[tuple[int, bytes]]:
        """Return what the log has after a position, as soon as that is so much or there was time for it."""
        end = asyncio.get_running_loop().time() + PATIENCE
        while len(found := await self.log(after)) < count and asyncio.get_running_loop().time() < end:
            await sleep(0.01)
        return found

    async def refused(self, after: str) -> list[tuple[str, dict[str, bytes]]]:
        """Return id and fields of the refusals that were kept after one."""
        found = await read_refused(self._redis, LEDGER, after)
        return [(one.id, one.fields if one.raw is None else {**one.fields, "raw": one.raw}) for one in found]

    async def read(self, what: str, **query: Any) -> tuple[int, int, Any]:
        """Ask status; return the answer's code, the position it reflects, and its body."""
        answer = await self._http["status"].get(what, params=query, headers=bearer(self._sources[0]))
        return answer.status_code, int(answer.headers["Duban-Position"]), answer.json()

    async def read_at(self, position: int, what: str, **query: Any) -> tuple[int, Any]:
        """Ask status as soon as it reflects a position; return the position that it reflects, and the body."""
        async with asyncio.timeout(PATIENCE):
            while True:
                code, reached, body = await self.read(what, **query)
                assert code == 200, body
                if reached >= position:
                    return reached, body
                await sleep(0.01)

    async def shows(self, rows: dict[str, Any]) -> None:
        """Wait until status shows these rows, lights and all; fails where it does not in time."""
        end = asyncio.get_running_loop().time() + PATIENCE
        while found := differences(rows, await self._rows()):
            assert asyncio.get_running_loop().time() < end, found
            await sleep(0.05)

    async def _rows(self) -> dict[str, Any]:
        _, _, answer = await self.read("tasks", limit=1_000)
        return {row["task"]: plain(row) for row in answer["items"]}

    async def _drop(self, source: str, bodies: Sequence[bytes]) -> list[dict[str, Any]]:
        async with self._redis.pipeline(transaction=True) as pipe:
            for body in bodies:
                pipe.xadd(f"duban:{{{LEDGER}}}:inbox:{source}", {"e": body})
            dropped = await pipe.execute()
        receipts: dict[bytes, dict[str, Any]] = {}
        async with asyncio.timeout(PATIENCE):
            while not receipts.keys() >= set(dropped):
                found = await self._redis.xrevrange(f"duban:{{{LEDGER}}}:receipts:{source}", count=2 * len(bodies))
                receipts = {fields[b"inbox"]: json.loads(fields[b"e"]) for _, fields in found}
                await sleep(0.005)
        return [receipts[entry] for entry in dropped]
