"""Publishers that never give up: units' systems that send until they have an answer, over both doors."""

from collections.abc import Sequence
from typing import Any

import httpx
import msgspec
from redis.exceptions import RedisError

from events.deadline import Ongoing
from events.envelope import encode
from events.keys import key
from services.common.clock import sleep
from services.common.connection import connect
from tests.deployment import LEDGER, Deployment
from tests.examples import assigned, reported

TASKS = 200

LINES = 1_000
"""Events in one request or pipeline."""

AGAIN = 10
"""Every so many-eth event is sent twice."""


def assignments() -> list[bytes]:
    """Return what assigns the tasks that the reports are about; they have no due instant."""
    return [
        encode(assigned(f"t-{number:03}", source="office", deadline=Ongoing("持续实施"))) for number in range(TASKS)
    ]


def reports(publisher: int, count: int) -> list[bytes]:
    """Return a publisher's events; every tenth comes again, later."""
    source = f"units/{publisher}"
    distinct = [encode(reported(f"t-{number % TASKS:03}", number, source=source)) for number in range(count)]
    out: list[bytes] = []
    for start in range(0, count, LINES):
        chunk = distinct[start : start + LINES]
        out += chunk + chunk[::AGAIN]
    return out


async def over_http(deployment: Deployment, source: str, events: Sequence[bytes]) -> list[dict[str, Any]]:
    """Send events in their order until each has an outcome, and return the outcomes."""
    outcomes: list[dict[str, Any]] = []
    async with httpx.AsyncClient(timeout=60) as http:
        for start in range(0, len(events), LINES):
            body = b"\n".join(events[start : start + LINES])
            while True:
                try:
                    answer = await http.post(
                        deployment.address("ingest", "events"), content=body, headers=deployment.headers(source)
                    )
                except httpx.TransportError:
                    await sleep(0.1)
                    continue
                if answer.status_code == httpx.codes.OK:
                    break
                assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE, answer.text
                await sleep(float(answer.headers["Retry-After"]) / 4)
            outcomes += map(msgspec.json.decode, answer.content.splitlines())
    return outcomes


async def over_inbox(deployment: Deployment, events: Sequence[bytes]) -> int:
    """Add events to the inbox of `units`, again if the server did not confirm them; return the number of entries."""
    inbox = key(LEDGER, "inbox", "units")
    redis = connect(deployment.url)
    taken = 0
    try:
        for start in range(0, len(events), LINES):
            chunk = events[start : start + LINES]
            while True:
                try:
                    async with redis.pipeline(transaction=False) as pipe:
                        for event in chunk:
                            pipe.xadd(inbox, {"e": event})
                        taken += len(await pipe.execute())
                    break
                except (RedisError, OSError):
                    await sleep(0.1)
    finally:
        await redis.aclose()
    return taken
