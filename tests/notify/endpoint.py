"""A webhook's receiver for the tests: real HTTP on loopback, real signatures, answers as it is told."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from litestar import Litestar, Request, Response, post
from standardwebhooks import Webhook

from tests.webserver import serving

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class Endpoint:
    """What was received, in order: webhook-ids and payloads; `answers` are given first, then 204."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.payloads: list[dict[str, Any]] = []
        self.answers: Iterator[tuple[int, dict[str, str]]] = iter(())
        self.gate = asyncio.Event()
        self.gate.set()
        self.url = ""

    @property
    def channel(self) -> str:
        """The TOML that sends everything here."""
        return f'\nallow_private = true\n[alerts.channels]\n"*" = [{{ webhook = "{self.url}", secret = "{SECRET}" }}]\n'

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Endpoint"]:
        """Listen until the block ends."""

        @post("/hook")
        async def hook(request: Request[Any, Any, Any]) -> Response[bytes]:
            body = await request.body()
            Webhook(SECRET).verify(body, dict(request.headers))
            self.ids.append(request.headers["webhook-id"])
            self.payloads.append(msgspec.json.decode(body))
            await self.gate.wait()
            status, headers = next(self.answers, (204, {}))
            return Response(b"", status_code=status, headers=headers)

        async with serving(Litestar([hook], openapi_config=None, logging_config=None)) as base:
            self.url = f"{base}/hook"
            yield self
