"""The delay from a POST to its frame, quiet and while boards of the past are asked for."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from datetime import datetime

import httpx
from msgspec.structs import replace

from events.envelope import encode
from services.common.clock import sleep
from tests.deployment import Deployment, reading
from tests.examples import reported

PAUSE = 0.1
"""Seconds between two changes."""

TASK = "t-000001"
"""What the changes are about."""

QUESTIONS = ("tasks?sort=-due&as_of={}", "units?as_of={}", "overview?as_of={}", "tasks?as_of={}&compare=1")
"""What is asked of past positions, one after another."""


async def delays(deployment: Deployment, changes: int, at: datetime) -> tuple[list[float], list[float]]:
    """Return the sorted seconds from POST to frame of so many changes: quiet, and while the past is asked for."""
    async with reading(deployment) as http:
        await _delays(http, deployment, 1, at, "first")  # with it come all clock events that are due, and their frames
        quiet = await _delays(http, deployment, changes, at, "quiet")
        asking = asyncio.create_task(_ask(http, deployment))
        try:
            return quiet, await _delays(http, deployment, changes, at, "asked")
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)


async def _delays(
    http: httpx.AsyncClient, deployment: Deployment, changes: int, at: datetime, name: str
) -> list[float]:
    row = await http.get(deployment.address("status", f"tasks/{TASK}"))
    position, unit = row.headers["Duban-Position"], row.json()["lead"]
    headers = deployment.headers("units", "application/cloudevents+json")
    seconds: list[float] = []
    url = deployment.address("status", "changes")
    async with http.stream("GET", url, params={"after": position}, timeout=60) as stream:
        frames = _frames(stream)
        for number in range(changes):
            event = replace(reported(TASK, number, unit=unit, source=f"units/{name}"), time=at)
            start = time.monotonic()
            answer = await http.post(deployment.address("ingest", "events"), content=encode(event), headers=headers)
            wanted = answer.raise_for_status().json()["position"]
            while await anext(frames) < wanted:
                pass
            seconds.append(time.monotonic() - start)
            await sleep(PAUSE)
    return sorted(seconds)


async def _frames(stream: httpx.Response) -> AsyncIterator[int]:
    """Yield the position of each frame."""
    async for line in stream.aiter_lines():
        if line.startswith("id: "):
            yield int(line[4:])


async def _ask(http: httpx.AsyncClient, deployment: Deployment) -> None:
    """Ask about the past, one question after another, until cancelled."""
    newest = (await http.get(deployment.address("status", "overview"))).json()["position"]
    with contextlib.suppress(asyncio.CancelledError):
        for step in range(1, 1_000_000):
            question = QUESTIONS[step % len(QUESTIONS)].format(newest * (step * 7 % 100 + 1) // 101 + 1)
            (await http.get(deployment.address("status", question))).raise_for_status()
