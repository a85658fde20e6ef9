"""A deployment as `duban up` runs it, on a directory of its own: its processes, and the addresses that can be cut."""

import asyncio
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
import psutil

from services.common.clock import sleep
from services.common.settings import SERVICES
from tests.cli.terminal import CLEAN, run
from tests.deployment import LEDGER, answers
from tests.integration.proxy import Proxy
from tests.ports import free_ports

READY_SECONDS = 90.0
"""How long everything may take to be ready after a fault, on a machine that does much else."""

ENDED_SECONDS = 60.0
"""How long a process may take to end after a signal."""

TOLD = 1_500
"""Characters of a log that go into a finding."""

SERVER = "server"


class Site:
    """The supervisor and what it keeps running; who speaks to a service does so through a proxy.

    `kinds` are the faults that can happen to it, all if it is empty. The kernel keeps SIGTERM from a process that is
    the first in its namespace for as long as it has no handler; such a process is killed after `grace_seconds`.
    """

    kinds: Sequence[str] = ()
    first_in_namespace = False
    grace_seconds = ENDED_SECONDS

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port = free_ports(len(SERVICES))
        self.proxies = {name: Proxy(("127.0.0.1", self.port + number)) for number, name in enumerate(SERVICES)}
        self.up: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The server's URL, which stays the same over its restarts."""
        return f"redis://127.0.0.1:{(self.data / 'server' / 'port').read_text(encoding='utf-8')}/0"

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Site"]:
        """Run it until the block ends."""
        async with AsyncExitStack() as stack:
            for proxy in self.proxies.values():
                await stack.enter_async_context(proxy.running())
            try:
                self.start()
                await self.ready()
                yield self
            finally:
                await asyncio.to_thread(self.stop)

    def start(self) -> None:
        """Start the supervisor; `ready` waits until all services accept requests."""
        with (self.data.parent / "up.log").open("ab") as log:
            command = [sys.executable, "-m", "services.cli", "up", "--data", str(self.data), "--port", str(self.port)]
            self.up = subprocess.Popen(command, env=CLEAN, stdout=log, stderr=log)

    def stop(self) -> None:
        """End it as Ctrl-C does, and what it may have left."""
        if self.up is not None:
            self.up.terminate()
            self.up.wait(60)

    def process(self, name: str) -> psutil.Process | None:
        """Return the living process of a service or the server, None while it is away."""
        assert self.up is not None
        try:
            for child in psutil.Process(self.up.pid).children():
                words = child.cmdline()
                if words[-2:] == ["serve", name] or (name == SERVER and words and "valkey" in Path(words[0]).name):
                    return child
        except psutil.Error:
            return None
        return None

    async def ready(self) -> None:
        """Wait until every service is ready; raise TimeoutError."""
        try:
            async with asyncio.timeout(READY_SECONDS), httpx.AsyncClient(timeout=10) as http:
                for number in range(len(SERVICES)):
                    while not await answers(http, f"http://127.0.0.1:{self.port + number}/health/ready"):
                        self._check_living()
                        await sleep(0.1)
        except TimeoutError as error:
            raise TimeoutError(str(error) or f"not ready after {READY_SECONDS:g} seconds: {self.told()}") from None

    def faults_told(self) -> list[str]:
        """Return what services logged as faults of their own, each with the end of its traceback."""
        text = (self.data.parent / "up.log").read_text(encoding="utf-8", errors="replace")
        found = re.split(r"^(?=\d{4}-\d\d-\d\dT)", text, flags=re.MULTILINE)
        return [one[:200] + " … " + one[-TOLD:] for one in found if re.search(r"\[error +\] fault\b", one)]

    def _check_living(self) -> None:
        if self.up is not None and self.up.poll() is not None:
            raise TimeoutError(f"duban up ended with {self.up.returncode}: {self.told()}")

    def told(self) -> str:
        """Return the end of what the supervisor and its services printed."""
        return (self.data.parent / "up.log").read_text(encoding="utf-8", errors="replace")[-TOLD:]

    def address(self, service: str, what: str) -> str:
        """Return the URL of something of the ledger, through a proxy."""
        return f"http://127.0.0.1:{self.proxies[service].port}/v1/{LEDGER}/{what}"

    def token(self, source: str) -> str:
        return (self.data / "tokens" / f"{source}.token").read_text(encoding="utf-8").strip()

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a duban command against it."""
        return run(*words, "--data", str(self.data))
