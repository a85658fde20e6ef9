"""What one client may take of a service."""

from msgspec import Struct

from services.common.networks import Networks

CONNECTIONS = 64
"""Connections of one client: ten browsers behind one address, at six each."""

STREAMS = 16
"""Streams of changes of one client: each is a dashboard that stays open."""

REFUSED_BYTES = 64 * 1024 * 1024
"""Bytes of the newest refused submissions of a source that are kept: nobody may fill the memory that the log needs with
what is refused."""

STALL_SECONDS = 60.0
"""Seconds in which a client takes nothing of an answer that waits for it, after which its connection is dropped."""


class Limits(Struct, frozen=True):
    """The bounds of a service's HTTP side; a client is an address without a token, or a source with one."""

    connections: int = CONNECTIONS
    streams: int = STREAMS
    trusted_proxies: Networks = Networks()
    stall_seconds: float = STALL_SECONDS


LIMITS = Limits()
"""What holds where nothing else is set."""
