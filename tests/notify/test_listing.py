"""The list of alerts: of a span of time, and as was known at a moment; with cursors that neither skip nor repeat."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from events.entries import Entry, digest
from events.log import Log
from services.common import tokens
from services.common.clock import FileClock, sleep
from services.common.settings import Settings, shipped
from services.notify.app import build
from tests.deployment import bearer
from tests.events.appending import append
from tests.examples import EXAMPLES, assigned, store
from tests.patience import PATIENCE
from tests.webserver import serving

NAME = "zhanjiang"

START = datetime.fromisoformat("2018-04-02T09:00:00+08:00")

DAY = timedelta(days=1)

UNITS = ("市民政局", "市教育局")


@pytest_asyncio.fixture
async def http(tmp_path: Path, server_url: str, redis: Any) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client of notify with three tasks, assigned on a day each, and an acknowledgement of the first."""
    (tmp_path / f"{NAME}.toml").write_bytes(shipped(f"{NAME}.toml").read_bytes())
    clock = FileClock(tmp_path / "clock")
    clock.set(START + 5 * DAY)
    raws = [store(assigned(f"t-{number}", others=UNITS), (START + number * DAY).isoformat()) for number in range(3)]
    log = Log(redis, NAME, clock="file")
    await append(log, 0, [Entry("office", str(number), digest(raw), raw) for number, raw in enumerate(raws)])
    headers = bearer(await tokens.issue(redis, NAME, "board"))
    settings = Settings(redis_url=server_url, ledgers=tmp_path, clock=f"file:{clock.path}")
    async with (
        serving(build(settings)) as base,
        httpx.AsyncClient(base_url=f"{base}/v1/{NAME}", headers=headers) as http,
    ):
        first = (await listed(http, task="t-0"))[0]
        event = EXAMPLES["duban.alert.acknowledged.v1"]
        ack = store(event, (START + 4 * DAY).isoformat())
        ack = ack.replace(b"zj-2017-07", b"t-0").replace(b"0f8a2c41d97be6335a1c04d2", first["id"].encode())
        await append(log, 3, [Entry("notify/link", "ack", digest(ack), ack)])
        async with asyncio.timeout(PATIENCE):
            while not (await listed(http, task="t-0"))[0]["acks"]:
                await sleep(0.02)
        yield http


async def listed(http: httpx.AsyncClient, **query: Any) -> list[dict[str, Any]]:
    """Return all alerts that are asked for, page by page."""
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        answer = await http.get("/alerts", params=query | ({"cursor": cursor} if cursor is not None else {}))
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        cursor = answer.json()["next"]
        if cursor is None:
            return found


def at(days: float) -> str:
    return (START + days * DAY).isoformat()


@pytest.mark.parametrize(
    ("query", "tasks"),
    [
        ({}, {"t-2", "t-1", "t-0"}),
        ({"since": at(1)}, {"t-2", "t-1"}),
        ({"since": at(1.001)}, {"t-2"}),
        ({"until": at(1)}, {"t-0"}),
        ({"since": at(0.5), "until": at(1.5)}, {"t-1"}),
        ({"since": at(3)}, set()),
        ({"as_of": "2"}, {"t-1", "t-0"}),
        ({"as_of": "0"}, set()),
        ({"as_of": "99"}, {"t-2", "t-1", "t-0"}),
        ({"as_of": at(0)}, {"t-0"}),
        ({"as_of": at(-1)}, set()),
        ({"as_of": at(4), "since": at(1), "until": at(2)}, {"t-1"}),
        ({"as_of": at(1.5), "task": "t-2"}, set()),
    ],
)
@pytest.mark.parametrize("limit", [1, 2, 100])
async def test_alerts_of_a_span_and_as_of_a_moment(
    http: httpx.AsyncClient, query: dict[str, str], tasks: set[str], limit: int
) -> None:
    """Each once, newest first, however many a page has; `since` is inclusive, `until` is not."""
    found = await listed(http, limit=limit, **query)
    assert [item["at"] for item in found] == sorted((item["at"] for item in found), reverse=True)
    assert {item["task"] for item in found} == tasks
    assert len({item["id"] for item in found}) == len(found) == 3 * len(tasks)


async def test_acknowledgements_as_of_a_moment(http: httpx.AsyncClient) -> None:
    """They are there from their position, and from the instant at which they were recorded."""
    shown = {
        moment: len((await listed(http, task="t-0", as_of=moment))[0]["acks"])
        for moment in ("3", "4", at(3.9), at(4), at(9))
    }
    assert shown == {"3": 0, "4": 1, at(3.9): 0, at(4): 1, at(9): 1}


async def test_states_as_of_a_moment(http: httpx.AsyncClient) -> None:
    """Before its digest closed an alert was waiting, whatever has become of it since."""
    async with asyncio.timeout(PATIENCE):
        while {item["state"] for item in await listed(http, task="t-0")} != {"no-channel"}:
            await sleep(0.05)
    assert {item["state"] for item in await listed(http, task="t-0", as_of=at(0))} == {"waiting"}
    assert {item["state"] for item in await listed(http, task="t-0", as_of=at(4.5))} == {"no-channel"}
    assert await listed(http, as_of=at(0), state="no-channel") == []


async def test_the_position_of_an_answer(http: httpx.AsyncClient) -> None:
    """That which is asked for, or that of the fold."""
    for moment, position in (("2", "2"), ("4", "4"), ("99", "4"), (at(1), "4")):
        assert (await http.get("/alerts", params={"as_of": moment})).headers["Duban-Position"] == position


@pytest.mark.parametrize(
    "query",
    ["since=x", "since=3", "until=2018-04-02T09:00:00", "as_of=x", "as_of=-1", "as_of=2018-04-02", "since=", "as_of="],
)
async def test_what_is_no_moment_is_a_problem(http: httpx.AsyncClient, query: str) -> None:
    """It names the parameter, and what would be right."""
    answer = await http.get(f"/alerts?{query}")
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith(query.partition("=")[0])
    assert "like 2018-12-20T09:00:00+08:00" in answer.json()["detail"]
