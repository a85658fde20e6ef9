"""The sockets that a service listens on, of IPv4 and IPv6 where its host names both."""

import errno
import socket
from ipaddress import ip_address
from typing import Any

import structlog

LOCALHOST = "localhost"

_FAMILIES = {
    LOCALHOST: ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")),
    "::": ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")),  # noqa: S104 - an operator sets this host to listen on all addresses
}
"""Hosts of two families, each with a socket of its own: a client's IPv4 address is then one, on every system."""

_NO_FAMILY = {errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, errno.EPROTONOSUPPORT}
"""Of a machine without IPv6, or with an IPv6 that is switched off."""

log = structlog.get_logger()


class ListenError(Exception):
    """A service cannot listen at its address; the message has the address and the reason."""


class PortTakenError(ListenError):
    """Another program listens there."""


def listen(host: str, port: int) -> list[socket.socket]:
    """Return bound sockets for a host and port; of both families, one that the machine lacks is left out and logged.

    Raises ListenError where none is left, where the port is taken, or where the host is no address of this machine.
    """
    bound: list[socket.socket] = []
    lacking: list[str] = []
    try:
        for family, address in _addresses(host):
            try:
                bound.append(_bound(family, address, port))
            except OSError as error:
                if error.errno not in _NO_FAMILY or host not in _FAMILIES:
                    raise
                lacking.append(f"{address}: {error.strerror}")
    except OSError as error:
        for one in bound:
            one.close()
        kind = PortTakenError if error.errno == errno.EADDRINUSE else ListenError
        raise kind(f"cannot listen on {host} port {port}: {error.strerror or error}") from error
    if not bound:
        raise ListenError(f"cannot listen on {host} port {port}: {'; '.join(lacking)}")
    if lacking:
        log.warning("listening on one family of addresses only", host=host, port=port, lacking=lacking)
    return bound


def is_loopback(host: str) -> bool:
    """Return whether only programs of this machine can reach what listens on a host."""
    try:
        return host == LOCALHOST or ip_address(host).is_loopback
    except ValueError:  # a name, whatever it means
        return False


def reachable(host: str) -> str:
    """Return the address, as a URL has it, at which a program of this machine finds what listens on a host."""
    if host in {*_FAMILIES, "0.0.0.0"}:  # noqa: S104 - compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _addresses(host: str) -> list[tuple[int, Any]]:
    if host in _FAMILIES:
        return list(_FAMILIES[host])
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return list(dict.fromkeys((int(family), str(address[0])) for family, _, _, _, address in found))


def _bound(family: int, address: str, port: int) -> socket.socket:
    one = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # asyncio sets TCP_NODELAY by the protocol
    try:
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port of connections that end is free
        one.bind((address, port))
    except OSError:
        one.close()
        raise
    return one
