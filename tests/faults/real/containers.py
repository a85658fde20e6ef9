"""The deployment in containers as compose runs it, whose processes are hit from the host: needs root and Docker."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from typing import Any

import docker  # type: ignore[import-untyped]  # it ships no types
import psutil

from services.common.clock import sleep
from services.common.settings import SERVICES
from tests.faults.real.site import SERVER, TOLD, Site
from tests.integration.proxy import Proxy
from tests.integration.test_compose import BUILD_SECONDS, Stack, compose_command

KINDS = ("SIGKILL", "SIGTERM", "SIGSTOP", "clients-cut", "server-cut", "disk-full")
"""What can happen here: there is no supervisor, and the engine starts a server again before its file could be torn."""


LOOK_SECONDS = 0.5
"""Between two looks at the containers."""


class Containers(Site):
    """A site of which the engine starts again what ends.

    The engine doubles its pause before a restart, up to a minute, while a container runs for less than ten seconds;
    faults come faster than that, so the host starts such a container itself.
    """

    kinds: Sequence[str] = KINDS
    first_in_namespace = True
    grace_seconds = 10.0  # as `docker stop`

    def __init__(self) -> None:
        command = compose_command()
        if command is None:
            raise RuntimeError(
                "containers need Docker with Compose; neither `docker compose` nor docker-compose is here"
            )
        self._stack = Stack(command)
        self.port = self._stack.port
        self.proxies = {name: Proxy(("127.0.0.1", self.port + number)) for number, name in enumerate(SERVICES)}
        self.up = None
        self._server = Proxy(("127.0.0.1", 6379))
        self._password = ""
        self._tokens: dict[str, str] = {}
        self._ids: dict[str, str] = {}

    @property
    def url(self) -> str:
        """The server's URL, for its user `admin`."""
        return f"redis://admin:{self._password}@127.0.0.1:{self._server.port}/0"

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Containers"]:
        """Build the image, start everything, and leave nothing behind when the block ends."""
        async with AsyncExitStack() as stack:
            for proxy in (*self.proxies.values(), self._server):
                await stack.enter_async_context(proxy.running())
            try:
                await asyncio.to_thread(self._stack.compose, "build", "ingest", seconds=BUILD_SECONDS)
                await asyncio.to_thread(self._stack.start)
                for name in (*SERVICES, SERVER):
                    self._ids[name] = self._id(name)
                self._password = await asyncio.to_thread(self._secret, "redis/admin/password")
                for source in ("office", "units", "board"):
                    self._tokens[source] = await asyncio.to_thread(self._secret, f"tokens/{source}.token")
                self._follow(await asyncio.to_thread(self._address))
                await self.ready()
                watching = asyncio.create_task(self._watch())
                stack.push_async_callback(_end, watching)
                yield self
            finally:
                await asyncio.to_thread(self._stack.close)

    def process(self, name: str) -> psutil.Process | None:
        """Return the living process of a container, None while it is away, and of what is not there."""
        if name not in self._ids:
            return None
        number = self._container(name)["State"]["Pid"]
        try:
            return psutil.Process(number) if number else None
        except psutil.NoSuchProcess:
            return None

    def told(self) -> str:
        """Return the end of what the containers printed."""
        return self._stack.compose("logs", "--no-color", "--tail", "20")[-TOLD:]

    def faults_told(self) -> list[str]:
        """Return what services logged as faults of their own."""
        logged = self._stack.compose("logs", "--no-color")
        return [line[:TOLD] for line in logged.splitlines() if '"event": "fault"' in line or '"event":"fault"' in line]

    def token(self, source: str) -> str:
        return self._tokens[source]

    def command(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run a duban command in the container of the audit team."""
        command = [*self._stack.command, "run", "--rm", "-T", "audit", *words]
        return subprocess.run(
            command, env=self._stack.environment, capture_output=True, text=True, timeout=300, check=False
        )

    async def _watch(self) -> None:
        """Start each container whose restart the engine puts off, and follow the server's address, until cancelled."""
        while True:
            await asyncio.to_thread(self._restart_waiting)
            self._follow(await asyncio.to_thread(self._address))
            await sleep(LOOK_SECONDS)

    def _follow(self, address: str) -> None:
        if address and self._server.target[0] != address:
            self._server.move((address, 6379))

    def _address(self) -> str:
        """Return the server's address in the project's network, which a restart may change; empty while it is away."""
        (network,) = self._container(SERVER)["NetworkSettings"]["Networks"].values()
        return str(network["IPAddress"])

    def _restart_waiting(self) -> None:
        with closing(docker.from_env()) as engine:
            for id in self._ids.values():
                container = engine.containers.get(id)
                if container.status == "restarting":
                    with suppress(docker.errors.APIError):  # the engine has just started it
                        container.restart(timeout=0)

    def _check_living(self) -> None:
        """Nothing here ends for good: the engine starts every container again."""

    def _secret(self, path: str) -> str:
        return self._stack.compose("run", "--rm", "-T", "--no-deps", "--entrypoint", "cat", "init", path).strip()

    def _container(self, name: str) -> Any:
        """Return what the engine knows of a container."""
        with closing(docker.from_env()) as engine:
            return engine.containers.get(self._ids[name]).attrs

    def _id(self, name: str) -> str:
        """Return the id of a container, which stays the same over its restarts."""
        service = "redis" if name == SERVER else name
        labels = [f"com.docker.compose.project={self._stack.project}", f"com.docker.compose.service={service}"]
        with closing(docker.from_env()) as engine:
            (container,) = [one for one in engine.containers.list(filters={"label": labels}) if _lasting(one)]
        return str(container.id)


def _lasting(container: Any) -> bool:
    """Return whether a container is a service, not one that compose ran for a command."""
    return bool(container.labels.get("com.docker.compose.oneoff", "False") == "False")


async def _end(work: "asyncio.Task[None]") -> None:
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
