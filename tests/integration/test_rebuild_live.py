"""Rebuilding the rows while events come and clients read."""

import asyncio
import json
from itertools import cycle

import httpx

from services.common.clock import sleep
from tests.deployment import Deployment, reading
from tests.integration.dashboard import Dashboard, rows
from tests.integration.publishers import TASKS, assignments, over_http, reports
from tests.integration.waiting import settled
from tests.patience import PATIENCE

BATCH = 25
"""Events in a request; requests follow one another."""

REBUILDS = 3

READS = (
    "tasks?sort=-due",
    "tasks?light=green",
    "tasks?as_of=100",
    "tasks?as_of=200&compare=100",
    "units",
    "overview",
    "tasks/t-007",
    "tasks/t-007/events",
)


async def _read(http: httpx.AsyncClient, deployment: Deployment, done: asyncio.Event, counts: list[int]) -> None:
    """Read until all is done, and count the answers; raises HTTPStatusError for one that is not 200."""
    counts.append(0)
    own = len(counts) - 1
    for what in cycle(READS):
        if done.is_set():
            break
        (await http.get(deployment.address("status", what))).raise_for_status()
        counts[own] += 1


async def _publish(deployment: Deployment, done: asyncio.Event) -> int:
    """Send events until all is done, and return their number."""
    count = 0
    while not done.is_set():
        await over_http(deployment, "units", reports(count, BATCH))
        count += 1
    return count * BATCH


async def test_no_read_fails_while_rows_are_rebuilt(deployment: Deployment) -> None:
    """Every answer is 200, the feed resets once per rebuild at most, and a dashboard ends with the rows."""
    await over_http(deployment, "office", assignments())
    await settled(deployment)
    dashboard, rebuilt = Dashboard(deployment), asyncio.Event()
    following = asyncio.create_task(dashboard.follow())
    publishing = asyncio.create_task(_publish(deployment, rebuilt))
    async with reading(deployment) as http:
        counts: list[int] = []
        readers = [asyncio.create_task(_read(http, deployment, rebuilt, counts)) for _ in range(2)]
        rebuilds = 0
        while rebuilds < REBUILDS or min(counts) <= len(READS):
            rebuilds += 1
            done = await asyncio.to_thread(deployment.command, "rebuild", "--json")
            assert json.loads(done.stdout) == {"ingest": [], "status": [], "notify": [], "dues": []}, done.stderr
        rebuilt.set()
        assert await publishing > REBUILDS * BATCH
        position = await settled(deployment)
        await asyncio.gather(*readers)
        _, expected = await rows(http, deployment)
        async with asyncio.timeout(PATIENCE):
            while dashboard.position < position:
                await sleep(0.05)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    assert len(expected) == TASKS
    assert dashboard.rows == expected
    assert dashboard.resets <= rebuilds
