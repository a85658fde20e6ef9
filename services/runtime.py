"""What every service process needs: logging, the Redis client and broker, the ledgers' clocks, a web server."""

import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeAlias

import structlog
import uvicorn
from faststream import AckPolicy
from faststream.redis import RedisBroker, StreamSub
from faststream.redis.message import FAKE_CONSUMER, RedisBatchStreamMessage
from litestar import Litestar
from redis.asyncio import Redis
from redis.exceptions import RedisError

from events.log import key
from services.clock import FILE, Clock, cancelled, clock_for, parse_spec, real_time, sleep
from services.settings import Settings

RETRY_SECONDS = 1.0
"""Between two tries to reach the server: long enough not to add to its load while it restarts."""

POLL_MILLISECONDS = 2_000
"""How long one XREAD waits: under the client's socket timeout, or each idle wait would end in an error."""

GC_THRESHOLD = 50_000
"""Allocations between two searches for cycles: batches make none, and at Python's 700 the searches take a third of the
time."""

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


def connect(url: str) -> Any:
    """Return a client for the server; it speaks bytes and RESP2, which hiredis parses fastest."""
    return Redis.from_url(url, protocol=2, socket_timeout=10, socket_connect_timeout=5, health_check_interval=30)


def make_broker(url: str) -> RedisBroker:
    """Return a FastStream broker whose handlers get what their parser makes, unvalidated."""
    return RedisBroker(url, apply_types=False, logger=logging.getLogger("faststream"), log_level=logging.DEBUG)


StreamEntry: TypeAlias = tuple[bytes, dict[bytes, bytes]]


def follow(
    broker: RedisBroker,
    stream: str,
    after: str,
    count: int,
    handle: Callable[[list[StreamEntry]], Awaitable[None]],
) -> None:
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
    broker.subscriber(stream=sub, parser=parse, decoder=decode, ack_policy=AckPolicy.MANUAL)(handle)


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
    gc.set_threshold(GC_THRESHOLD)
    if settings.parent is not None:
        threading.Thread(target=_end_with, args=(settings.parent,), daemon=True).start()
    config = uvicorn.Config(
        build(settings),
        host=settings.host,
        port=settings.port_of(service),
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=3,
    )
    uvicorn.Server(config).run()


def _end_with(parent: int) -> None:
    """End this process when the one that started it is gone, so that a killed `duban up` leaves no services behind."""
    while os.getppid() == parent:
        threading.Event().wait(RETRY_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
