"""The demo's history in a running deployment: the table of 2017 and what the demo submits, by the ledger's clock."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import groupby

import httpx

from events.envelope import encode, parse
from services.cli.demo_history import Step, synthetic
from services.common.clock import FileClock
from services.common.settings import load_ledger, shipped
from services.schedule.document import read_document
from services.schedule.plan import Order
from services.schedule.planning import plan_tasks
from tests.deployment import LEDGER, Deployment

ISSUED = date(2017, 8, 1)
START = datetime.fromisoformat("2017-08-01T00:00:00+08:00")
END = datetime.fromisoformat("2021-01-02T00:00:00+08:00")

STEP = timedelta(days=3)
"""The ledger's time between two requests: some 250 in all, on as many days of the rail."""


async def play(deployment: Deployment, clock: FileClock) -> None:
    """Submit the whole history, each event at most STEP after its time; the clock stands at END afterwards."""
    async with httpx.AsyncClient(timeout=60) as http:
        for number, group in groupby(_steps(), lambda step: (step.event.time - START) // STEP):
            clock.set(min(END, START + (number + 1) * STEP))
            for source, steps in groupby(group, lambda step: step.source):
                await _post(http, deployment, source, list(steps))
    clock.set(END)


def _steps() -> list[Step]:
    ledger = load_ledger(shipped(f"{LEDGER}.toml"))
    document = shipped("zhanjiang-2017-key-tasks.txt")
    table = read_document(document.read_bytes(), document.name)
    lines = plan_tasks(table, Order("zj-2017", ISSUED, "office"), ledger).lines
    assigned = [parse(bytes(line.event)) for line in lines]
    return [Step("office", event) for event in assigned] + synthetic(assigned, ledger, END)


async def _post(http: httpx.AsyncClient, deployment: Deployment, source: str, steps: Sequence[Step]) -> None:
    body = b"\n".join(encode(step.event) for step in steps)
    answer = await http.post(deployment.address("ingest", "events"), content=body, headers=deployment.headers(source))
    refused = [line for line in answer.raise_for_status().text.splitlines() if '"refused"' in line]
    assert refused == []
