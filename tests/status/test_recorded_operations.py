"""What status hands to the ledger of operations: sign-ins, links and exports, before anybody gets them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from events.envelope import parse
from events.keys import key
from events.operations import OPS
from events.schema import EventData, ExportMade, LinkMade, SessionStarted, SignInsFailed
from services.common import sessions
from services.common.operations import NotRecordedError
from services.common.tokens import hash_of
from services.ingest.inbox import LAST_ID
from services.status.failed_minute import FailedMinute
from tests.served import ELSEWHERE, LEDGER, SAME, Served, browser, served

INBOX = key(OPS, "inbox", "status")


@pytest_asyncio.fixture
async def running(redis: Any, server_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    async with served(redis, server_url, tmp_path, "status", reading="public = true") as running:
        yield running


@pytest_asyncio.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with browser() as http:
        yield http


async def submitted(redis: Any) -> list[EventData]:
    """Return what was submitted, each event as ingest accepts it."""
    events = [parse(fields[b"e"]) for _, fields in await redis.xrange(INBOX)]
    assert all((event.source, event.subject) == ("status", LEDGER) for event in events)
    return [event.data for event in events]


@asynccontextmanager
async def full(redis: Any) -> AsyncIterator[None]:
    """Have the inbox closed, as ingest closes one that is too large."""
    entry = await redis.xadd(INBOX, {"e": "{}"})
    await redis.execute_command("XSETID", INBOX, LAST_ID)
    try:
        yield
    finally:
        await redis.execute_command("XSETID", INBOX, entry)
        await redis.xdel(INBOX, entry)


async def test_a_sign_in_is_submitted_with_its_session(running: Served, http: httpx.AsyncClient) -> None:
    """By a token or by a link; a link before its address is known to anybody."""
    token = hash_of(running.tokens["board"])[:16]
    await running.signed_in(http, days=7)
    url = running.url("status", "session/codes")
    made = await http.post(url, headers=running.bearer("board") | SAME)
    async with browser() as other:
        linked = await other.post(running.url("status", "session"), json={"code": made.json()["code"]}, headers=SAME)
    assert linked.status_code == 200
    typed, by_link = [one.id for one in await sessions.every(running.redis, LEDGER)]
    assert await submitted(running.redis) == [
        SessionStarted("board", typed, token, "token", 7),
        LinkMade("board", token),
        SessionStarted("board", by_link, token, "link"),
    ]


async def test_an_export_is_submitted_with_who_gets_it(running: Served, http: httpx.AsyncClient) -> None:
    """Each file once: neither rows as JSON, nor what the client has already, nor what everybody may have."""
    board = running.bearer("board")
    wanted = [("tasks", "csv"), ("units", "xlsx"), ("overview", "docx")]
    for what, format in wanted:
        answer = await http.get(running.url("status", f"{what}?format={format}"), headers=board)
        assert answer.status_code == 200, answer.text
    again = await http.get(
        running.url("status", "overview?format=docx"), headers={**board, "If-None-Match": answer.headers["etag"]}
    )
    assert again.status_code == 304
    assert (await http.get(running.url("status", "tasks"), headers=board)).status_code == 200
    assert (await http.get(running.url("status", "tasks?format=csv", ELSEWHERE))).status_code == 200
    assert await submitted(running.redis) == [
        ExportMade("board", "tasks", "csv", 0),
        ExportMade("board", "units", "xlsx", 0),
        ExportMade("board", "notice", "docx", 0),
    ]


async def test_what_cannot_be_recorded_is_not_handed_over(running: Served, http: httpx.AsyncClient) -> None:
    """No cookie, no code and no file while the inbox is closed: 503, to be asked for again."""
    board = running.bearer("board")
    async with full(running.redis):
        answers = [
            await http.post(running.url("status", "session"), json={"token": running.tokens["board"]}, headers=SAME),
            await http.post(running.url("status", "session/codes"), headers=board),
            await http.get(running.url("status", "tasks?format=csv"), headers=board),
        ]
    for answer in answers:
        assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
        assert "set-cookie" not in answer.headers
        assert "cannot be recorded in the ledger ops" in answer.json()["detail"]
    await running.signed_in(http)


async def test_failed_sign_ins_are_counted(running: Served, http: httpx.AsyncClient, redis: Any) -> None:
    """None is an event by itself: what was counted is one, when the service stops at the latest."""
    for _ in range(3):
        answer = await http.post(running.url("status", "session"), json={"token": "wrong"}, headers=SAME)
        assert answer.status_code == 401
    assert await submitted(redis) == []


async def test_a_count_that_cannot_be_recorded_is_kept(redis: Any) -> None:
    """It goes with the next: the sum is right, the span is that of all, and a network is counted once."""
    failed = FailedMinute()
    await failed.flush(redis, LEDGER)
    async with full(redis):
        for network in ("192.0.2.1", "192.0.2.1", "192.0.2.2"):
            failed.add(network)
        with pytest.raises(NotRecordedError):
            await failed.flush(redis, LEDGER)
        failed.add("192.0.2.2")
    await failed.flush(redis, LEDGER)
    await failed.flush(redis, LEDGER)
    (counted,) = await submitted(redis)
    assert isinstance(counted, SignInsFailed)
    assert (counted.count, counted.networks) == (4, 2)
    assert counted.since < counted.until
