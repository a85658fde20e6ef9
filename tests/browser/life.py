"""The life of one task in a running deployment: the canonical examples, one of each type, at their own times."""

from datetime import datetime

import httpx

from events.envelope import Event, encode
from events.ledger import CLOCK
from events.schema import ExtensionRequested
from services.common.clock import FileClock
from tests.deployment import Deployment
from tests.examples import EXAMPLES, LEAD, TASK

FIRST_REQUEST = Event(
    "request-07-1",
    "units/disabled-persons-federation",
    TASK,
    datetime.fromisoformat("2018-06-08T10:00:00+08:00"),
    ExtensionRequested(LEAD, "第二个基地的场地尚未落实。", datetime.fromisoformat("2019-03-01T00:00:00+08:00")),
)
"""The request that the examples refuse and do not have."""


async def live(deployment: Deployment, clock: FileClock) -> None:
    """Submit the examples in the order of their times; the ledger's clock adds its own events in between."""
    events = sorted([*EXAMPLES.values(), FIRST_REQUEST], key=lambda event: event.time)
    async with httpx.AsyncClient(timeout=30) as http:
        for event in events:
            source = event.source.partition("/")[0]
            clock.set(event.time)
            if source == CLOCK:
                continue
            headers = deployment.headers(source, "application/cloudevents+json")
            answer = await http.post(deployment.address("ingest", "events"), content=encode(event), headers=headers)
            assert answer.status_code == 201, answer.text
