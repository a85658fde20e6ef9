"""Networks, and the client address of a request that passed through trusted proxies in them."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import NamedTuple, TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address

SITE_BITS = 64
"""Bits of an IPv6 address that name a site: its host may take any address behind them (RFC 4291, 2.5.1)."""


class Networks:
    """Networks by CIDR; an IPv4 address is also found in its form for IPv6 sockets (::ffff:192.0.2.1)."""

    def __init__(self, text: str = "") -> None:
        """Read networks that are separated by commas; raises ValueError for text that is none, with examples."""
        self._networks: list[IPv4Network | IPv6Network] = [_network(part.strip()) for part in text.split(",") if text]

    def __contains__(self, address: Address | None) -> bool:
        return address is not None and any(address in network for network in self._networks)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Networks) and self._networks == other._networks

    def __hash__(self) -> int:
        return hash(tuple(self._networks))


class ClientOrigin(NamedTuple):
    """The client address of a request, and the scheme that the client used where a proxy states it."""

    address: str
    scheme: str | None = None


def read_address(text: str) -> Address | None:
    """Return an address, without its port and brackets; None where the text is none."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def origin(peer: str, headers: Iterable[tuple[bytes, bytes]], trusted: Networks) -> ClientOrigin:
    """Return the origin of a request: the right-most address that is not a trusted proxy's.

    Headers from other peers are ignored, and so is anything to the left of that address or of text that is no address:
    anyone can have sent it.
    """
    address = read_address(peer)
    if address not in trusted:
        return ClientOrigin(str(address or peer))
    hops: list[str] = []
    schemes: list[str] = []
    for name, value in headers:
        if name.lower() == b"x-forwarded-for":
            hops += value.decode("latin-1").split(",")
        elif name.lower() == b"x-forwarded-proto":
            schemes += value.decode("latin-1").split(",")
    while address in trusted and hops:
        before = read_address(hops.pop())
        if before is None:
            break
        address = before
    scheme = schemes[-1].strip().lower() if schemes else None
    return ClientOrigin(str(address), scheme if scheme in {"http", "https"} else None)


def site(text: str) -> str:
    """Return the site that an address counts for: an IPv4 address itself, or the network of an IPv6 address."""
    address = read_address(text)
    if isinstance(address, IPv6Address):
        return str(ip_network((int(address) >> (128 - SITE_BITS) << (128 - SITE_BITS), SITE_BITS)))
    return str(address or text)


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text)
    except ValueError as error:
        raise ValueError(
            f"{text!r} is no network ({error}); right are 10.0.0.0/8, 192.0.2.7 or 2001:db8::/32"
        ) from None
