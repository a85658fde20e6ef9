"""The connection to Redis, as every process makes it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
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
"""Between two attempts to connect: long enough not to add to the load of Redis while it restarts."""

SOCKET_SECONDS = 10.0
"""Time limit for an answer of Redis: longer than a slow disk delays a flush, and shorter than clients wait."""

CONNECT_SECONDS = 5.0
"""Time limit for connecting; Redis is on the same network."""

MOST_CONNECTIONS = 10_000
"""Of one client or broker: the limit of Redis itself. Each request that looks up its token needs one, and so does each
inbox that is read; beyond the client library's own limit, 100, they would fail."""

WATCH_SECONDS = 2.0
"""Between two checks of which server answers at the address: the delay that a failover adds for a waiting reader."""

log = structlog.get_logger()


class _LeavingReplicas:
    """A connection that closes itself where its server has become a replica: the address may lead to another one now.

    A task that is cancelled during a write ends: in Python 3.11 asyncio.wait_for, by which the client writes, loses a
    cancellation that comes just when the write is done, and a loop around it would run for ever.

    A write to a connection that was just closed raises ConnectionError. Where the server closed it, uvloop raises
    RuntimeError; where another task did, the client has no writer: its wait_for lets other tasks run before the write.
    """

    async def _send_packed_command(self, *args: Any, **kwargs: Any) -> None:
        if not self.is_connected:  # type: ignore[attr-defined]  # of the connection it is mixed into
            raise DisconnectedError("the connection was closed before it was written to")
        await super()._send_packed_command(*args, **kwargs)  # type: ignore[misc]  # of the connection it is mixed into

    async def send_packed_command(self, *args: Any, **kwargs: Any) -> None:
        task = asyncio.current_task()
        before = task.cancelling() if task is not None else 0
        try:
            await super().send_packed_command(*args, **kwargs)  # type: ignore[misc]  # of the connection it is mixed into
        except RuntimeError as error:
            await self.disconnect(nowait=True)  # type: ignore[attr-defined]  # of the connection it is mixed into
            raise DisconnectedError(str(error)) from error
        if task is not None and task.cancelling() > before:
            await self.disconnect(nowait=True)  # type: ignore[attr-defined]  # its answer is not read
            raise asyncio.CancelledError

    async def read_response(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return await super().read_response(*args, **kwargs)  # type: ignore[misc]  # of the connection it is mixed into
        except ReadOnlyError:
            await self.disconnect(nowait=True)  # type: ignore[attr-defined]  # of the connection it is mixed into
            raise


def connect(url: str) -> Any:
    """Return a client of Redis, with bytes and RESP2, which hiredis parses fastest.

    A command is sent once. The client library's retries, three by default, would run a script again whose answer alone
    was lost, and would delay the caller for most of a minute.
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
    pool.connection_class = type("Connection", (_LeavingReplicas, pool.connection_class), {})
    return client


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Any]:
    """Return a client of Redis that is closed when the block ends."""
    client = connect(url)
    try:
        yield client
    finally:
        await client.aclose()


class Watch:
    """Detects that another server, or the same one after a restart, answers at the address.

    A reader that only waits for messages would not notice: its connection to the former server can stay open.
    """

    def __init__(self, url: str, *clients: Any) -> None:
        self._url = url
        self._clients = clients
        self._seen: str | None = None

    async def look(self) -> None:
        """Close the clients' connections where another server answers; raises RedisError where none does."""
        answering = await asyncio.to_thread(
            self._ask
        )  # a thread, unlike a task, need not be awaited when the service ends
        seen, self._seen = self._seen, answering
        if seen not in {None, answering}:
            log.warning("another server answers", before=seen, now=answering)
            for client in self._clients:
                await client.connection_pool.disconnect()

    def _ask(self) -> str:
        """Return the run id of the server that a new connection reaches: an open one may lead to the former server."""
        once = redis.retry.Retry(NoBackoff(), 0)
        with closing(redis.Redis.from_url(self._url, socket_timeout=WATCH_SECONDS, retry=once)) as fresh:
            return str(fresh.info("server")["run_id"])


async def writable(redis: Any) -> bool:
    """Return whether Redis answers and accepts writes, which a replica does not."""
    try:
        role = await redis.execute_command("ROLE")
    except (RedisError, OSError):
        return False
    return bool(role[0] == b"master")


async def until_reachable(redis: Any) -> None:
    """Wait until Redis answers; FastStream fails at the first refusal."""
    while True:
        try:
            await redis.ping()
        except (RedisError, OSError) as error:
            log.warning("waiting for the server", error=str(error))
            await sleep(RETRY_SECONDS)
        else:
            return
