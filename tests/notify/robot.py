"""A robot's receiver for the tests: real HTTP on loopback, which answers as WeCom does, and notes when."""

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar, Request, Response, post

from tests.webserver import serving

FINE: dict[str, Any] = {"errcode": 0, "errmsg": "ok"}


class Robot:
    """The messages that came, and when (seconds of a clock that only grows); `answers` are given first, then 0."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.at: list[float] = []
        self.answers: Iterator[dict[str, Any]] = iter(())
        self.url = ""

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Robot"]:
        """Listen until the block ends."""

        @post("/cgi-bin/webhook/send")
        async def send(request: Request[Any, Any, Any]) -> Response[dict[str, Any]]:
            self.at.append(time.monotonic())
            self.messages.append(await request.json())
            return Response(next(self.answers, FINE), status_code=200)

        async with serving(Litestar([send], openapi_config=None, logging_config=None)) as base:
            self.url = f"{base}/cgi-bin/webhook/send?key=693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"
            yield self
