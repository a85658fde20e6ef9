"""A process of a simulation: the asyncio tasks that it starts, which all end when it crashes."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any

_current: ContextVar["SimulatedProcess | None"] = ContextVar("process", default=None)


class SimulatedProcess:
    """One process, from its start to its crash; after that its connections send nothing."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.dead = False
        self.crashed = asyncio.Event()
        self.tasks: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run work as this process; each task that the work starts belongs to the process."""
        token = _current.set(self)
        try:
            return asyncio.get_running_loop().create_task(work)
        finally:
            _current.reset(token)

    async def crash(self) -> None:
        """Crash the process: this call never returns."""
        self.dead = True
        self.crashed.set()
        await asyncio.Event().wait()

    async def end(self) -> None:
        """Cancel all tasks, including tasks that they start during their cancellation."""
        self.dead = True
        while left := [task for task in self.tasks if not task.done()]:
            for task in left:
                task.cancel()
            await asyncio.wait(left, timeout=1)
        for task in self.tasks:
            if not task.cancelled():
                task.exception()  # read, or asyncio warns of an exception never retrieved
        self.tasks.clear()


@asynccontextmanager
async def tracked_tasks() -> AsyncIterator[None]:
    """Record the process of each new task, until the block ends."""
    loop = asyncio.get_running_loop()

    def make(loop: asyncio.AbstractEventLoop, work: Any, **more: Any) -> "asyncio.Task[Any]":
        task = asyncio.Task(work, loop=loop, **more)
        if (process := _current.get()) is not None:
            process.tasks.add(task)
            task.add_done_callback(lambda done: process.tasks.discard(done) if not process.dead else None)
        return task

    before = loop.get_task_factory()
    loop.set_task_factory(make)
    try:
        yield
    finally:
        loop.set_task_factory(before)
