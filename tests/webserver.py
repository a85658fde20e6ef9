"""An ASGI application on a real loopback port, inside the test's own event loop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

from services.common.clock import sleep
from services.common.protocol import Protocol, configured


async def _served(server: uvicorn.Server) -> None:
    """Serve; an application that does not start is an error of its test, where uvicorn would end the process."""
    try:
        await server._serve()
    except SystemExit as error:
        raise RuntimeError("the application did not start") from error


@asynccontextmanager
async def serving(app: Any, http: type[Protocol] = Protocol) -> AsyncIterator[str]:
    """Serve an application until the block ends; yields its base URL."""
    config = configured(app, http, host="127.0.0.1", port=0, lifespan="on", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    task = asyncio.create_task(_served(server))
    while not server.started:
        if task.done():
            task.result()
            raise RuntimeError("the application did not start")
        await sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
