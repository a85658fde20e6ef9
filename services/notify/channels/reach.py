"""Which addresses messages may go to. Pure."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from services.common.networks import Address

_SHARED = ip_network("100.64.0.0/10")
"""Addresses shared behind a carrier's NAT (RFC 6598)."""

_UNIQUE_LOCAL = ip_network("fc00::/7")
"""RFC 4193."""

_NAT64 = ip_network("64:ff9b::/96")
"""IPv6 addresses that stand for an IPv4 address (RFC 6052)."""


class Reach:
    """The places that messages may go to: public addresses, and those that the ledger's file allows."""

    def __init__(self, allow: Iterable[str] = (), *, allow_private: bool = False) -> None:
        """`allow` are host:port, the host a name or an address (an IPv6 one in brackets)."""
        self.allow = frozenset(entry.lower() for entry in allow)
        self.allow_private = allow_private

    def refusal(self, host: str, address: str, port: int) -> str | None:
        """Return why nothing is sent to an address of a host, with what to set; None where it is allowed."""
        kind = kind_of(address)
        if kind is None or self.allow_private or self.allows(host, port) or self.allows(address, port):
            return None
        named = f"{address} is" if host == address else f"{host} is at {address},"
        return f'{named} {kind}: [alerts] allow = ["{_entry(host, port)}"] in the ledger\'s file would allow it'

    def allows(self, host: str, port: int) -> bool:
        """Return whether a host (or address) and port are named."""
        return _entry(host, port) in self.allow


def kind_of(text: str) -> str | None:
    """Return what kind of address one is that is not public; None for a public one."""
    address = _meant(ip_address(text.partition("%")[0]))
    if address.is_unspecified:
        return "the unspecified address"
    if address.is_loopback:
        return "a loopback address"
    if address.is_link_local:
        return "a link-local address"
    if address.is_multicast:
        return "a multicast address"
    if address in _SHARED:
        return "an address shared behind a carrier's NAT"
    if address in _UNIQUE_LOCAL:
        return "a unique-local address"
    if address.is_private:
        return "a private address"
    return None if address.is_global else "a reserved address"


def _meant(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one stands for, or the address itself."""
    if isinstance(address, IPv4Address):
        return address
    embedded = address.ipv4_mapped or address.sixtofour
    if embedded is None and address in _NAT64:
        embedded = IPv4Address(int(address) & 0xFFFFFFFF)
    return embedded or _compatible(address)


def _compatible(address: IPv6Address) -> Address:
    """Return the IPv4 address of an IPv4-compatible one (::a.b.c.d, RFC 4291, 2.5.5.1), but not of :: and ::1."""
    return IPv4Address(int(address)) if 1 < int(address) < 1 << 32 else address


def _entry(host: str, port: int) -> str:
    return f"[{host}]:{port}".lower() if ":" in host else f"{host}:{port}".lower()
