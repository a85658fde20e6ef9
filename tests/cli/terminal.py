"""A terminal for the tests: `duban up` on a directory of its own, and commands against it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx

from services.cli.target import LEDGER, token_file
from tests import forked
from tests.forked import Forked
from tests.ports import free_ports

START_SECONDS = 60.0

DUBAN = [sys.executable, "-m", "services.cli"]

CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("DUBAN_")} | {"COLUMNS": "200"}
"""The environment without settings of duban."""


class Terminal:
    """One data directory."""

    def __init__(self, data: Path, environment: Mapping[str, str] | None = None) -> None:
        self.data = data
        self.environment = {**CLEAN, **(environment or {})}
        self.port = free_ports(3)
        self.up: Forked | None = None

    def start(self, *options: str) -> None:
        """Start `duban up` and wait until it can be used."""
        self.launch(*options)
        assert self.up is not None
        end = time.monotonic() + START_SECONDS
        while not self._runs() or self("doctor").returncode:
            if time.monotonic() > end or self.up.poll() is not None:
                raise TimeoutError((self.data.parent / "up.log").read_text(encoding="utf-8"))
            time.sleep(0.2)

    def _runs(self) -> bool:
        """Whether what runs on the directory is what was started last, and not what is left of one that was killed."""
        with contextlib.suppress(OSError, json.JSONDecodeError):
            run = json.loads((self.data / "run.json").read_bytes())
            return self.up is not None and run["pid"] == self.up.pid
        return False

    def launch(self, *options: str) -> None:
        """Start `duban up`, whether or not all will be well."""
        with (self.data.parent / "up.log").open("ab") as log:
            words = ["up", "--data", str(self.data), "--port", str(self.port), *options]
            self.up = Forked(words, self.environment, stdout=log, stderr=log)

    def stop(self) -> int:
        """Press Ctrl-C and return the exit code."""
        assert self.up is not None
        self.up.send_signal(signal.SIGINT)
        return self.up.wait(60)

    @contextlib.contextmanager
    def running(self, *options: str) -> Iterator["Terminal"]:
        """Have `duban up` running until the block ends."""
        try:
            self.start(*options)
            yield self
        finally:
            if self.up is not None and self.up.poll() is None:
                self.stop()

    def token(self, source: str) -> str:
        """Return the token in a source's file."""
        return token_file(self.data, LEDGER, source).read_text(encoding="utf-8").strip()

    def read(self, what: str) -> httpx.Response:
        """Ask status for something of the ledger, as `board`."""
        url = f"http://127.0.0.1:{self.port + 1}/v1/{LEDGER}/{what}"
        return httpx.get(url, headers={"Authorization": f"Bearer {self.token('board')}"})

    def __call__(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command and return how it ended."""
        return run(*words, environment={"DUBAN_DATA": str(self.data), **environment})


def run(*words: str, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a duban command."""
    return forked.run(words, {**CLEAN, **(environment or {})})
