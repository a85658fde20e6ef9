"""Notify over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from events.entries import Entry, digest
from events.log import Log
from services.common import tokens
from services.common.settings import Settings, SettingsError, shipped
from services.notify.app import build
from tests.deployment import bearer
from tests.events.appending import append
from tests.examples import assigned, store
from tests.webserver import serving

NAME = "zhanjiang"


@pytest_asyncio.fixture
async def http(tmp_path: Path, server_url: str, redis: Any) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client, as `board`, of a running notify with one assignment in its log."""
    (tmp_path / f"{NAME}.toml").write_bytes(shipped(f"{NAME}.toml").read_bytes())
    raw = store(assigned("t-1", others=("市民政局",)))
    await append(Log(redis, NAME), 0, [Entry("office", "1", digest(raw), raw)])
    headers = bearer(await tokens.issue(redis, NAME, "board"))
    async with (
        serving(build(Settings(redis_url=server_url, ledgers=tmp_path))) as base,
        httpx.AsyncClient(base_url=base, headers=headers) as http,
    ):
        yield http


async def test_alerts_are_listed_with_what_became_of_them(http: httpx.AsyncClient) -> None:
    """Newest first, with causes and deliveries, and the position they reflect."""
    answer = await http.get(f"/v1/{NAME}/alerts", params={"limit": 1, "on": "assigned"})
    rest = await http.get(f"/v1/{NAME}/alerts", params={"cursor": answer.json()["next"], "on": "assigned"})
    assert answer.headers["Duban-Position"] == "1"
    (item,) = answer.json()["items"]
    assert (item["recipient"], item["on"], item["causes"]) == ("市民政局", "assigned", [1])
    assert item["state"] in {"waiting", "no-channel"}
    assert [one["recipient"] for one in rest.json()["items"]] == ["市残联"]
    assert rest.json()["next"] is None


async def test_alerts_are_found_in_whichever_spelling(http: httpx.AsyncClient) -> None:
    """White space around a name is none of it, and full-width forms are other names."""
    for query in ({"recipient": " 市民政局\u3000"}, {"recipient": "市民政局", "task": " t-1 ", "on": "assigned"}):
        answer = await http.get(f"/v1/{NAME}/alerts", params=query)
        assert [item["recipient"] for item in answer.json()["items"]] == ["市民政局"]
    assert (await http.get(f"/v1/{NAME}/alerts", params={"task": "ｔ-1"})).json()["items"] == []


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/elsewhere/alerts", 404),
        (f"/v1/{NAME}/alerts?limit=0", 400),
        (f"/v1/{NAME}/alerts?state=lost", 400),
        (f"/v1/{NAME}/alerts?cursor=x", 400),
        (f"/v1/{NAME}/alerts?cursor=0-0", 400),
        (f"/v1/{NAME}/alerts?cursor=1-0%0a", 400),
        (f"/v1/{NAME}/alerts?recipent=x", 400),
        (f"/v1/{NAME}/alerts?state=null", 400),
        (f"/v1/{NAME}/alerts?on=passed&on=neared", 400),
    ],
)
async def test_a_wrong_question_is_a_problem(http: httpx.AsyncClient, path: str, status: int) -> None:
    """What was wrong is told as RFC 9457 has it."""
    answer = await http.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["status"] == status


async def test_health_and_description(http: httpx.AsyncClient) -> None:
    """A supervisor can ask, and a program can read what there is to ask."""
    assert (await http.get("/health/live")).status_code == 200
    assert (await http.get("/health/ready")).status_code == 200
    paths = (await http.get("/v1/openapi.json")).json()["paths"]
    assert "/v1/{ledger}/alerts" in paths


def test_a_channel_that_cannot_work_stops_the_start(tmp_path: Path) -> None:
    """The message names the file and the recipient, not the secret."""
    text = shipped(f"{NAME}.toml").read_text(encoding="utf-8")
    channels = '\n[alerts.channels]\n"市残联" = [{ webhook = "https://example.org", secret = "hush" }]\n'
    (tmp_path / f"{NAME}.toml").write_text(text + channels, encoding="utf-8")
    with pytest.raises(
        SettingsError, match=r"zhanjiang\.toml: alerts\.channels\.'市残联': webhook example\.org"
    ) as wrong:
        build(Settings(ledgers=tmp_path))
    assert "hush" not in str(wrong.value)
