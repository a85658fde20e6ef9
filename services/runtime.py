"""What every service process needs: logging, the Redis client and broker, the ledgers' clocks, a web server."""

import asyncio
import gc
import logging
import os
import resource
import signal
import sys
import threading
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import datetime
from typing import Any, TypeAlias

import redis
import structlog
import uvicorn
from faststream import AckPolicy
from faststream.redis import RedisBroker, StreamSub
from faststream.redis.message import FAKE_CONSUMER, RedisBatchStreamMessage
from litestar import Litestar
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ReadOnlyError, RedisError

from events.log import key
from services.clock import FILE, Clock, cancelled, clock_for, parse_spec, real_time, sleep
from services.settings import Settings

RETRY_SECONDS = 1.0
"""Between two tries to reach the server: long enough not to add to its load while it restarts."""

SOCKET_SECONDS = 10.0
"""How long a server may be silent: longer than a slow disk holds up a flush, and less than clients wait."""

CONNECT_SECONDS = 5.0
"""How long a connection may take to be made; the server is on the same network."""

WATCH_SECONDS = 2.0
"""Between two looks at who answers at the server's address: what a failover adds to the way of a waiting reader."""

POLL_MILLISECONDS = 2_000
"""How long one XREAD waits: under the client's socket timeout, or each idle wait would end in an error."""

MOST_CONNECTIONS = 10_000
"""Of one broker, as each inbox is read over a connection of its own: the server's own limit, not the client's 100."""

FILES = 16_384
"""Open files of a service: a connection each for the requests at once, as many again that idle, and the server's."""

GC_THRESHOLD = 50_000
"""Allocations between two searches for cycles: batches make none, and at Python's 700 the searches take a third of the
time."""

NICENESS = 5
"""Of those who fold: where processors are short, deciding goes first, as publishers wait for it."""

log = structlog.get_logger()


def configure_logging(service: str, style: str) -> None:
    """Send structlog and the libraries' logs to standard error, one JSON object a line unless `style` is `console`."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    renderer: Any = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        if style == "console"
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    for noisy in ("httpx", "apprise", "faststream"):
        library = logging.getLogger(noisy)
        library.setLevel(logging.WARNING)
        library.handlers = [own for own in library.handlers if not isinstance(own, logging.StreamHandler)]
    structlog.contextvars.bind_contextvars(service=service)


class _Leaving:
    """A connection that closes itself where the server has become a replica: the address may lead elsewhere by now."""

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
    )
    pool = client.connection_pool
    pool.connection_class = type("Connection", (_Leaving, pool.connection_class), {})
    return client


def make_broker(url: str) -> RedisBroker:
    """Return a FastStream broker whose handlers get what their parser makes, unvalidated."""
    return RedisBroker(
        url,
        apply_types=False,
        logger=logging.getLogger("faststream"),
        log_level=logging.DEBUG,
        max_connections=MOST_CONNECTIONS,
    )


StreamEntry: TypeAlias = tuple[bytes, dict[bytes, bytes]]


class Follower:
    """A reader of a stream that can be sent back, where a failover has taken from the stream what it had read."""

    def __init__(self, subscriber: Any, handle: Callable[[list[StreamEntry]], Awaitable[None]]) -> None:
        self._subscriber = subscriber
        self._handle = handle
        self._back: str | None = None

    def go_on_from(self, after: str) -> None:
        """Read on after the id `after`."""
        self._back = self._subscriber.last_id = after

    async def handle(self, entries: list[StreamEntry]) -> None:
        """Hand entries on, unless they were read from where it was before it was sent back: those come again."""
        if self._back is None:
            await self._handle(entries)
        else:
            self._subscriber.last_id, self._back = self._back, None


def follow(
    broker: RedisBroker,
    stream: str,
    after: str,
    count: int,
    handle: Callable[[list[StreamEntry]], Awaitable[None]],
) -> Follower:
    """Hand the entries of a stream that follow the id `after` to `handle`, up to `count` at a time, as they come.

    There is no consumer group: what was handled is known by the follower's own checkpoint, and a group would cost
    the server some 200 bytes of append-only file for each event.
    """

    async def parse(message: Any) -> RedisBatchStreamMessage:
        return RedisBatchStreamMessage(raw_message=message, body=b"", consumer=FAKE_CONSUMER, group=None)

    async def decode(message: Any) -> list[StreamEntry]:
        raw = message.raw_message
        return list(zip(raw["message_ids"], raw["data"], strict=True))

    sub = StreamSub(stream, last_id=after, batch=True, max_records=count, polling_interval=POLL_MILLISECONDS)
    subscriber = broker.subscriber(stream=sub, parser=parse, decoder=decode, ack_policy=AckPolicy.MANUAL)
    follower = Follower(subscriber, handle)
    subscriber(follower.handle)
    return follower


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


async def ledger_clock(redis: Any, ledger: str, spec: str | None) -> Clock:
    """Return the ledger's clock: the same for all processes, and after a restart of any.

    duban:{L}:clock:<spec>  string  the real instant (Unix seconds) at which this clock was started
    """
    if spec is None or spec.startswith(FILE):
        return clock_for(spec, 0)
    parse_spec(spec)
    name = key(ledger, "clock", spec)
    await redis.set(name, repr(real_time()), nx=True)
    return clock_for(spec, float(await redis.get(name)))


async def start_clock(redis: Any, ledger: str, spec: str, last: datetime | None) -> None:
    """Start a ledger's clock now, at the instant of `spec` or, if the ledger is already later, at `last`."""
    start, speed = parse_spec(spec)
    ahead = max(0.0, (last - start).total_seconds() / speed) if last is not None else 0.0
    await redis.set(key(ledger, "clock", spec), repr(real_time() - ahead))


async def repeat(seconds: float, work: Callable[[], Awaitable[object]]) -> None:
    """Do `work` again and again, `seconds` apart; a failure is logged and, a little later, tried again."""
    while not cancelled():
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - the loop must outlive any fault, and every fault is in the log
            log.warning(
                "will try again", work=getattr(work, "__qualname__", "?"), error=f"{type(error).__name__}: {error}"
            )
            await sleep(RETRY_SECONDS)
        await sleep(seconds)


def serve(service: str, settings: Settings, build: Callable[[Settings], Litestar]) -> None:
    """Run a service until it is told to stop."""
    configure_logging(service, settings.log)
    if service != "ingest":
        os.nice(NICENESS)
    gc.set_threshold(GC_THRESHOLD)
    if settings.parent is not None:
        threading.Thread(target=_end_with, args=(settings.parent,), daemon=True).start()
    _allow_connections()
    config = uvicorn.Config(
        build(settings),
        host=settings.host,
        port=settings.port_of(service),
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=3,
    )
    gc.freeze()  # what is there by now stays: searching it again and again would hold up answers
    uvicorn.Server(config).run()


def _allow_connections() -> None:
    """Let this process have the open files that it may have: many shells give it 1,024, fewer than it has requests."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))


def _end_with(parent: int) -> None:
    """End this process when the one that started it is gone, so that a killed `duban up` leaves no services behind."""
    while os.getppid() == parent:
        threading.Event().wait(RETRY_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
