"""The runtime of a service process: logging, the broker, followers of streams, repeated work, the web server."""

import gc
import logging
import os
import resource
import signal
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import structlog
import uvicorn
from faststream import AckPolicy
from faststream.redis import RedisBroker, StreamSub
from faststream.redis.message import FAKE_CONSUMER, RedisBatchStreamMessage

from services.common.clock import sleep
from services.common.connection import MOST_CONNECTIONS, RETRY_SECONDS
from services.common.edge import Service
from services.common.listening import ListenError, listen
from services.common.protocol import configured
from services.common.settings import Settings, SettingsError

POLL_MILLISECONDS = 2_000
"""The longest wait of one XREAD: shorter than the socket timeout, or each idle wait would end in an error."""

FILES = 16_384
"""Open files of a service: a connection for each concurrent request, as many idle ones, and those to Redis."""

GC_THRESHOLD = 50_000
"""Allocations between two collections of cycles: batches make none, and at Python's default, 700, collecting takes a
third of the time."""

NICENESS = 5
"""Of status and notify: where processors are short, ingest goes first, as publishers wait for its decisions."""

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


def make_broker(url: str) -> RedisBroker:
    """Return a FastStream broker whose handlers get their parser's result, unvalidated."""
    return RedisBroker(
        url,
        apply_types=False,
        logger=logging.getLogger("faststream"),
        log_level=logging.DEBUG,
        max_connections=MOST_CONNECTIONS,
    )


StreamEntry: TypeAlias = tuple[bytes, dict[bytes, bytes]]


Handle: TypeAlias = Callable[[list[StreamEntry]], Awaitable[None]]


class Follower:
    """A reader of a stream that can resume elsewhere, as a failover can remove entries that it has read."""

    def __init__(self, subscriber: Any, handle: Handle) -> None:
        self._subscriber = subscriber
        self._handle = handle
        self._back: str | None = None

    def go_on_from(self, after: str) -> None:
        """Resume after the id `after`, and discard entries that were read from elsewhere."""
        self._back = self._subscriber.last_id = after

    def skip_to(self, after: str) -> None:
        """Resume after the id `after`; only before the first read, or in `handle`, which has read up to it itself."""
        self._subscriber.last_id = after

    async def handle(self, entries: list[StreamEntry]) -> None:
        """Pass entries on, unless they were read before `go_on_from`: the reader then resumes at its id."""
        if self._back is None:
            await self._handle(entries)
        else:
            self._subscriber.last_id, self._back = self._back, None


Follow: TypeAlias = Callable[[str, str, int, Handle], Follower]
"""Follows a stream after an id: hands up to so many entries at a time to the handler."""


def follow(broker: RedisBroker, stream: str, after: str, count: int, handle: Handle) -> Follower:
    """Hand the entries of a stream after the id `after` to `handle`, up to `count` at a time, as they come.

    There is no consumer group: a follower's own checkpoint holds what was handled, and a group would cost the server
    about 200 bytes of append-only file for each event.
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


def name_of(work: Callable[[], Awaitable[object]]) -> str:
    """Return the name of a function, or of the function of a partial."""
    return str(getattr(getattr(work, "func", work), "__qualname__", "?"))


async def repeat(seconds: float, work: Callable[[], Awaitable[object]]) -> None:
    """Repeat `work`, `seconds` apart; a failure is logged, and `work` is retried after a pause."""
    while True:
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - a failed turn is logged and repeated; the service continues
            log.warning("will try again", work=name_of(work), error=f"{type(error).__name__}: {error}")
            await sleep(RETRY_SECONDS)
        await sleep(seconds)


def serve(service: str, settings: Settings, build: Callable[[Settings], Service]) -> None:
    """Run a service until a signal stops it; raises SettingsError where it cannot listen."""
    configure_logging(service, settings.log)
    if service != "ingest":
        os.nice(NICENESS)
    gc.disable()  # until it has started (`_collect`)
    if settings.parent is not None:
        threading.Thread(target=_end_with, args=(settings.parent,), daemon=True).start()
    _allow_connections()
    app = build(settings)
    app.on_startup.append(_collect)
    config = configured(app, timeout_graceful_shutdown=3)
    try:
        sockets = listen(settings.host, settings.port_of(service))
    except ListenError as error:
        raise SettingsError(f"DUBAN_HOST, DUBAN_PORT: {error}") from error
    uvicorn.Server(config).run(sockets)


def _collect() -> None:
    """Collect cycles from now on, but not among what the start made, which stays: that would delay answers."""
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD)
    gc.enable()


def _allow_connections() -> None:
    """Raise the limit of open files as far as allowed: many shells set 1,024, fewer than there can be requests."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))


def _end_with(parent: int) -> None:
    """End this process when its parent is gone, so that a killed `duban up` leaves no services running."""
    while os.getppid() == parent:
        threading.Event().wait(RETRY_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
