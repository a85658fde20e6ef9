"""Wait until a deployment is idle."""

import asyncio
from typing import Any

from events.keys import key
from events.log import Log
from services.common.clock import sleep
from services.common.connection import connect
from tests.deployment import LEDGER, Addressed, reading

REST_SECONDS = 300.0


async def settled(deployment: Addressed, source: str = "units") -> int:
    """Wait until all that a source submitted is decided and every service reflects the log's tail; return it."""
    redis = connect(deployment.url)
    log = Log(redis, LEDGER)
    try:
        async with asyncio.timeout(REST_SECONDS), reading(deployment) as http:
            while True:
                decided = await _decided(log, redis, source)  # before the tail, which grows by what is decided
                before = await log.tail()
                await sleep(0.5)
                positions = {before, await log.tail()}
                for service, what in (("status", "overview"), ("notify", "alerts?limit=1")):
                    answer = await http.get(deployment.address(service, what))
                    positions.add(int(answer.headers.get("Duban-Position", "-1")))  # it cannot look up the token yet
                if len(positions) == 1 and before and decided:
                    return before
    finally:
        await redis.aclose()


async def _decided(log: Log, redis: Any, source: str) -> bool:
    inbox = key(LEDGER, "inbox", source)
    last = await redis.xrevrange(inbox, count=1)
    return not last or last[0][0].decode() == await log.cursor(inbox)
