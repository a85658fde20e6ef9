"""The limits of one client at a service."""

from msgspec import Struct

from services.common.networks import Networks
from services.common.sizes import MIB

CONNECTIONS = 64
"""Connections of one client: ten browsers behind one address, at six each."""

STREAMS = 16
"""Streams of changes of one client: each is a dashboard that stays open."""

REFUSED_BYTES = 64 * MIB
"""Bytes of the newest refused submissions of a source that are kept: refused submissions must not fill the
memory that the log needs."""

STALL_SECONDS = 60.0
"""Seconds without reading a pending answer, after which a client's connection is aborted."""


class Limits(Struct, frozen=True):
    """The bounds of a service's HTTP side.

    A client is an address without a token, a source with one, or a browser's session.
    """

    connections: int = CONNECTIONS
    streams: int = STREAMS
    trusted_proxies: Networks = Networks()
    stall_seconds: float = STALL_SECONDS


LIMITS = Limits()
"""The limits where no others are set."""
