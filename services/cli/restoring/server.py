"""The server on which a ledger is restored, while nothing else uses it."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from events.keys import key
from services.cli.embedded import EmbeddedServer
from services.cli.lock import locked
from services.cli.options import home
from services.cli.service_error import ServiceError
from services.common.connection import connected
from services.common.settings import server_url

_STOP = "stop ingest, status and notify first: they keep in memory what is restored"


@asynccontextmanager
async def idle_server(data: Path | None) -> AsyncIterator[Any]:
    """Return a client of DUBAN_REDIS_URL's server, or of the data directory's, which is started for this.

    Raises SettingsError if `duban up` runs there.
    """
    if (url := server_url(os.environ)) is not None and data is None:
        async with connected(url) as redis:
            yield redis
        return
    with locked(home(data)):
        server = EmbeddedServer(home(data) / "server")
        await asyncio.to_thread(server.open)
        try:
            async with connected(server.url) as redis:
                yield redis
        finally:
            await asyncio.to_thread(server.stop)


@contextmanager
def nobody_seals(lock: Path) -> Iterator[None]:
    """Hold the lock of a ledger's sealer; raises ServiceError while ingest has it."""
    with lock.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ServiceError(f"ingest seals this ledger ({lock}): {_STOP}") from None
        yield


async def check_nobody_sends(redis: Any, ledger: str) -> None:
    """Raise ServiceError while notify sends for a ledger, or did until some seconds ago."""
    if await redis.exists(key(ledger, "notify", "lease")):
        raise ServiceError(f"notify sends for {ledger}: {_STOP}; after a crash of it, wait fifteen seconds")
