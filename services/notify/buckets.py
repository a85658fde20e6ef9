"""How often a channel is sent messages: one bucket a channel, for all recipients, ledgers and instances together.

    duban:limit:<channel>  sorted set  the messages of the last seconds, and until when the channel rests (limit.lua)

It is a sliding window: no time of that length has more messages than the limit. Time is the server's, which is real;
the ledger's clock may run fast. The key belongs to no ledger.
"""

from typing import Any

from events.scripts import script
from services.notify.channels.limit import Limit

PREFIX = "duban:limit:"

_MILLISECONDS = 1_000


class Buckets:
    """The buckets of all channels on one server."""

    def __init__(self, redis: Any) -> None:
        self._script = script(redis, __file__, "limit.lua")

    async def take(self, channel: str, limit: Limit, message: str) -> float:
        """Take a place for a message, named uniquely; return 0, or the seconds to wait before asking again."""
        return await self._call(channel, limit, "take", message, 0.0)

    async def ended(self, channel: str, limit: Limit, message: str, rest: float) -> None:
        """Count a message from now on, and let the channel rest for so many seconds."""
        await self._call(channel, limit, "ended", message, rest)

    async def _call(self, channel: str, limit: Limit, command: str, message: str, rest: float) -> float:
        args = [command, message, limit.messages, round(limit.seconds * _MILLISECONDS), round(rest * _MILLISECONDS)]
        return int(await self._script(keys=[f"{PREFIX}{channel}"], args=args)) / _MILLISECONDS
