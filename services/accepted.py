"""What operators accepted, on record: a clock that had jumped.

duban:{L}:accepted  stream  e: an acceptance as JSON, the oldest first    written by `duban doctor` alone
"""

from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from events.log import key
from services.jump import Reading

MOST = 1_000
"""Of the newest acceptances that are read at once: there is one for each time that something went wrong."""


class ClockAccepted(Struct, frozen=True, tag="clock"):
    """A held clock that somebody confirmed: its reading then, and the instant that was taken instead."""

    by: str
    at: datetime
    reading: Reading
    expected: datetime

    def __str__(self) -> str:
        return (
            f"{self.at.isoformat(timespec='seconds')} {self.by}: the clock at"
            f" {self.reading.instant.isoformat(timespec='seconds')}, instead of"
            f" {self.expected.isoformat(timespec='seconds')}"
        )


Acceptance = ClockAccepted

_decoder = msgspec.json.Decoder(Acceptance)


async def accept(redis: Any, ledger: str, acceptance: Acceptance) -> None:
    """Record an acceptance; whoever waits for it sees it within a second."""
    await redis.xadd(key(ledger, "accepted"), {"e": msgspec.json.encode(acceptance)})


async def accepted(redis: Any, ledger: str) -> list[Acceptance]:
    """Return what was accepted in a ledger, the oldest first."""
    entries = await redis.xrevrange(key(ledger, "accepted"), count=MOST)
    return [_decoder.decode(fields[b"e"]) for _, fields in reversed(entries)]
