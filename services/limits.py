"""What one client may take of a service."""

from msgspec import Struct

STALL_SECONDS = 60.0
"""Seconds in which a client takes nothing of an answer that waits for it, after which its connection is dropped."""


class Limits(Struct, frozen=True):
    """The bounds of a service's HTTP side."""

    stall_seconds: float = STALL_SECONDS


LIMITS = Limits()
"""What holds where nothing else is set."""
