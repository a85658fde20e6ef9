"""The life of a process in a simulation: all tasks that it starts, which end together where it crashes."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any

_living: ContextVar["Life | None"] = ContextVar("living", default=None)


class Life:
    """One process, from its start to its crash; once dead it sends nothing."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.dead = False
        self.crashed = asyncio.Event()
        self.tasks: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run work as this process; every task that it starts is the process's, too."""
        token = _living.set(self)
        try:
            return asyncio.get_running_loop().create_task(work)
        finally:
            _living.reset(token)

    async def crash(self) -> None:
        """End here: returns to nobody."""
        self.dead = True
        self.crashed.set()
        await asyncio.Event().wait()

    async def end(self) -> None:
        """Cancel all tasks, also those that they start while they are cancelled."""
        self.dead = True
        while left := [task for task in self.tasks if not task.done()]:
            for task in left:
                task.cancel()
            await asyncio.wait(left, timeout=1)
        for task in self.tasks:
            if not task.cancelled():
                task.exception()  # has been seen: a process that ends leaves nobody to hear of it
        self.tasks.clear()


@asynccontextmanager
async def lives() -> AsyncIterator[None]:
    """Note of every task which process it belongs to, until the block ends."""
    loop = asyncio.get_running_loop()

    def make(loop: asyncio.AbstractEventLoop, work: Any, **more: Any) -> "asyncio.Task[Any]":
        task = asyncio.Task(work, loop=loop, **more)
        if (life := _living.get()) is not None:
            life.tasks.add(task)
            task.add_done_callback(lambda done: life.tasks.discard(done) if not life.dead else None)
        return task

    before = loop.get_task_factory()
    loop.set_task_factory(make)
    try:
        yield
    finally:
        loop.set_task_factory(before)
