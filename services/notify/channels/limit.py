"""The limits of a channel. Pure."""

from msgspec import Struct


class Limit(Struct, frozen=True):
    """At most `messages` in any `seconds`, each of at most `bytes` as encoded; 0: no such limit.

    Each channel's module has its numbers, with their source.
    """

    messages: int
    seconds: float
    bytes: int
