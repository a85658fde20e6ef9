"""Who may read a ledger: whether everybody may, and the dashboards on other origins that may with a token. Pure."""

import re
from ipaddress import IPv6Address

from msgspec import Struct

_ORIGIN = re.compile(r"(?P<scheme>https?)://(?P<host>[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::(?P<port>[1-9][0-9]{0,4}))?")

_NAME = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")

DEFAULT_PORTS = {"http": 80, "https": 443}
"""The ports that a browser leaves out of an origin (RFC 6454, 6.2)."""

MOST_PORT = 65_535

MOST_NAME = 253
"""Characters of a host name (RFC 1035, 2.3.4, without its final dot)."""


class ReadingRules(Struct, frozen=True, forbid_unknown_fields=True):
    """The `[reading]` of a ledger's file.

    `public` opens the ledger's reads to everybody; `origins` are those of other sites' pages that may read with a
    token of the ledger. Neither changes what is folded, so neither is part of a rules version.
    """

    public: bool = False
    origins: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for origin in self.origins:
            check_origin(origin)


def check_origin(text: str) -> str:
    """Return an origin as browsers send it; raises ValueError for text that is none, with what would be right."""
    match = _ORIGIN.fullmatch(text)
    if text in {"*", "null"}:
        wrong = "stands for any page; each origin is named"
    elif match is None:
        wrong = "is not a scheme, a host in lower-case letters (an IDN in its xn-- form), and a port where it has one"
    elif match["port"] is not None and int(match["port"]) == DEFAULT_PORTS[match["scheme"]]:
        wrong = f"has the port that is left out: {text.removesuffix(':' + match['port'])}"
    elif match["port"] is not None and int(match["port"]) > MOST_PORT:
        wrong = f"has a port above {MOST_PORT}"
    elif not _is_host(match["host"]):
        wrong = f"has a host that is no name or address: {match['host']}"
    else:
        return text
    raise ValueError(f"{text!r} {wrong}; an origin looks like https://board.example.cn or http://10.0.0.5:3000")


def _is_host(host: str) -> bool:
    if not host.startswith("["):
        return len(host) <= MOST_NAME and all(_NAME.fullmatch(label) for label in host.split("."))
    try:
        return str(IPv6Address(host[1:-1])) == host[1:-1]
    except ValueError:
        return False
