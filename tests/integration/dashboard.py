"""A dashboard that lives through whatever happens: a snapshot, then the changes that follow it."""

from typing import Any

import httpx
import msgspec

from services.common.clock import sleep
from tests.deployment import Addressed, reading

AWAY_SECONDS = 0.05
"""Between two requests to a service that is away, or that cannot look up the token now."""


class Dashboard:
    """Keeps the rows as any client can: GET /tasks once, then /changes, resuming where it was."""

    def __init__(self, deployment: Addressed) -> None:
        self.deployment = deployment
        self.rows: dict[str, Any] = {}
        self.position = 0
        self.resets = 0
        self.snapshots = 0
        self.connections = 0

    async def snapshot(self, http: httpx.AsyncClient) -> None:
        self.position, self.rows = await rows(http, self.deployment)
        self.snapshots += 1

    async def follow(self) -> None:
        """Follow until cancelled."""
        async with reading(self.deployment) as http:
            while True:
                try:
                    if not self.snapshots:
                        await self.snapshot(http)
                    await self._read(http)
                except httpx.TransportError:
                    await sleep(AWAY_SECONDS)

    async def _read(self, http: httpx.AsyncClient) -> None:
        url = self.deployment.address("status", "changes")
        headers = {"Last-Event-ID": str(self.position)}
        async with http.stream("GET", url, headers=headers) as stream:
            if _away(stream):
                await sleep(AWAY_SECONDS)
                return
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


async def rows(http: httpx.AsyncClient, deployment: Addressed) -> tuple[int, dict[str, Any]]:
    """Return status' position and rows, by task, as soon as it answers."""
    while _away(answer := await http.get(deployment.address("status", "tasks"), params={"limit": 1000})):
        await sleep(AWAY_SECONDS)
    return int(answer.headers["Duban-Position"]), {row["task"]: row for row in answer.json()["items"]}


def _away(answer: httpx.Response) -> bool:
    """Return whether a service answers that it cannot be used now; fails for any other refusal."""
    assert answer.status_code in {httpx.codes.OK, httpx.codes.SERVICE_UNAVAILABLE}, answer.status_code
    return answer.status_code != httpx.codes.OK
