"""The services in this process, on real ports of loopback, with two ledgers: as browsers and programs see them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from events.keys import key
from services.applications import BUILDERS
from services.common import tokens
from services.common.identity import cookie_name
from services.common.sessions import installation
from services.common.settings import BaseUrl, Settings, shipped
from tests.patience import PATIENCE
from tests.webserver import serving

LEDGER = "zhanjiang"

ELSEWHERE = "elsewhere"
"""A second ledger with a source of the same name; its reads may be opened to everybody."""

SAME = {"Sec-Fetch-Site": "same-origin"}
"""What a browser adds to a request of the page itself."""

SOURCES = ("office", "units", "audit", "board", "gone")
"""The sources of the shipped ledger, and one that was removed from its file."""

CLOCK = "2018-03-31T10:00:00+08:00@1"
"""An instant at which no clock event comes."""


class Served:
    """Running services: their addresses, their server, and a token of each source."""

    def __init__(self, bases: Mapping[str, str], redis: Any, tokens: Mapping[str, str]) -> None:
        self.bases = bases
        self.redis = redis
        self.tokens = tokens

    def url(self, service: str, what: str, ledger: str = LEDGER) -> str:
        """Return the URL of something in a ledger."""
        return f"{self.bases[service]}/v1/{ledger}/{what}"

    def bearer(self, source: str) -> dict[str, str]:
        """Return the header with a source's token."""
        return {"Authorization": f"Bearer {self.tokens[source]}"}

    async def signed_in(self, http: httpx.AsyncClient, source: str = "board", **more: Any) -> httpx.Response:
        """Sign a browser in with a source's token and return the answer; its cookie stays with the client."""
        answer = await http.post(
            self.url("status", "session"), json={"token": self.tokens[source], **more}, headers=SAME
        )
        assert answer.status_code == 200, answer.text
        return answer

    async def cookie(self, http: httpx.AsyncClient) -> tuple[str, str]:
        """Return the name and the value of a browser's cookie of this ledger and deployment."""
        name = cookie_name(await installation(self.redis), LEDGER, secure=False)
        return name, http.cookies[name]


@asynccontextmanager
async def served(
    redis: Any,
    url: str,
    ledgers: Path,
    *services: str,
    reading: str = "",
    public_url: str | None = None,
    **addresses: str,
) -> AsyncIterator[Served]:
    """Run these services (all, if none is named); `reading` is the second ledger's `[reading]`."""
    text = shipped(f"{LEDGER}.toml").read_text(encoding="utf-8")
    (ledgers / f"{LEDGER}.toml").write_text(text, encoding="utf-8")
    second = f'title = "另一台账"\nunits = ["市残联"]\n[sources.office]\nrole = "assigner"\n[reading]\n{reading}\n'
    (ledgers / f"{ELSEWHERE}.toml").write_text(second, encoding="utf-8")
    for ledger in (LEDGER, ELSEWHERE):
        await redis.set(key(ledger, "clock", "kind"), "scaled")
    issued = {source: await tokens.issue(redis, LEDGER, source) for source in SOURCES}
    bases: dict[str, str] = {}
    async with AsyncExitStack() as stack:
        for service in [name for name in ("ingest", "notify", "status") if name in (services or BUILDERS)]:
            named = addresses | {name: bases[name] for name in bases}
            settings = Settings(
                redis_url=url,
                ledgers=ledgers,
                clock=CLOCK,
                public_url=BaseUrl(public_url) if public_url is not None else None,
                ingest_url=BaseUrl(named["ingest"]) if "ingest" in named else None,
                notify_url=BaseUrl(named["notify"]) if "notify" in named else None,
            )
            bases[service] = await stack.enter_async_context(serving(BUILDERS[service](settings)))
        yield Served(bases, redis, issued)


def browser() -> httpx.AsyncClient:
    """Return a client that keeps cookies."""
    return httpx.AsyncClient(timeout=PATIENCE, trust_env=False)
