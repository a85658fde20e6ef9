"""The deployment as it is shipped: the image is built, compose starts it, and the table of 2017 goes through it.

Each run has a project, ports and an image tag of its own and leaves no container, volume or network behind.
"""

import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import Any

import docker  # type: ignore[import-untyped]  # it ships no types
import httpx
import pytest

from services.common.settings import SERVICES
from tests.ports import free_ports
from tests.servers import docker_answers

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "deploy" / "ledgers" / "zhanjiang-2017-key-tasks.txt"
TASKS = 27

BUILD_SECONDS = 1_200.0
"""The image's dependencies come over the network."""

START_SECONDS = 300.0
"""From `up` until every service is healthy, on a busy machine."""


COMMAND_SECONDS = 120.0
"""For one command of duban's, or for a new row to reach the board."""


def run(command: list[str], environment: dict[str, str], seconds: float) -> str:
    """Run a program in the project's root and return what it printed; a failure shows all of it."""
    done = subprocess.run(
        command, check=False, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=seconds
    )
    assert done.returncode == 0, f"{command}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def bare_environment() -> dict[str, str]:
    """Return the environment without what would configure duban or compose otherwise."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("DUBAN_", "COMPOSE_P"))}


def compose_command() -> list[str] | None:
    """Return how compose is called here, or None where there is none."""
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]):
            asked = subprocess.run([*command, "version"], check=False, capture_output=True)
            if asked.returncode == 0:
                return command
    return None


class Stack:
    """One running copy of deploy/compose.yaml."""

    def __init__(self, compose: list[str]) -> None:
        self.project = f"duban-test-{secrets.token_hex(4)}"
        self.port = free_ports(len(SERVICES))
        self.command = [*compose, "-p", self.project, "-f", str(ROOT / "deploy" / "compose.yaml")]
        ports = {f"DUBAN_{service.upper()}_PORT": str(self.port + number) for number, service in enumerate(SERVICES)}
        self.environment = bare_environment() | ports | {"DUBAN_IMAGE": self.project}

    def compose(self, *words: str, seconds: float = START_SECONDS) -> str:
        """Run a compose command and return what it printed."""
        return run([*self.command, *words], self.environment, seconds)

    def start(self) -> None:
        """Start what does not run, and wait until all of it is healthy."""
        try:
            self.compose("up", "-d")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self._logs()}") from error
        end = time.monotonic() + START_SECONDS
        while (states := self._states()) != dict.fromkeys(("redis", *SERVICES), "healthy"):
            assert time.monotonic() < end, f"{states}\n{self._logs()}"
            time.sleep(0.5)

    def token(self, source: str) -> str:
        """Return a source's token, the way an operator reads it."""
        command = ("run", "--rm", "-T", "--no-deps", "--entrypoint", "cat", "init", f"tokens/{source}.token")
        return self.compose(*command).strip()

    @cached_property
    def _board(self) -> str:
        return self.token("board")

    def operator(self, *words: str) -> str:
        """Run a duban command (`init` if none is given) where all secrets are, and return its output."""
        return self.compose("run", "--rm", "-T", "init", *words)

    def duban(self, *words: str, token: str) -> Any:
        """Run a command of this checkout against the stack and return the JSON it printed."""
        place = {"DUBAN_URL": f"http://127.0.0.1:{self.port}", "DUBAN_TOKEN": token}
        command = [sys.executable, "-m", "services.cli", *words, "--json"]
        return json.loads(run(command, bare_environment() | place, COMMAND_SECONDS))

    def tasks(self, count: int) -> list[dict[str, Any]]:
        """Return the board's rows as soon as there are `count`: status follows the log within moments."""
        end = time.monotonic() + COMMAND_SECONDS
        while len(rows := self.duban("status", token=self._board)["items"]) != count:
            assert time.monotonic() < end, f"{len(rows)} tasks"
            time.sleep(0.2)
        return list(rows)

    def close(self) -> None:
        """Leave nothing of this project behind but the builder's cache."""
        try:
            self.compose("down", "-v", "--remove-orphans")
        finally:
            with closing(docker.from_env()) as engine:
                if engine.images.list(self.project):
                    engine.images.remove(self.project, noprune=True)

    def _logs(self) -> str:
        return self.compose("logs", "--no-color", "--tail", "50")

    def _states(self) -> dict[str, str]:
        """Return each running service's health."""
        with closing(docker.from_env()) as engine:
            containers = engine.containers.list(filters={"label": f"com.docker.compose.project={self.project}"})
            return {
                container.labels["com.docker.compose.service"]: container.attrs["State"]
                .get("Health", {})
                .get("Status", container.status)
                for container in containers
            }


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    if not docker_answers():
        pytest.skip("no Docker engine answers: the deployment cannot be started here")
    compose = compose_command()
    if compose is None:
        pytest.skip("neither `docker compose` nor `docker-compose` is installed: the deployment cannot be started here")
    stack = Stack(compose)
    try:
        stack.compose("build", "ingest", seconds=BUILD_SECONDS)
        stack.start()
        yield stack
    finally:
        stack.close()


@pytest.fixture(scope="module")
def imported(stack: Stack) -> dict[str, Any]:
    """Import the table of 2017 with the token that `init` made; return the tally."""
    return import_table(stack)


def import_table(stack: Stack) -> dict[str, Any]:
    words = ("--ledger", "zhanjiang", "--plan", "zj-2017", "--issued", "2017-08-01")
    tally: dict[str, Any] = stack.duban("import", str(TABLE), *words, token=stack.token("office"))
    return tally


def test_a_table_is_imported_once_and_shows_on_the_board(stack: Stack, imported: dict[str, Any]) -> None:
    """Every task is accepted, a second import changes nothing, and deadlines of 2017 to 2020 are past."""
    assert [imported[name] for name in ("accepted", "duplicate", "refused")] == [TASKS, 0, 0]
    again = import_table(stack)
    assert [again[name] for name in ("accepted", "duplicate", "refused")] == [0, TASKS, 0]
    rows = stack.tasks(TASKS)
    assert {row["task"] for row in rows} == {f"zj-2017-{number:02}" for number in range(1, TASKS + 1)}
    assert any(row["light"] == "red" for row in rows)


def test_what_was_acknowledged_outlives_killed_containers(stack: Stack, imported: dict[str, Any]) -> None:
    """Killing everything at once loses no task, and tokens stay good."""
    before = stack.tasks(TASKS)
    token = stack.token("office")
    stack.compose("kill")
    stack.start()
    assert [row["task"] for row in stack.tasks(TASKS)] == [row["task"] for row in before]
    assert stack.token("office") == token
    assert import_table(stack)["duplicate"] == TASKS


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_nobody_special(stack: Stack, service: str) -> None:
    """It is not root, and cannot change its own files or its configuration."""
    attempt = (
        "import os, pathlib\n"
        "assert os.getuid() != 0\n"
        "for place in ('/etc/duban/ledgers', '/usr/local', '/var/lib/duban'):\n"
        "    try: (pathlib.Path(place) / 'x').touch()\n"
        "    except OSError: continue\n"
        "    raise SystemExit(place)\n"
    )
    stack.compose("exec", "-T", service, "python", "-c", attempt)


def test_a_service_sees_no_password_but_its_own(stack: Stack) -> None:
    """Whoever takes over one of them is that user, and no other."""
    for service in SERVICES:
        listing = (
            "import os; print(*[os.path.relpath(os.path.join(place, file), '/var/lib/duban')"
            " for place, _, files in os.walk('/var/lib/duban') for file in files])"
        )
        found = stack.compose("exec", "-T", service, "python", "-c", listing).split()
        own = ("state/", "archive/", "keys/") if service == "ingest" else ("archive/",)
        assert [path for path in found if not path.startswith(own)] == [f"redis/{service}/password"]
        url = f"redis://{service}@redis:6379/0"
        assert url in stack.compose("exec", "-T", service, "printenv")
        others = set(SERVICES) - {service}
        for other in others:
            place = f"/var/lib/duban/redis/{other}/password"
            stack.compose("exec", "-T", service, "python", "-c", f"import os; assert not os.path.exists({place!r})")


def test_who_does_not_say_who_it_is_gets_nothing_from_redis(stack: Stack) -> None:
    """Neither from inside its own container; the health check can only ask whether it answers."""
    assert "NOAUTH" in stack.compose("exec", "-T", "redis", "redis-cli", "dbsize")
    health = ("redis-cli", "--no-auth-warning", "--user", "health", "--pass", "any")
    assert stack.compose("exec", "-T", "redis", *health, "ping").strip() == "PONG"
    assert "NOPERM" in stack.compose("exec", "-T", "redis", *health, "dbsize")


def test_the_audit_team_verifies_as_a_user_that_cannot_write(stack: Stack, imported: dict[str, Any]) -> None:
    """The container that reads the log has a password of its own."""
    words = ("run", "--rm", "-T", "audit", "audit", "verify", "--ledger", "zhanjiang", "--json")
    assert json.loads(stack.compose(*words).splitlines()[-1])["findings"] == []


def test_a_token_is_made_and_revoked_at_both_doors(stack: Stack) -> None:
    """HTTP takes a new one at once and refuses a revoked one at once; Redis does both when `init` has run."""
    token = stack.operator("token", "make", "units", "--note", "报送系统").split()[-1]
    answers = [submit(stack, token)]
    assert publish(stack, token) == "AuthenticationError"
    stack.operator()
    assert publish(stack, token) == "added"
    stack.compose("kill", "redis")
    stack.start()
    assert publish(stack, token) == "added"
    (row,) = [row for row in json.loads(stack.operator("token", "list", "--json")) if row["note"] == "报送系统"]
    stack.operator("token", "revoke", row["id"])
    answers.append(submit(stack, token))
    assert answers == [200, 401]
    stack.operator()
    assert publish(stack, token) == "AuthenticationError"


def submit(stack: Stack, token: str) -> int:
    """Submit nothing over HTTP and return the status."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
    url = f"http://127.0.0.1:{stack.port}/v1/zhanjiang/events"
    return httpx.post(url, content=b"", headers=headers, timeout=COMMAND_SECONDS).status_code


def publish(stack: Stack, token: str) -> str:
    """Add an entry to the inbox of `units` from within the closed network, and return what came of it."""
    attempt = (
        "import redis, sys\n"
        "client = redis.Redis('redis', username='zhanjiang.units', password=sys.argv[1])\n"
        "try: client.xadd('duban:{zhanjiang}:inbox:units', {'e': '{}'})\n"
        "except redis.RedisError as error: print(type(error).__name__)\n"
        "else: print('added')\n"
    )
    return stack.compose("exec", "-T", "ingest", "python", "-c", attempt, token).split()[-1]


def test_only_the_services_are_published(stack: Stack) -> None:
    """Nobody outside reaches Redis."""
    with closing(docker.from_env()) as engine:
        containers = engine.containers.list(filters={"label": f"com.docker.compose.project={stack.project}"})
        published = {
            (container.labels["com.docker.compose.service"], binding["HostIp"], int(binding["HostPort"]))
            for container in containers
            for bindings in container.ports.values()
            for binding in bindings or []
        }
    assert published == {(service, "127.0.0.1", stack.port + number) for number, service in enumerate(SERVICES)}
