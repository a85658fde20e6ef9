"""A deployment: the three services in their own processes, on a test server; each can be killed and restarted."""

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import httpx

from services.common import tokens
from services.common.clock import sleep
from services.common.connection import connect
from services.common.settings import SERVICES, shipped
from tests.cli.terminal import DUBAN, run
from tests.forked import Forked
from tests.ports import free_ports

LEDGER = "zhanjiang"

READY_SECONDS = 180.0
"""Limit for the start of a service on a loaded machine."""


class Addressed(Protocol):
    """Services with addresses, in whichever process they run."""

    @property
    def url(self) -> str:
        """The server's URL."""
        ...

    def address(self, service: str, what: str) -> str:
        """Return the URL of a resource of the ledger."""
        ...

    def token(self, source: str) -> str:
        """Return the token of a source."""
        ...


class Deployment:
    """One deployment of the three services on a server that exists already.

    `measured` services load their modules themselves, as in production; others are forked, which is faster.
    """

    def __init__(
        self, directory: Path, url: str, *, clock: str | None = None, channels: str = "", measured: bool = False
    ) -> None:
        self.url = url
        self.measured = measured
        self.port = free_ports(len(SERVICES))
        self.urls: dict[str, str] = {}
        """The server's URL by service, if it differs from `url`."""
        self.tokens: dict[str, str] = {}
        self.ledgers = directory / "ledgers"
        self.logs = directory / "logs"
        self._processes: dict[str, Forked | subprocess.Popen[bytes]] = {}
        self.ledgers.mkdir()
        self.logs.mkdir()
        text = shipped(f"{LEDGER}.toml").read_text(encoding="utf-8")
        (self.ledgers / f"{LEDGER}.toml").write_text(text + channels, encoding="utf-8")
        self.environment = {
            "DUBAN_REDIS_URL": url,
            "DUBAN_LEDGERS": str(self.ledgers),
            "DUBAN_PORT": str(self.port),
            "DUBAN_PARENT": str(os.getpid()),
        }
        if clock is not None:
            self.environment["DUBAN_CLOCK"] = clock

    @asynccontextmanager
    async def running(self, *services: str) -> AsyncIterator["Deployment"]:
        """Run these services (all, if none is named) until the block ends."""
        redis = connect(self.url)
        try:
            for source in ("office", "units", "audit", "board"):
                self.tokens[source] = await tokens.issue(redis, LEDGER, source)
        finally:
            await redis.aclose()
        try:
            for service in services or SERVICES:
                self.start(service)
            for service in services or SERVICES:
                await self.ready(service)
            yield self
        finally:
            self.end()

    def end(self) -> None:
        """Stop every service that runs."""
        for service in list(self._processes):
            self.stop(service)

    def start(self, service: str) -> None:
        """Start a service's process; `ready` waits until it accepts requests."""
        with (self.logs / f"{service}.log").open("ab") as log:
            environment = os.environ | self.environment | {"DUBAN_REDIS_URL": self.urls.get(service, self.url)}
            words = ["serve", service]
            self._processes[service] = (
                subprocess.Popen([*DUBAN, *words], env=environment, stdout=log, stderr=log)
                if self.measured
                else Forked(words, environment, stdout=log, stderr=log)
            )

    def kill(self, service: str) -> None:
        """End a service with SIGKILL."""
        process = self._processes.pop(service)
        process.kill()
        process.wait()

    def stop(self, service: str) -> None:
        """End a service with SIGTERM, as a supervisor does; SIGKILL after 20 s."""
        process = self._processes.pop(service)
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def pid(self, service: str) -> int:
        return self._processes[service].pid

    async def ready(self, service: str) -> None:
        """Wait until a service is ready, restarting it if it exits, as supervisors do; raise TimeoutError."""
        async with httpx.AsyncClient() as http:
            try:
                async with asyncio.timeout(READY_SECONDS):
                    while not await answers(http, f"{self.base(service)}/health/ready"):
                        if (
                            self._processes[service].poll() is not None
                        ):  # the server closed the connection during the start
                            self.start(service)
                        await sleep(0.05)
            except TimeoutError:
                log = (self.logs / f"{service}.log").read_text(encoding="utf-8")
                raise TimeoutError(f"{service} is not ready:\n{log[-3_000:]}") from None

    def base(self, service: str) -> str:
        """Return a service's address."""
        return f"http://127.0.0.1:{self.port + SERVICES.index(service)}"

    def address(self, service: str, what: str) -> str:
        """Return the URL of a resource of the ledger."""
        return f"{self.base(service)}/v1/{LEDGER}/{what}"

    def token(self, source: str) -> str:
        return self.tokens[source]

    def headers(self, source: str, form: str = "application/x-ndjson") -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self.tokens[source]}", "Content-Type": form}

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a duban command against this deployment."""
        token = self.tokens["office"]
        place = {"DUBAN_URL": self.base("ingest"), "DUBAN_TOKEN": token}
        return run(*words, environment={**self.environment, **place})


def bearer(token: str) -> dict[str, str]:
    """Return the header of a request with a token."""
    return {"Authorization": f"Bearer {token}"}


def reading(deployment: Addressed, timeout: float = 30, **options: Any) -> httpx.AsyncClient:
    """Return a client that reads as `board`."""
    return httpx.AsyncClient(headers=bearer(deployment.token("board")), timeout=timeout, **options)


async def answers(http: httpx.AsyncClient, url: str) -> bool:
    """Return whether a URL is answered with success."""
    try:
        return (await http.get(url)).is_success
    except httpx.TransportError:
        return False
