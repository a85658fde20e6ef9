"""What happens to real processes. Each returns the component that it has happened to, None where it could not."""

import asyncio
import random
import resource
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress

import psutil
from redis.exceptions import RedisError

from services.common.clock import sleep
from services.common.connection import connect, connected
from services.common.settings import SERVICES
from tests.faults.real.site import ENDED_SECONDS, SERVER, Site
from tests.faults.real.tail import tear

STILL_SECONDS = (0.1, 2.0)
"""How long a process stands still."""

Fault = Callable[[Site, random.Random], Awaitable[str | None]]


async def kill(site: Site, draws: random.Random) -> str | None:
    """SIGKILL a service or the server; the supervisor starts it again."""
    name = draws.choice((*SERVICES, SERVER))
    return name if await _signalled(site.process(name), signal.SIGKILL) else None


async def restart(site: Site, draws: random.Random) -> str | None:
    """SIGTERM a service or the server; the supervisor starts it again."""
    name = draws.choice((*SERVICES, SERVER))
    process = site.process(name)
    if process is None:
        return None
    try:
        return name if await _signalled(process, signal.SIGTERM, site.grace_seconds) else None
    except TimeoutError:
        if not site.first_in_namespace:
            raise
    return name if await _signalled(process, signal.SIGKILL) else None


async def stand_still(site: Site, draws: random.Random) -> str | None:
    """SIGSTOP a service, the server or the supervisor, and SIGCONT a little later."""
    name = draws.choice((*SERVICES, SERVER, "supervisor"))
    process = psutil.Process(site.up.pid) if name == "supervisor" and site.up is not None else site.process(name)
    if process is None:
        return None
    try:
        process.suspend()
        stopped = process.status() == psutil.STATUS_STOPPED
        await sleep(draws.uniform(*STILL_SECONDS))
        process.resume()
    except psutil.NoSuchProcess:
        return None
    return name if stopped else None


async def cut_clients(site: Site, draws: random.Random) -> str | None:
    """Break all connections of publishers or feed clients to a service."""
    name = draws.choice(("ingest", "status"))
    return name if site.proxies[name].cut() else None


async def cut_server(site: Site, _: random.Random) -> str | None:
    """Break all connections to the server, as it does itself with CLIENT KILL."""
    redis = connect(site.url)
    try:
        killed = await redis.execute_command("CLIENT KILL", "TYPE", "normal", "SKIPME", "yes")
    except (RedisError, OSError):
        return None
    finally:
        await redis.aclose()
    return SERVER if killed else None


async def fill_disk(site: Site, _: random.Random) -> str | None:
    """Let no file of the server grow: it ends at the next write, and is started again with room."""
    process = site.process(SERVER)
    if process is None:
        return None
    try:
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
    except ProcessLookupError:
        return None
    return SERVER if await _ended(process) else None


async def tear_tail(site: Site, draws: random.Random) -> str | None:
    """Kill the server in the middle of a write, of which the append-only file has the beginning.

    One that still loads writes nothing: it may not have cut off the last torn write, and no crash leaves two.
    """
    process = site.process(SERVER)
    if process is None or site.up is None or not await _writes(site):
        return None
    supervisor = psutil.Process(site.up.pid)
    supervisor.suspend()  # it would start the server before the file is torn
    try:
        if not await _signalled(process, signal.SIGKILL):
            return None
        return SERVER if await asyncio.to_thread(tear, site.data / "server", draws) else None
    finally:
        supervisor.resume()


async def kill_supervisor(site: Site, _: random.Random) -> str | None:
    """SIGKILL the supervisor and start another at once: what the first one ran is still there."""
    assert site.up is not None
    site.up.kill()
    site.up.wait()
    site.start()
    await site.ready()
    return "supervisor"


async def restart_supervisor(site: Site, _: random.Random) -> str | None:
    """SIGTERM the supervisor, which ends everything, and start it again."""
    await asyncio.to_thread(site.stop)
    site.start()
    await site.ready()
    return "supervisor"


FAULTS: dict[str, tuple[Fault, int]] = {
    "SIGKILL": (kill, 6),
    "SIGTERM": (restart, 3),
    "SIGSTOP": (stand_still, 8),
    "clients-cut": (cut_clients, 8),
    "server-cut": (cut_server, 8),
    "disk-full": (fill_disk, 3),
    "tail-torn": (tear_tail, 3),
    "supervisor-SIGKILL": (kill_supervisor, 1),
    "supervisor-SIGTERM": (restart_supervisor, 1),
}
"""By name, each with how often it comes among the others: those that take long come seldom."""


async def _writes(site: Site) -> bool:
    """Return whether the server has loaded its file."""
    async with connected(site.url) as redis:
        with suppress(RedisError, OSError):
            return bool(await redis.ping())
    return False


async def _signalled(process: psutil.Process | None, number: int, seconds: float = ENDED_SECONDS) -> bool:
    """Send a signal that ends a process, and return whether it has ended of it; raises TimeoutError after `seconds`."""
    if process is None:
        return False
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return False
    return await _ended(process, seconds)


async def _ended(process: psutil.Process, seconds: float = ENDED_SECONDS) -> bool:
    """Wait until a process has ended: gone, or left to be noticed by its supervisor."""
    async with asyncio.timeout(seconds):
        while process.is_running():
            try:
                if process.status() == psutil.STATUS_ZOMBIE:
                    return True
            except psutil.NoSuchProcess:
                return True
            await sleep(0.02)
    return True
