"""The life of a task in a running deployment: the canonical examples, one of each type, at their own times."""

import asyncio
from datetime import datetime

import httpx
from msgspec.structs import replace

from events.envelope import Event, encode
from events.keys import key
from events.ledger import NOTIFY, RESERVED
from events.schema import ExtensionGranted, ExtensionRequested
from services.common.clock import FileClock, sleep
from services.common.connection import connected
from tests.deployment import LEDGER, Deployment
from tests.examples import EXAMPLES, LEAD, TASK, assigned
from tests.patience import PATIENCE

FIRST_REQUEST = Event(
    "request-07-1",
    "units/disabled-persons-federation",
    TASK,
    datetime.fromisoformat("2018-06-08T10:00:00+08:00"),
    ExtensionRequested(LEAD, "第二个基地的场地尚未落实。", datetime.fromisoformat("2019-03-01T00:00:00+08:00")),
)
"""The request that the examples refuse and do not have."""

EXTENDED = "zj-2017-90"

PUT_OFF = (
    replace(assigned(EXTENDED), data=replace(assigned(EXTENDED).data, row=90)),
    Event(
        "request-90",
        "units/disabled-persons-federation",
        EXTENDED,
        datetime.fromisoformat("2018-06-09T10:00:00+08:00"),
        ExtensionRequested(LEAD, "场地尚未落实。", datetime.fromisoformat("2019-07-01T00:00:00+08:00")),
    ),
    Event(
        "granted-90",
        "office",
        EXTENDED,
        datetime.fromisoformat("2018-06-10T10:00:00+08:00"),
        ExtensionGranted("request-90"),
    ),
)
"""A second task, whose due instant is put off by half a year as its unit proposed."""


async def acknowledge(deployment: Deployment, event: Event) -> None:
    """Submit an acknowledgement as notify does, by its inbox, and wait until it is decided."""
    async with connected(deployment.url) as redis, asyncio.timeout(PATIENCE):
        entry = await redis.xadd(key(LEDGER, "inbox", NOTIFY), {"e": encode(event)})
        while not (found := await redis.xrevrange(key(LEDGER, "receipts", NOTIFY), count=1)):
            await sleep(0.02)
    assert (found[0][1][b"inbox"], b"accepted" in found[0][1][b"e"]) == (entry, True)


async def live(deployment: Deployment, clock: FileClock) -> None:
    """Submit the examples in the order of their times; the ledger's clock adds its own events in between."""
    events = sorted([*EXAMPLES.values(), FIRST_REQUEST, *PUT_OFF], key=lambda event: event.time)
    async with httpx.AsyncClient(timeout=30) as http:
        for event in events:
            source = event.source.partition("/")[0]
            clock.set(event.time)
            if source == NOTIFY:
                await acknowledge(deployment, event)
            if source in RESERVED:
                continue
            headers = deployment.headers(source, "application/cloudevents+json")
            answer = await http.post(deployment.address("ingest", "events"), content=encode(event), headers=headers)
            assert answer.status_code == 201, answer.text
