"""A running ingest service in this process, and a client that submits to it over HTTP and over the inboxes."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
from litestar.testing import AsyncTestClient

from events.envelope import Event, encode
from events.keys import key
from services.common import tokens
from services.common.clock import sleep
from services.common.outcome import Outcome
from services.common.settings import Settings, shipped
from services.ingest.app import build
from tests.ingest.running_writer import NAME, receipts
from tests.patience import PATIENCE

ONE = "application/cloudevents+json"

PROBLEM = "application/problem+json"

PATH = f"/v1/{NAME}/events"

ELSEWHERE = 'title = "另一台账"\nunits = ["市残联"]\n[sources.office]\nrole = "assigner"\n'
"""A second ledger of the same service."""

CLOCK = "2018-03-31T10:00:00+08:00@1"
"""An instant at which no task is about to fall due, so that no clock event comes during a test."""


SOURCES = ("office", "units", "audit", "board", "gone")
"""The sources of the shipped ledger, and one that was removed from it."""


class IngestClient:
    """A client of a running ingest service, with a token for each source."""

    def __init__(self, http: httpx.AsyncClient, redis: Any, tokens: Mapping[str, str]) -> None:
        self.http = http
        self.redis = redis
        self.tokens = tokens

    async def post(self, body: Event | bytes, form: str = ONE, *, source: str = "units", path: str = PATH) -> Any:
        """Post an event, or a body in another form, with the token of a source."""
        headers = {"Authorization": f"Bearer {self.tokens[source]}", "Content-Type": form}
        content = body if isinstance(body, bytes) else encode(body)
        return await self.http.post(path, content=content, headers=headers)

    async def add(self, source: str, *events: Event | bytes) -> list[str]:
        """Add events to the inbox of a source and return the ids of the entries."""
        raws = [event if isinstance(event, bytes) else encode(event) for event in events]
        return [(await self.redis.xadd(key(NAME, "inbox", source), {"e": raw})).decode() for raw in raws]

    async def receipt(self, entry: str, source: str) -> Outcome:
        """Wait for the receipt of an inbox entry."""
        async with asyncio.timeout(PATIENCE):
            while entry not in (found := dict(await receipts(self.redis, source))):
                await sleep(0.01)
        return found[entry]

    async def wait_for_readiness(self, status: int, text: str = "") -> Any:
        """Wait until /health/ready answers with a status and a body that contains a text; return the decoded body."""
        async with asyncio.timeout(PATIENCE):
            while True:
                answer = await self.http.get("/health/ready")
                if answer.status_code == status and text in answer.text:
                    return answer.json()
                await sleep(0.01)

    async def wait_until_ready(self) -> None:
        """Wait until ingest is ready without warnings: one whose cause is mended ends with the next attempt to seal."""
        await self.wait_for_readiness(200, '{"status":"ready"}')


@asynccontextmanager
async def opened(redis: Any, url: str, ledgers: Path, more: str = "", **options: Any) -> AsyncIterator[IngestClient]:
    """Run ingest until the block ends, with the shipped ledger, another one, and a token for each source.

    `more` is added to the ledger's file, `options` are further settings.
    """
    text = shipped(f"{NAME}.toml").read_text(encoding="utf-8") + more
    (ledgers / f"{NAME}.toml").write_text(text, encoding="utf-8")
    (ledgers / "elsewhere.toml").write_text(ELSEWHERE, encoding="utf-8")
    issued = {source: await tokens.issue(redis, NAME, source) for source in SOURCES}
    app = build(Settings(redis_url=url, ledgers=ledgers, clock=CLOCK, **options))
    async with AsyncTestClient(app) as http:
        yield IngestClient(http, redis, issued)


def problem(answer: httpx.Response) -> dict[str, Any]:
    """Return the problem in an answer; fail if it is not in the form of RFC 9457."""
    assert answer.headers["content-type"] == PROBLEM
    found: dict[str, Any] = answer.json()
    assert (found["type"], found["status"]) == ("about:blank", answer.status_code)
    assert found["title"]
    assert found["detail"]
    return found


def outcome(answer: httpx.Response) -> Outcome:
    """Return the outcome in an answer."""
    return msgspec.json.decode(answer.content, type=Outcome)
