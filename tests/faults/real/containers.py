"""The deployment in containers as compose runs it, whose processes are hit from the host: needs root and Docker."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from typing import Any

import docker  # type: ignore[import-untyped]  # it ships no types
import psutil

from services.common.settings import SERVICES
from tests.faults.real.site import SERVER, TOLD, Site
from tests.integration.proxy import Proxy
from tests.integration.test_compose import BUILD_SECONDS, Stack, compose_command

KINDS = ("SIGKILL", "SIGTERM", "SIGSTOP", "clients-cut", "server-cut", "disk-full")
"""What can happen here: there is no supervisor, and the engine starts a server again before its file could be torn."""


class Containers(Site):
    """A site of which the engine starts again what ends."""

    kinds: Sequence[str] = KINDS

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
        self._password = ""
        self._tokens: dict[str, str] = {}
        self._ids: dict[str, str] = {}

    @property
    def url(self) -> str:
        """The server's URL, for its user `admin`; the host reaches it in the network of the project."""
        networks = self._container(SERVER)["NetworkSettings"]["Networks"]
        (address,) = [network["IPAddress"] for network in networks.values()]
        return f"redis://admin:{self._password}@{address}:6379/0"

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Containers"]:
        """Build the image, start everything, and leave nothing behind when the block ends."""
        async with AsyncExitStack() as stack:
            for proxy in self.proxies.values():
                await stack.enter_async_context(proxy.running())
            try:
                await asyncio.to_thread(self._stack.compose, "build", "ingest", seconds=BUILD_SECONDS)
                await asyncio.to_thread(self._stack.start)
                for name in (*SERVICES, SERVER):
                    self._ids[name] = self._id(name)
                self._password = await asyncio.to_thread(self._secret, "redis/admin/password")
                for source in ("office", "units", "board"):
                    self._tokens[source] = await asyncio.to_thread(self._secret, f"tokens/{source}.token")
                await self.ready()
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
    """Tell whether a container is a service, not one that compose ran for a command."""
    return bool(container.labels.get("com.docker.compose.oneoff", "False") == "False")
