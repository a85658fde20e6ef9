"""Runs an embedded server and the three services in one terminal, and restarts any that ends."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx
import structlog

from services.cli.embedded import EmbeddedServer
from services.cli.lock import locked
from services.cli.options import witnesses_of
from services.cli.restarts import Restarts
from services.cli.sealed_places import sealed_places
from services.cli.target import Run, prepare, remove_run, write_run
from services.cli.users import ensure_tokens
from services.common.clock import kind_of, monotonic, sleep
from services.common.connection import connected
from services.common.ledger_clock import check_clock, ledger_clock, start_clock
from services.common.listening import LOCALHOST, ListenError, PortTakenError, listen, reachable
from services.common.sessions import installation
from services.common.settings import SERVICES, SettingsError, load_ledgers

WATCH_SECONDS = 0.5
"""Seconds between two checks of the processes."""

GRACE_SECONDS = 8.0
"""Seconds for a service to end after SIGTERM."""

PORTS_SECONDS = 15.0
"""Seconds for the services of a killed supervisor to end and free their ports."""

log = structlog.get_logger()


class Supervisor:
    """The processes of one `duban up` on a data directory; services log to the terminal, or to files in `logs`."""

    def __init__(
        self,
        data: Path,
        port: int,
        clock: str | None = None,
        *,
        redis_url: str | None = None,
        logs: Path | None = None,
    ) -> None:
        self.data = data
        self.port = port
        self.redis_url = redis_url
        self._clock = clock
        self._host = os.environ.get("DUBAN_HOST") or LOCALHOST
        self._logs = logs
        self._server: EmbeddedServer | None = None
        self._restarts = Restarts(f"; its log is {logs or 'above'}")
        self._watching: asyncio.Task[None] | None = None
        self._children: dict[str, asyncio.subprocess.Process] = {}
        self._stopping = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Supervisor"]:
        """Run all processes until the block ends; they are ready when it begins.

        Ctrl-C or SIGTERM, while they start or in the block, end them and raise KeyboardInterrupt.
        """
        with _interrupted_by_signals(), locked(self.data):
            self.data.chmod(0o700)  # tokens, secrets of channels and the whole log are here
            prepare(self.data)
            await self._until_ports_free()
            async with self._started():
                yield self

    @asynccontextmanager
    async def _started(self) -> AsyncIterator[None]:
        try:
            if self.redis_url is None:
                self._server = EmbeddedServer(self.data / "server")
                await _start_in_thread(self._server.open)
                self.redis_url = self._server.url
            await self._prepare_ledgers()
            for service in SERVICES:
                await self._start(service)
            run = Run(self.redis_url, self.port, os.getpid(), self._clock, self._host)
            write_run(self.data, run)
            await self._until_ready()
            self._watching = asyncio.create_task(self._watch())
            yield
        finally:
            self._stopping = True
            if self._watching is not None:
                self._watching.cancel()
                await asyncio.gather(self._watching, return_exceptions=True)
            await self._stop()

    async def until_stopped(self) -> None:
        """Wait for Ctrl-C or SIGTERM; raises SupervisionError if a process keeps ending."""
        assert self._watching is not None
        with contextlib.suppress(asyncio.CancelledError):
            await self._watching

    async def _until_ports_free(self) -> None:
        """Wait for the ports of a killed supervisor's services; raises SettingsError if another program has one."""
        end = monotonic() + (PORTS_SECONDS if (self.data / "run.json").exists() else 0)
        while True:
            try:
                self._check_ports()
            except SettingsError:
                if monotonic() >= end:
                    raise
                await sleep(WATCH_SECONDS)
            else:
                return

    def _check_ports(self) -> None:
        """Raise SettingsError for a taken port: commands would reach another deployment."""
        for number in range(len(SERVICES)):
            try:
                sockets = listen(self._host, self.port + number)
            except PortTakenError as error:
                raise SettingsError(f"port {self.port + number} is taken; choose others with --port") from error
            except ListenError as error:
                raise SettingsError(f"DUBAN_HOST: {error}") from error
            for one in sockets:
                one.close()

    async def _prepare_ledgers(self) -> None:
        """Start the ledgers' clocks and give every source a token."""
        async with connected(self.redis_url or "") as client:
            await installation(client)  # the services may not all make it
            ledgers = load_ledgers(self.data / "ledgers")
            for name in ledgers:  # all ledgers, before anything is written
                await check_clock(client, name, self._clock)
            for name, ledger in ledgers.items():
                if self._clock is not None and kind_of(self._clock) == "scaled":
                    await start_clock(client, name, self._clock)
                now = (await ledger_clock(client, name, self._clock)).now()
                for notice in await ensure_tokens(client, self.data, name, ledger, now):
                    log.warning(notice)

    async def _start(self, service: str) -> None:
        archive, keys = sealed_places(self.data)
        environment = os.environ | {
            "DUBAN_REDIS_URL": self.redis_url or "",
            "DUBAN_LEDGERS": str(self.data / "ledgers"),
            "DUBAN_PORT": str(self.port),
            "DUBAN_LOG": os.environ.get("DUBAN_LOG", "console"),
            "DUBAN_PARENT": str(os.getpid()),
            "DUBAN_STATE": os.environ.get("DUBAN_STATE") or str(self.data / "state"),
            "DUBAN_ARCHIVE": str(archive),
            "DUBAN_KEYS": str(keys),
        }
        if (policy := witnesses_of(self.data)) is not None:
            environment["DUBAN_POLICY"] = str(policy)
        environment.pop("DUBAN_CLOCK", None)
        if self._clock is not None:
            environment["DUBAN_CLOCK"] = self._clock
        environment.pop("DUBAN_REDIS_PASSWORD_FILE", None)  # the URL contains it already
        command = [sys.executable, "-m", "services.cli", "serve", service]
        with contextlib.ExitStack() as files:
            log_file = None
            if self._logs is not None:
                self._logs.mkdir(parents=True, exist_ok=True)
                log_file = files.enter_context((self._logs / f"{service}.log").open("ab"))
            self._children[service] = await asyncio.create_subprocess_exec(
                *command, env=environment, start_new_session=True, stdout=log_file, stderr=log_file
            )

    async def _until_ready(self) -> None:
        async with httpx.AsyncClient() as client:
            for service in SERVICES:
                while True:
                    code = self._children[service].returncode
                    if code is not None:
                        raise SettingsError(f"{service} ended with {code}; its log is {self._logs or 'above'}")
                    answer = await self._health(client, service, "ready")
                    if answer is not None:
                        if answer.status_code == httpx.codes.OK:
                            break
                        if answer.json().get("needs") == "operator":  # doctor needs running services
                            log.error("not ready", service=service, reason=answer.json()["detail"])
                            break
                    await sleep(0.05)

    async def _health(self, client: httpx.AsyncClient, service: str, probe: str) -> httpx.Response | None:
        """Return a service's answer, None while it gives none."""
        with contextlib.suppress(httpx.HTTPError):
            number = SERVICES.index(service)
            return await client.get(f"http://{reachable(self._host)}:{self.port + number}/health/{probe}")
        return None

    async def _watch(self) -> None:
        """Restart each process that ends; raises SupervisionError for one that keeps ending."""
        async with httpx.AsyncClient() as client:
            while not self._stopping:
                await sleep(WATCH_SECONDS)
                if self._server is not None and not self._server.alive and self._restarts.due("server", monotonic()):
                    await self._restart_server(self._server)
                for service, child in list(self._children.items()):
                    if child.returncode is None:
                        if self._restarts.counts(service) and await self._health(client, service, "live"):
                            self._restarts.answered(service)
                    elif not self._stopping and self._restarts.due(service, monotonic()):
                        log.warning("restarting", service=service, ended_with=child.returncode)
                        await self._start(service)

    async def _restart_server(self, server: EmbeddedServer) -> None:
        log.warning("restarting", service="server")
        try:
            await _start_in_thread(server.start)
        except OSError as error:
            log.warning("the server cannot be started yet", error=str(error))
        else:
            self._restarts.answered("server")

    async def _stop(self) -> None:
        for child in self._children.values():
            if child.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    child.send_signal(signal.SIGTERM)
        for child in self._children.values():
            try:
                await asyncio.wait_for(child.wait(), GRACE_SECONDS)
            except TimeoutError:
                child.kill()
                await child.wait()
        if self._server is not None:
            await asyncio.to_thread(self._server.stop)
        remove_run(self.data)


async def _start_in_thread(start: Callable[[], None]) -> None:
    """Start a server in a thread; if cancelled, wait until it has started, so that it can be stopped."""
    starting = asyncio.create_task(asyncio.to_thread(start))
    try:
        await asyncio.shield(starting)
    except asyncio.CancelledError:
        await asyncio.wait([starting])
        raise


@contextmanager
def _interrupted_by_signals() -> Iterator[None]:
    """Cancel the task at the first Ctrl-C or SIGTERM; further ones change nothing, so that all it started is ended."""
    loop, task, signalled = asyncio.get_running_loop(), asyncio.current_task(), asyncio.Event()
    assert task is not None

    def interrupt() -> None:
        if not signalled.is_set():
            signalled.set()
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupt)
    try:
        yield
    except asyncio.CancelledError:
        if signalled.is_set():
            raise KeyboardInterrupt from None
        raise
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
