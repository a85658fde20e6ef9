"""A webhook receiver for the demo; it verifies signatures and counts repeats, as a unit's own system would."""

import asyncio
import base64
import secrets
from typing import Any, Self

import uvicorn
from litestar import Litestar, Request, Response, post
from standardwebhooks import Webhook, WebhookVerificationError

from services.common.clock import sleep


class Receiver:
    """Listens on a free loopback port inside its `async with` block."""

    def __init__(self) -> None:
        self.secret = f"whsec_{base64.b64encode(secrets.token_bytes(24)).decode()}"
        self.url = ""
        self.digests = 0
        self.repeats = 0
        self.forged = 0
        self._seen: set[str] = set()
        self._task: asyncio.Task[None] | None = None
        config = uvicorn.Config(
            self._app(), host="127.0.0.1", port=0, log_config=None, lifespan="off", access_log=False
        )
        self._server = uvicorn.Server(config)

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(
            asyncio.to_thread(self._server.run)
        )  # not on the main thread, whose signal handlers are the supervisor's
        while not self._server.started:
            await sleep(0.01)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/alerts"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.should_exit = True
        if self._task is not None:
            await self._task

    def _app(self) -> Litestar:
        @post("/alerts", status_code=204)
        async def receive(request: Request[Any, Any, Any]) -> Response[None]:
            try:
                Webhook(self.secret).verify(await request.body(), dict(request.headers))
            except WebhookVerificationError:
                self.forged += 1
                return Response(None, status_code=401)
            message = request.headers["webhook-id"]
            self.digests += message not in self._seen
            self.repeats += message in self._seen
            self._seen.add(message)
            return Response(None, status_code=204)

        return Litestar([receive], openapi_config=None, logging_config=None)
