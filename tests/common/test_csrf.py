"""Requests that a page of another site has a browser send: none of them does anything."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from events.envelope import encode
from services.common import sessions
from services.common.access import from_own_page
from tests.examples import assigned
from tests.ingest.ingest_client import ONE
from tests.served import LEDGER, Served, browser, served

PUBLIC = "https://board.example.cn"


@pytest_asyncio.fixture
async def running(redis: Any, server_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    async with served(redis, server_url, tmp_path) as running:
        yield running


@pytest_asyncio.fixture
async def http(running: Served) -> AsyncIterator[httpx.AsyncClient]:
    """Return the browser of somebody who is signed in as the office."""
    async with browser() as http:
        await running.signed_in(http, "office")
        yield http


def forged(running: Served, service: str) -> dict[str, dict[str, str]]:
    """Return what browsers add to requests that other pages make, by what the pages are."""
    own = running.bases[service]
    other_port = own.rpartition(":")[0] + ":1"
    return {
        "another site, over TLS": {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
        "a sub-domain": {"Sec-Fetch-Site": "same-site", "Origin": "https://x.board.example.cn"},
        "typed by hand": {"Sec-Fetch-Site": "none"},
        "another site": {"Origin": "http://evil.example"},
        "another port": {"Origin": other_port},
        "another port, over TLS": {"Sec-Fetch-Site": "same-site", "Origin": other_port},
        "another scheme": {"Origin": own.replace("http:", "https:")},
        "a file or a sandbox": {"Origin": "null"},
        "nothing": {},
    }


async def test_what_another_page_sends_with_a_session_is_refused(running: Served, http: httpx.AsyncClient) -> None:
    """403 on every service and on what status forwards; no event is recorded and nobody is signed out."""
    writes = [
        ("ingest", "POST", "events"),
        ("ingest", "POST", "schedules"),
        ("status", "POST", "events"),
        ("status", "POST", "schedules"),
        ("status", "POST", "alerts/a-1/ack"),
        ("status", "POST", "session"),
        ("status", "POST", "session/codes"),
        ("status", "DELETE", "session"),
    ]
    for service, method, what in writes:
        for page, headers in forged(running, service).items():
            content = encode(assigned("t-1"))
            answer = await http.request(
                method, running.url(service, what), content=content, headers=headers | {"Content-Type": ONE}
            )
            assert (what, page, answer.status_code) == (what, page, 403)
            assert "page of this deployment" in answer.json()["detail"]
    assert (await http.get(running.url("status", "tasks"))).json()["items"] == []
    assert len(await sessions.every(running.redis, LEDGER)) == 1


@pytest.mark.parametrize("service", ["ingest", "status"])
async def test_what_the_page_itself_sends_is_taken(running: Served, http: httpx.AsyncClient, service: str) -> None:
    """By what the browser says of it over TLS and at localhost, and by its Origin elsewhere."""
    own = [{"Sec-Fetch-Site": "same-origin"}, {"Origin": running.bases[service]}]
    for number, headers in enumerate(own):
        content = encode(assigned(f"{service}-{number}"))
        answer = await http.post(
            running.url(service, "events"), content=content, headers=headers | {"Content-Type": ONE}
        )
        assert (answer.status_code, answer.json()["outcome"]) == (201, "accepted")


async def test_a_program_with_a_token_needs_no_page(running: Served) -> None:
    """It has no cookie that another page could use."""
    async with browser() as http:
        headers = running.bearer("office") | {"Content-Type": ONE, "Origin": "https://elsewhere.example"}
        answer = await http.post(running.url("ingest", "events"), content=encode(assigned("t-1")), headers=headers)
        assert answer.status_code == 201


async def test_nobody_is_signed_in_by_another_page(running: Served) -> None:
    """As somebody else, to watch what they then do: also without a cookie yet, and not by a form either."""
    async with browser() as http:
        for page, headers in forged(running, "status").items():
            if headers:
                answer = await http.post(
                    running.url("status", "session"), json={"token": running.tokens["board"]}, headers=headers
                )
                assert (page, answer.status_code) == (page, 403)
        for form in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
            answer = await http.post(
                running.url("status", "session"),
                content=f'{{"token":"{running.tokens["board"]}"}}',
                headers={"Content-Type": form},
            )
            assert answer.status_code == 415
        assert not http.cookies


@pytest.mark.parametrize(
    ("public_url", "headers", "own"),
    [
        (PUBLIC, {"origin": PUBLIC}, True),
        (PUBLIC, {"origin": "http://10.0.0.5:8802"}, False),
        (PUBLIC, {"origin": "http://board.example.cn"}, False),
        (PUBLIC, {"sec-fetch-site": "same-origin"}, True),
        (None, {"origin": "http://10.0.0.5:8802"}, True),
        (None, {"origin": "http://10.0.0.5"}, False),
        (None, {"origin": "http://evil.example:8802"}, False),
        (None, {}, False),
    ],
)
def test_the_page_is_at_the_public_url(public_url: str | None, headers: dict[str, str], own: bool) -> None:  # noqa: FBT001
    """Or, where none is set, at the address that the request was sent to."""
    sent = [(b"host", b"10.0.0.5:8802"), *((name.encode(), value.encode()) for name, value in headers.items())]
    assert from_own_page({"scheme": "http", "headers": sent}, public_url) is own
