"""Dashboards on other origins: those that a ledger's file names may read with a token, and no others."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from services.common import tokens
from tests.served import ELSEWHERE, SAME, Served, browser, served

ALLOWED = "https://board.example.cn"

SECOND = "http://10.0.0.5:3000"

READS = (("status", "tasks"), ("status", "overview"), ("status", "session"), ("notify", "alerts"), ("status", "alerts"))


@pytest_asyncio.fixture
async def running(redis: Any, server_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    async with served(redis, server_url, tmp_path, reading=f'origins = ["{ALLOWED}", "{SECOND}"]') as running:
        yield running


@pytest_asyncio.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with browser() as http:
        yield http


def words(answer: httpx.Response, header: str) -> set[str]:
    """Return the words of a header that is a list."""
    return {word.strip() for word in answer.headers.get(header, "").split(",") if word.strip()}


def allowing(answer: httpx.Response) -> list[str]:
    """Return the headers of an answer by which a browser lets another site's page read it, but for the origin."""
    return sorted(name for name in answer.headers if name.startswith("access-control-"))


@pytest.mark.parametrize("origin", [ALLOWED, SECOND])
async def test_a_page_of_an_allowed_origin_reads_with_a_token(
    running: Served, http: httpx.AsyncClient, origin: str
) -> None:
    """It sees the position and the ETag, and caches keep the answers of origins apart; never with credentials."""
    token = await tokens.issue(running.redis, ELSEWHERE, "office")
    for service, what in READS:
        headers = {"Origin": origin, "Authorization": f"Bearer {token}", "Sec-Fetch-Site": "cross-site"}
        answer = await http.get(running.url(service, what, ELSEWHERE), headers=headers)
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, origin)
        assert words(answer, "access-control-expose-headers") == {"Duban-Position", "ETag"}
        assert allowing(answer) == ["access-control-allow-origin", "access-control-expose-headers"]
        assert answer.headers.get_list("access-control-allow-origin") == [origin]
        assert len(answer.headers.get_list("access-control-expose-headers")) == 1
        assert ", ".join(answer.headers.get_list("vary")).count("Origin") == 1
    async with http.stream("GET", running.url("status", "changes", ELSEWHERE), headers=headers) as stream:
        assert (stream.status_code, stream.headers["access-control-allow-origin"]) == (200, origin)
    refused = await http.get(running.url("status", "tasks", ELSEWHERE), headers={"Origin": origin})
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, origin)


async def test_a_browser_may_ask_first_what_such_a_page_may_send(running: Served, http: httpx.AsyncClient) -> None:
    """Reads, with a token, a last id and an ETag; the question itself has no token."""
    for service, what in (*READS, ("status", "changes")):
        headers = {
            "Origin": ALLOWED,
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "authorization",
        }
        answer = await http.options(running.url(service, what, ELSEWHERE), headers=headers)
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (204, ALLOWED)
        assert words(answer, "access-control-allow-methods") == {"GET", "HEAD"}
        allowed = {"Authorization", "Last-Event-ID", "If-None-Match"}
        assert words(answer, "access-control-allow-headers") == allowed
        assert "Origin" in words(answer, "vary")
        assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "https://board.example.cn:8443", "http://board.example.cn", "null", "*", ""]
)
async def test_a_page_of_another_origin_sees_nothing(running: Served, http: httpx.AsyncClient, origin: str) -> None:
    """Neither a wildcard nor null is ever answered; caches know that the answer depends on the origin."""
    token = await tokens.issue(running.redis, ELSEWHERE, "office")
    for method, more in (("GET", {}), ("OPTIONS", {"Access-Control-Request-Method": "GET"})):
        headers = {"Origin": origin, "Authorization": f"Bearer {token}", **more}
        answer = await http.request(method, running.url("status", "tasks", ELSEWHERE), headers=headers)
        assert allowing(answer) == []
        assert method == "OPTIONS" or "Origin" in words(answer, "vary")


async def test_no_origin_is_allowed_by_default(running: Served, http: httpx.AsyncClient) -> None:
    """In a ledger's file that names none; another ledger's origins are not this one's."""
    for method, more in (("GET", {}), ("OPTIONS", {"Access-Control-Request-Method": "GET"})):
        headers = {"Origin": ALLOWED, **running.bearer("board"), **more}
        answer = await http.request(method, running.url("status", "tasks"), headers=headers)
        assert allowing(answer) == []
        assert "Origin" not in words(answer, "vary")


async def test_an_allowed_origin_sends_nothing_and_gets_no_session(running: Served, http: httpx.AsyncClient) -> None:
    """Its page only reads: no answer to another method is for it, and none is by a cookie that it could see."""
    token = await tokens.issue(running.redis, ELSEWHERE, "office")
    headers = {"Origin": ALLOWED, "Sec-Fetch-Site": "cross-site"}
    url = running.url("status", "session", ELSEWHERE)
    answer = await http.post(url, json={"token": token}, headers=headers)
    assert (answer.status_code, allowing(answer)) == (403, [])
    signed = await http.post(url, json={"token": token}, headers=SAME)
    assert signed.status_code == 200
    answer = await http.get(running.url("status", "tasks", ELSEWHERE), headers={"Origin": ALLOWED})
    assert (answer.status_code, "access-control-allow-credentials" in answer.headers) == (200, False)
