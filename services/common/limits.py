"""The limits of one client at a service."""

from msgspec import Struct

from services.common.networks import Networks
from services.common.sizes import MIB

CONNECTIONS = 64
"""Connections of one client: ten browsers behind one address, at six each."""

STREAMS = 16
"""Streams of changes of one client: each is a dashboard that stays open."""

CONNECTIONS_OF_SESSIONS = 2_000
"""Connections of all sessions of one source: half of the requests that a service answers at once, so that one token,
which starts a thousand sessions, does not take all of them."""

STREAMS_OF_SESSIONS = 1_000
"""Streams of all sessions of one source: one of each."""

REFUSED_BYTES = 64 * MIB
"""Bytes of the newest refused submissions of a source that are kept: refused submissions must not fill the
memory that the log needs."""

STALL_SECONDS = 60.0
"""Seconds without reading a pending answer, after which a client's connection is aborted."""


class Limits(Struct, frozen=True):
    """The bounds of a service's HTTP side.

    A client is an address without a token, a source with one, or a browser's session; the sessions of a source have
    further bounds together.
    """

    connections: int = CONNECTIONS
    streams: int = STREAMS
    trusted_proxies: Networks = Networks()
    stall_seconds: float = STALL_SECONDS
    connections_of_sessions: int = CONNECTIONS_OF_SESSIONS
    streams_of_sessions: int = STREAMS_OF_SESSIONS


LIMITS = Limits()
"""The limits where no others are set."""
