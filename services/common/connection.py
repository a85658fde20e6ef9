"""The server that keeps the logs, as any process reaches it."""

import asyncio
from contextlib import closing
from typing import Any

import redis
import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as DisconnectedError
from redis.exceptions import ReadOnlyError, RedisError

from services.common.clock import sleep

RETRY_SECONDS = 1.0
"""Between two tries to reach the server: long enough not to add to its load while it restarts."""

SOCKET_SECONDS = 10.0
"""How long a server may be silent: longer than a slow disk holds up a flush, and less than clients wait."""

CONNECT_SECONDS = 5.0
"""How long a connection may take to be made; the server is on the same network."""

MOST_CONNECTIONS = 10_000
"""Of one client or broker: the server's own limit. Each request that looks at its token needs one, and each inbox that
is read or looked at; beyond the client's own limit, 100, they would fail."""

WATCH_SECONDS = 2.0
"""Between two looks at who answers at the server's address: what a failover adds to the way of a waiting reader."""

log = structlog.get_logger()


class _Leaving:
    """A connection that closes itself where the server has become a replica: the address may lead elsewhere by now.

    A connection that was closed just before it is written to raises ConnectionError: by the server, where uvloop raises
    a RuntimeError; by another task, where the client would find no writer, as its wait_for lets others run in between.
    """

    async def _send_packed_command(self, *args: Any, **kwargs: Any) -> None:
        if not self.is_connected:  # type: ignore[attr-defined]  # of the connection it is mixed into
            raise DisconnectedError("the connection was closed before it was written to")
        await super()._send_packed_command(*args, **kwargs)  # type: ignore[misc]  # of the connection it is mixed into

    async def send_packed_command(self, *args: Any, **kwargs: Any) -> None:
        try:
            await super().send_packed_command(*args, **kwargs)  # type: ignore[misc]  # of the connection it is mixed into
        except RuntimeError as error:
            await self.disconnect(nowait=True)  # type: ignore[attr-defined]  # of the connection it is mixed into
            raise DisconnectedError(str(error)) from error

    async def read_response(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return await super().read_response(*args, **kwargs)  # type: ignore[misc]  # of the connection it is mixed into
        except ReadOnlyError:
            await self.disconnect(nowait=True)  # type: ignore[attr-defined]  # of the connection it is mixed into
            raise


def connect(url: str) -> Any:
    """Return a client for the server; it speaks bytes and RESP2, which hiredis parses fastest.

    A command is sent once. The client's own habit of sending it up to three times more would run a script again whose
    answer alone was lost, and would hold the caller up for most of a minute.
    """
    client = Redis.from_url(
        url,
        protocol=2,
        socket_timeout=SOCKET_SECONDS,
        socket_connect_timeout=CONNECT_SECONDS,
        health_check_interval=30,
        retry=Retry(NoBackoff(), 0),
        max_connections=MOST_CONNECTIONS,
    )
    pool = client.connection_pool
    pool.connection_class = type("Connection", (_Leaving, pool.connection_class), {})
    return client


class Watch:
    """Sees whether another server, or the same one started anew, answers at the address by now.

    Whoever only waits for messages would not notice: its connection to a server that was left behind can stay open.
    """

    def __init__(self, url: str, *clients: Any) -> None:
        self._url = url
        self._clients = clients
        self._seen: str | None = None

    async def look(self) -> None:
        """Drop the clients' connections where another server answers; raises RedisError where none does."""
        answering = await asyncio.to_thread(self._ask)  # which, unlike a task, can be left alone when the service ends
        seen, self._seen = self._seen, answering
        if seen not in {None, answering}:
            log.warning("another server answers", before=seen, now=answering)
            for client in self._clients:
                await client.connection_pool.disconnect()

    def _ask(self) -> str:
        """Return who answers on a new connection, as only that finds out where the address leads by now."""
        once = redis.retry.Retry(NoBackoff(), 0)
        with closing(redis.Redis.from_url(self._url, socket_timeout=WATCH_SECONDS, retry=once)) as fresh:
            return str(fresh.info("server")["run_id"])


async def writable(redis: Any) -> bool:
    """Tell whether the server answers, and as one that takes writes: a replica does not."""
    try:
        role = await redis.execute_command("ROLE")
    except (RedisError, OSError):
        return False
    return bool(role[0] == b"master")


async def until_reachable(redis: Any) -> None:
    """Wait until the server answers; FastStream would give up at the first refusal."""
    while True:
        try:
            await redis.ping()
        except (RedisError, OSError) as error:
            log.warning("waiting for the server", error=str(error))
            await sleep(RETRY_SECONDS)
        else:
            return
