"""A dashboard: a snapshot, then changes, through whatever happens to status."""

import asyncio
from typing import Any

import httpx
import msgspec

from services.clock import sleep
from tests.house import House
from tests.integration.publishers import TASKS, assignments, over_http, reports
from tests.integration.waiting import settled

REPORTS = 3_000


class Dashboard:
    """Keeps the rows as any client can: GET /tasks once, then /changes, resuming where it was."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.rows: dict[str, Any] = {}
        self.position = 0
        self.resets = 0
        self.connections = 0

    async def snapshot(self, http: httpx.AsyncClient) -> None:
        answer = await http.get(self.house.address("status", "tasks"), params={"limit": 1000})
        self.position = int(answer.headers["Duban-Position"])
        self.rows = {row["task"]: row for row in answer.json()["items"]}

    async def follow(self) -> None:
        """Follow until cancelled."""
        async with httpx.AsyncClient(timeout=30) as http:
            await self.snapshot(http)
            while True:
                try:
                    await self._read(http)
                except httpx.TransportError:
                    await sleep(0.05)

    async def _read(self, http: httpx.AsyncClient) -> None:
        url = self.house.address("status", "changes")
        headers = {"Last-Event-ID": str(self.position)}
        async with http.stream("GET", url, headers=headers) as stream:
            self.connections += 1
            frame: dict[str, str] = {}
            async for line in stream.aiter_lines():
                name, _, value = line.partition(": ")
                if line:
                    frame[name] = value
                    continue
                if frame.get("event") == "task":
                    row = msgspec.json.decode(frame["data"])
                    self.rows[row["task"]] = row
                    self.position = int(frame["id"])
                elif frame.get("event") == "reset":
                    self.resets += 1
                    await self.snapshot(http)
                frame = {}


async def test_a_dashboard_that_lives_through_restarts_ends_with_the_rows_of_tasks(house: House) -> None:
    """A snapshot and the changes that follow it miss nothing, also where status is killed and started in between."""
    await over_http(house, "office", assignments())
    await settled(house)
    dashboard = Dashboard(house)
    following = asyncio.create_task(dashboard.follow())
    publishing = asyncio.create_task(over_http(house, "units", reports(0, REPORTS)))
    for _ in range(2):
        await sleep(0.3)
        house.kill("status")
        await sleep(0.3)
        house.start("status")
        await house.ready("status")
    await publishing
    position = await settled(house)
    async with httpx.AsyncClient() as http:
        answer = await http.get(house.address("status", "tasks"), params={"limit": 1000})
        expected = {row["task"]: row for row in answer.json()["items"]}
        async with asyncio.timeout(30):
            while dashboard.position < position:
                await sleep(0.05)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    assert len(expected) == TASKS
    assert dashboard.rows == expected
    assert dashboard.connections >= 3
