"""Where a service listens: both families of addresses, or the one that there is."""

import asyncio
import errno
import socket
from contextlib import closing
from typing import Any

import httpx
import pytest

from services.common.listening import ListenError, PortTakenError, listen, reachable
from services.common.settings import Settings
from tests.cli.terminal import run
from tests.deployment import Deployment
from tests.ports import free_ports


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


IPV6 = pytest.mark.skipif(not _has_ipv6(), reason="this machine has no IPv6")


@pytest.fixture
def port() -> int:
    return free_ports(3)


def answered(sockets: list[socket.socket], *addresses: str) -> list[str]:
    """Return those of these addresses at which the sockets can be reached."""
    for one in sockets:
        one.listen()
    port, found = sockets[0].getsockname()[1], []
    for address in addresses:
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
            probe.settimeout(2)
            if probe.connect_ex((address, port)) == 0:
                found.append(address)
    for one in sockets:
        one.close()
    return found


@IPV6
@pytest.mark.parametrize(
    ("host", "addresses"),
    [
        ("::", ["127.0.0.1", "127.0.0.2", "::1"]),
        ("localhost", ["127.0.0.1", "::1"]),
        ("127.0.0.1", ["127.0.0.1"]),
        ("::1", ["::1"]),
        ("0.0.0.0", ["127.0.0.1", "127.0.0.2"]),
    ],
)
def test_a_host_is_answered_at_its_addresses(port: int, host: str, addresses: list[str]) -> None:
    """`::` and `localhost` are of both families; another host is used as given."""
    assert answered(listen(host, port), "127.0.0.1", "127.0.0.2", "::1") == addresses


@pytest.mark.parametrize("wrong", [errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL])
@pytest.mark.parametrize("host", ["::", "localhost"])
def test_a_machine_without_ipv6_is_answered_by_ipv4(
    port: int, host: str, wrong: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it has no such sockets or no such addresses; only who asks for IPv6 alone is refused."""

    class WithoutIPv6(socket.socket):
        def bind(self, address: Any) -> None:
            if self.family == socket.AF_INET6:
                raise OSError(wrong, "no IPv6")
            super().bind(address)

    monkeypatch.setattr(socket, "socket", WithoutIPv6)
    sockets = listen(host, port)
    monkeypatch.undo()
    assert answered(sockets, "127.0.0.1") == ["127.0.0.1"]
    monkeypatch.setattr(socket, "socket", WithoutIPv6)
    with pytest.raises(ListenError, match=f"::1 port {port}: no IPv6"):
        listen("::1", port)


@pytest.mark.parametrize("taken", ["127.0.0.1", pytest.param("::1", marks=IPV6)])
def test_a_port_that_is_taken_at_one_address_is_taken(port: int, taken: str) -> None:
    """Else some clients would reach another program; nothing stays bound."""
    with closing(listen(taken, port)[0]) as other:
        other.listen()
        for host in ("localhost", "::"):
            with pytest.raises(PortTakenError, match=f"{host} port {port}: Address already in use"):
                listen(host, port)
    for one in listen("localhost", port):
        one.close()


@pytest.mark.parametrize("host", ["192.0.2.1", "nowhere.invalid", "x y"])
def test_a_host_of_another_machine_is_an_error(port: int, host: str) -> None:
    """The message names the host and the reason."""
    with pytest.raises(ListenError, match=f"cannot listen on {host} port {port}: "):
        listen(host, port)


@pytest.mark.parametrize(
    ("host", "address"),
    [("::", "127.0.0.1"), ("localhost", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::1", "[::1]"), ("h", "h")],
)
def test_where_a_program_of_this_machine_finds_it(host: str, address: str) -> None:
    """In the form that a URL has."""
    assert reachable(host) == address
    assert Settings().host == "localhost"


@pytest.fixture
def deployment(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    return Deployment(tmp_path_factory.mktemp("listening"), server_url)


@IPV6
@pytest.mark.parametrize("host", ["::", "localhost", ""])
async def test_a_service_answers_both_families(redis: Any, deployment: Deployment, host: str) -> None:
    """Status, as a process, with DUBAN_HOST=::, localhost or nothing: the same at 127.0.0.1 and ::1."""
    deployment.environment["DUBAN_HOST"] = host
    async with deployment.running("status"), httpx.AsyncClient() as http:
        for address in ("127.0.0.1", "[::1]"):
            answer = await http.get(f"http://{address}:{deployment.port + 1}/health/live")
            assert (answer.status_code, answer.json()) == (200, {"status": "live"})


async def test_a_service_that_cannot_listen_says_so(redis: Any, deployment: Deployment) -> None:
    """Exit 2, and what is wrong; no traceback."""
    environment = {**deployment.environment, "DUBAN_HOST": "192.0.2.1"}
    done = await asyncio.to_thread(run, "serve", "status", environment=environment)
    assert done.returncode == 2
    assert f"cannot listen on 192.0.2.1 port {deployment.port + 1}" in done.stderr
    assert "Traceback" not in done.stderr
