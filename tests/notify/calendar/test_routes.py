"""A unit's calendar over HTTP, by its link."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from ical.calendar_stream import IcsCalendarStream

from events.entries import Entry, digest
from events.log import Log
from services.notify.calendar import links
from tests.events.appending import append
from tests.examples import assigned, store
from tests.served import LEDGER, Served, browser, served

UNIT = "市残联"


@pytest_asyncio.fixture
async def running(redis: Any, server_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    """Return services with one assignment in the log."""
    raw = store(assigned("t-1", lead=UNIT), "2018-01-01T00:00:00Z")
    await append(Log(redis, LEDGER), 0, [Entry("office", "1", digest(raw), raw)])
    async with served(redis, server_url, tmp_path, "notify", "status") as running:
        yield running


@pytest_asyncio.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with browser() as http:
        yield http


def url(running: Served, secret: str, service: str = "notify", unit: str = UNIT) -> str:
    """Return the address of a calendar with a key."""
    return links.address(running.bases[service], LEDGER, unit, secret)


async def test_a_link_is_all_that_a_calendar_program_needs(running: Served, http: httpx.AsyncClient) -> None:
    """At notify, and at status, which forwards it; nobody else may keep the answer or get the address from it."""
    secret = await links.make_link(running.redis, LEDGER, UNIT)
    for service in ("notify", "status"):
        answer = await http.get(url(running, secret, service))
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
        assert answer.headers["cache-control"] == "private, no-cache"
        assert answer.headers["referrer-policy"] == "no-referrer"
        (entry,) = IcsCalendarStream.calendar_from_ics(answer.text).events
        assert entry.dtstart == date(2018, 12, 31)
        same = await http.get(url(running, secret, service), headers={"If-None-Match": answer.headers["etag"]})
        assert (same.status_code, same.content) == (304, b"")


async def test_a_link_that_was_replaced_or_revoked_leads_nowhere(running: Served, http: httpx.AsyncClient) -> None:
    """One per unit; the key is hashed at rest."""
    first = await links.make_link(running.redis, LEDGER, UNIT)
    second = await links.make_link(running.redis, LEDGER, UNIT)
    assert [(await http.get(url(running, key))).status_code for key in (first, second)] == [404, 200]
    kept = await running.redis.hgetall(f"duban:{{{LEDGER}}}:notify:links")
    assert second.encode() not in b"".join((*kept, *kept.values()))
    assert await links.revoke_link(running.redis, LEDGER, UNIT)
    assert not await links.revoke_link(running.redis, LEDGER, UNIT)
    answer = await http.get(url(running, second))
    assert answer.status_code == 404
    assert "revoked or replaced" in answer.json()["detail"]
    assert answer.headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize("unit", ["市民政局", "没有的单位"])
async def test_a_key_is_good_for_its_own_unit(running: Served, http: httpx.AsyncClient, unit: str) -> None:
    """The answer is the same for a unit without a link and for one that does not exist."""
    secret = await links.make_link(running.redis, LEDGER, UNIT)
    answer = await http.get(url(running, secret, unit=unit))
    assert answer.status_code == 404
    assert "leads to no calendar" in answer.json()["detail"]


async def test_a_token_does_not_stand_in_for_a_link(running: Served, http: httpx.AsyncClient) -> None:
    """Without a key the question is wrong, and no token is taken from the address."""
    plain = url(running, "x").partition("?")[0]
    assert (await http.get(plain, headers=running.bearer("office"))).status_code == 400
    assert (await http.get(f"{plain}?token={running.tokens['office']}")).status_code == 400
    assert (await http.get(f"{plain}?key={running.tokens['office']}")).status_code == 404
