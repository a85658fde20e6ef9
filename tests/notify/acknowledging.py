"""An alert in running services, and what is recorded of its acknowledgements."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import httpx
from msgspec.structs import replace

from events.entries import Recorded
from events.envelope import Event, encode
from events.log import Log
from events.schema import AlertAcknowledged, TaskClosed
from services.common.clock import sleep
from services.notify.ack_links import load_links
from tests.examples import LEAD, TASK, assigned
from tests.patience import PATIENCE
from tests.served import LEDGER, Served

NOW = datetime.fromisoformat("2018-03-31T10:00:00+08:00")
"""The ledger's clock in the tests, which runs at the real pace from there."""

PUBLIC = "https://board.example.cn"

WORDS = {"by": "李明", "word": "已联系，周五前报", "until": (NOW + timedelta(days=7)).isoformat()}


async def post(running: Served, event: Event) -> None:
    """Submit an event of its own source."""
    source = event.source.partition("/")[0]
    headers = {**running.bearer(source), "Content-Type": "application/cloudevents+json"}
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as http:
        answer = await http.post(running.url("ingest", "events"), content=encode(event), headers=headers)
    assert answer.status_code == 201, answer.text


async def alert_of(running: Served, recipient: str = LEAD) -> str:
    """Have a task assigned, unless it is, and return the id of the alert to a recipient."""
    async with httpx.AsyncClient(headers=running.bearer("office"), trust_env=False, timeout=PATIENCE) as http:
        if not (await http.get(running.url("notify", "alerts"))).json()["items"]:
            await post(running, replace(assigned(others=("市民政局",)), time=NOW))
        async with asyncio.timeout(PATIENCE):
            while True:
                items = (await http.get(running.url("notify", "alerts"), params={"recipient": recipient})).json()
                if items["items"]:
                    return str(items["items"][0]["id"])
                await sleep(0.02)


async def close_task(running: Served) -> None:
    """Have the task closed."""
    await post(running, Event("closed", "office", TASK, NOW, TaskClosed("implemented")))


async def link_of(running: Served, alert: str, now: datetime = NOW) -> str:
    """Return the path and query of the link that a message has."""
    links = await load_links(running.redis, LEDGER, PUBLIC)
    found = links.link(alert, now)
    assert found.startswith(f"{PUBLIC}/v1/{LEDGER}/alerts/")
    return found.removeprefix(PUBLIC)


async def recorded(running: Served) -> list[Recorded]:
    """Return the acknowledgements in the log."""
    found: list[Recorded] = []
    async for batch in Log(running.redis, LEDGER).scan(0):
        found += [entry for entry in batch if isinstance(entry.event.data, AlertAcknowledged)]
    return found


async def everything_kept(redis: Any) -> bytes:
    """Return all that the server has, but for the secret from which links are made."""
    kept = b""
    for name in await redis.keys("*"):
        if not name.endswith(b":ack-secret"):
            kept += name + (await redis.dump(name) or b"")
    return kept
