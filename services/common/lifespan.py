"""The lifespan of every service: connect, open each ledger, follow the streams; at the end, stop in reverse order."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any, TypeAlias, TypeVar

import structlog
from faststream.redis import RedisBroker
from litestar import Litestar

from events.ledger import Ledger
from services.common import steady
from services.common.clock import Clock
from services.common.connection import WATCH_SECONDS, Watch, connect, until_reachable
from services.common.ending import CHECK_SECONDS
from services.common.endpoints import Endpoint
from services.common.ledger_clock import ledger_clock
from services.common.runtime import Follower, Handle, follow, make_broker, name_of, repeat
from services.common.settings import Settings

Lifespan: TypeAlias = Callable[[Litestar], AbstractAsyncContextManager[None]]

log = structlog.get_logger()

T = TypeVar("T", bound=Endpoint)
R = TypeVar("R")


class Running:
    """The connection, the broker and the tasks of a running service; the last that was started is stopped first."""

    def __init__(self, redis: Any, broker: RedisBroker, stack: AsyncExitStack) -> None:
        self.redis = redis
        self._broker = broker
        self._stack = stack

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine as a task; at the end it is cancelled."""
        self._stack.push_async_callback(_cancel, asyncio.create_task(work))

    def repeat(self, seconds: float, work: Callable[[], Awaitable[object]]) -> None:
        """Repeat `work` until the end, `seconds` apart."""
        self.start(repeat(seconds, work))

    def follow(self, stream: str, after: str, count: int, handle: Handle) -> Follower:
        """Hand the entries of a stream to `handle` until the end; none is read before every ledger is open."""
        return follow(self._broker, stream, after, count, handle)

    def on_stop(self, work: Callable[[], Awaitable[object]]) -> None:
        """Do `work` at the end, after everything that is started from now on has stopped; a failure is logged."""
        self._stack.push_async_callback(_finish, work)

    async def enter(self, resource: AbstractAsyncContextManager[R]) -> R:
        """Enter a context that is left at the end."""
        return await self._stack.enter_async_context(resource)


def lifespan(
    settings: Settings,
    ledgers: Mapping[str, Ledger],
    endpoints: dict[str, T],
    open_ledger: Callable[[Running, str, Ledger, Clock], Awaitable[T]],
    *,
    records: bool = False,
) -> Lifespan:
    """Return the lifespan of a service that opens each ledger with `open_ledger` and keeps it among its `endpoints`.

    A service that `records` by the ledger's clock also keeps the clock's readings (services/common/steady.py).
    """
    look = steady.keep if records else steady.look

    @asynccontextmanager
    async def running(app: Litestar) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            redis = connect(settings.redis_url)
            stack.push_async_callback(redis.aclose)
            broker = make_broker(settings.redis_url)
            await until_reachable(redis)
            service = Running(redis, broker, stack)
            for name, ledger in ledgers.items():
                clock = await ledger_clock(redis, name, settings.clock_of(name), records=records)
                endpoints[name] = await open_ledger(service, name, ledger, clock)
                service.repeat(steady.LOOK_SECONDS, partial(look, redis, name, clock))
            await broker.start()
            service.on_stop(broker.stop)
            service.repeat(CHECK_SECONDS, app.state.watch.check)
            service.repeat(CHECK_SECONDS, app.state.remembered.review)
            service.repeat(WATCH_SECONDS, Watch(settings.redis_url, redis, await broker.connect()).look)
            yield

    return running


async def _finish(work: Callable[[], Awaitable[object]]) -> None:
    try:
        await work()
    except Exception as error:  # noqa: BLE001 - logged; what follows must be stopped as well
        log.warning("not finished at the end", work=name_of(work), error=f"{type(error).__name__}: {error}")


async def _cancel(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
