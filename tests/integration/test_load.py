"""Many events, both doors, everything twice killed: what was acknowledged is there, once."""

import asyncio
import json
import random
from collections import Counter
from typing import Any

import pytest

from events.log import Log
from services.common.clock import sleep
from services.common.settings import SERVICES
from tests.deployment import LEDGER, Deployment
from tests.integration.publishers import TASKS, assignments, over_http, over_inbox, reports
from tests.integration.waiting import settled
from tests.servers import Server

EACH = 50_000
"""Distinct events of each of the four publishers."""

KILLS = 2
"""How often each part is killed."""

PATIENCE = 900.0
"""Seconds for all of it, on a machine that does much else."""


@pytest.mark.parametrize("killed", [False, True], ids=["undisturbed", "with every part killed twice"])
async def test_two_hundred_thousand_events_are_each_recorded_once(
    deployment: Deployment, server: Server, redis: Any, *, killed: bool
) -> None:
    """Four publishers over both doors, every tenth event sent twice: accepted is distinct, dense, and verifiable."""
    assert {one["outcome"] for one in await over_http(deployment, "office", assignments())} == {"accepted"}
    publishing = [
        asyncio.create_task(over_http(deployment, "units", reports(0, EACH))),
        asyncio.create_task(over_http(deployment, "units", reports(1, EACH))),
        asyncio.create_task(over_inbox(deployment, reports(2, EACH))),
        asyncio.create_task(over_inbox(deployment, reports(3, EACH))),
    ]
    if killed:
        await _kill_all(deployment, server)
    async with asyncio.timeout(PATIENCE):
        first, second, *_ = await asyncio.gather(*publishing)
    assert isinstance(first, list)
    assert isinstance(second, list)
    told = Counter(one["outcome"] for one in first + second)
    assert told["refused"] == 0
    if not killed:  # an answer that was lost with a process makes its events duplicates when they are sent again
        assert told == {"accepted": 2 * EACH, "duplicate": 2 * EACH // 10}
    position = await settled(deployment)
    assert position == TASKS + 4 * EACH
    recorded = Counter([entry.event.source async for batch in Log(redis, LEDGER).scan() for entry in batch])
    assert recorded == {"office": TASKS} | {f"units/{number}": EACH for number in range(4)}
    verified = deployment.command("audit", "verify", "--json")
    found = json.loads(verified.stdout)
    assert (found["position"], found["findings"]) == (position, [])


async def _kill_all(deployment: Deployment, server: Server) -> None:
    """Kill every service and the server, in any order, at any moment, and start each again."""
    seed = random.randrange(1_000_000)
    chance = random.Random(seed)
    victims = [*SERVICES, "server"] * KILLS
    chance.shuffle(victims)
    for victim in victims:
        await sleep(chance.uniform(0.2, 1.5))
        if victim == "server":
            await asyncio.to_thread(server.kill)
            await sleep(chance.uniform(0, 0.5))
            await asyncio.to_thread(server.start)
        else:
            deployment.kill(victim)
            await sleep(chance.uniform(0, 0.5))
            deployment.start(victim)
    for service in SERVICES:
        await deployment.ready(service)
