"""`duban` in processes that are forked from one with the libraries loaded: loading them takes most of a second.

Each is a process of its own, with its arguments, environment, directory, standard streams and exit code, and imports
`services.cli` itself, which has the consoles. What is loaded before reads no environment.
"""

import atexit
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib import import_module
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import IO, Any

LOADED = [
    "services.schedule.planning",
    "services.ingest.app",
    "services.status.app",
    "services.status.export.register",
    "services.status.export.xlsx_file",
    "services.notify.app",
    "typer",
]
"""Modules that are loaded once, with all that they import."""

PATIENCE = 300.0
"""Seconds that a command may take on a busy machine."""

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(LOADED)


class Forked:
    """A running `duban`; the methods are those of `subprocess.Popen`."""

    def __init__(
        self,
        words: Sequence[str],
        environment: Mapping[str, str],
        stdin: IO[Any] | None = None,
        stdout: IO[Any] | None = None,
        stderr: IO[Any] | None = None,
    ) -> None:
        given = (stdin, stdout, stderr)
        streams = [number if stream is None else stream.fileno() for number, stream in enumerate(given)]
        self._process = _context.Process(target=_Command(words, environment, streams), daemon=True)
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid

    @property
    def returncode(self) -> int | None:
        """How it ended; the negative number of a signal."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """Return how it ended, None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended, and return how; raise subprocess.TimeoutExpired."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("duban", timeout or 0)
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """Send a signal to it, if it runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it with SIGKILL."""
        self.send_signal(signal.SIGKILL)


def run(words: Sequence[str], environment: Mapping[str, str], stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command to its end; raise subprocess.TimeoutExpired."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(stdin.encode())
        given.seek(0)
        process = Forked(words, environment, given, out, err)
        try:
            code = process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        return subprocess.CompletedProcess(words, code, *(_text(printed) for printed in (out, err)))


def _text(printed: IO[bytes]) -> str:
    printed.seek(0)
    return printed.read().decode()


class _Command:
    """What a new process does: it becomes the command, as one that a shell started."""

    def __init__(self, words: Sequence[str], environment: Mapping[str, str], streams: Sequence[int]) -> None:
        self._words = list(words)
        self._environment = dict(environment)
        self._directory = Path.cwd()
        self._streams: list[Any] = list(streams)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_streams": [DupFd(stream) for stream in self._streams]}

    def __call__(self) -> None:
        for number, stream in enumerate([stream.detach() for stream in self._streams]):
            os.dup2(stream, number)
            os.close(stream)
        encoding = self._environment.get("PYTHONIOENCODING")
        sys.stdin = os.fdopen(0, encoding=encoding, closefd=False)
        sys.stdout = os.fdopen(1, "w", encoding=encoding, closefd=False)
        sys.stderr = os.fdopen(2, "w", encoding=encoding, buffering=1, errors="backslashreplace", closefd=False)
        os.environ.clear()
        os.environ.update(self._environment)
        if "DUBAN_PARENT" in self._environment:  # the process that forks ends with the tests
            os.environ["DUBAN_PARENT"] = str(os.getppid())
        os.chdir(self._directory)
        sys.argv = ["duban", *self._words]
        multiprocessing.current_process()._config["daemon"] = False  # type: ignore[attr-defined]  # it may have children
        try:
            import_module("services.cli").run()
        finally:
            atexit._run_exitfuncs()
