"""Acceptances: the record of what operators accepted, a clock that had jumped or events that were lost.

duban:{L}:accepted  stream  e: an acceptance as JSON, the oldest first    written by `duban doctor` alone
"""

from datetime import datetime
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct

from events.keys import key
from services.common.jump import ClockReading
from services.common.loss import Loss

MOST = 1_000
"""Acceptances that are read at once, the newest: there is one per incident."""


class ClockAccepted(Struct, frozen=True, tag="clock"):
    """The confirmation of a held clock: its reading, and the instant that was used instead."""

    by: str
    at: datetime
    reading: ClockReading
    expected: datetime

    def __str__(self) -> str:
        return (
            f"{self.at.isoformat(timespec='seconds')} {self.by}: the clock at"
            f" {self.reading.instant.isoformat(timespec='seconds')}, instead of"
            f" {self.expected.isoformat(timespec='seconds')}"
        )


class LossAccepted(Struct, frozen=True, tag="loss"):
    """The acceptance of a loss; the log continues after its present end."""

    by: str
    at: datetime
    loss: Loss

    def __str__(self) -> str:
        return f"{self.at.isoformat(timespec='seconds')} {self.by}: that {self.loss.lost}"


class LogPutBack(Struct, frozen=True, tag="put-back"):
    """A restore of the sealed log on a server whose own log was the same up to `same` only, and ended at `before`."""

    by: str
    at: datetime
    same: int
    before: int
    sealed: int

    def explains(self, loss: Loss) -> bool:
        """Return whether a note of what was acknowledged until then cannot fit the log that was put back."""
        return loss.acknowledged <= self.before and self.same < loss.last

    def __str__(self) -> str:
        when = self.at.isoformat(timespec="seconds")
        return f"{when} {self.by}: positions {self.same + 1} to {self.sealed} were put back from the archive"


Acceptance: TypeAlias = ClockAccepted | LossAccepted | LogPutBack

_decoder: msgspec.json.Decoder[Acceptance] = msgspec.json.Decoder(Acceptance)


_losses = msgspec.json.Decoder(Loss)


async def accept(redis: Any, ledger: str, acceptance: Acceptance) -> None:
    """Record an acceptance; ingest applies it within a second."""
    await redis.xadd(key(ledger, "accepted"), {"e": msgspec.json.encode(acceptance)})


async def accepted(redis: Any, ledger: str) -> list[Acceptance]:
    """Return a ledger's acceptances, the oldest first."""
    entries = await redis.xrevrange(key(ledger, "accepted"), count=MOST)
    return [_decoder.decode(fields[b"e"]) for _, fields in reversed(entries)]


async def accepted_losses(redis: Any, ledger: str, era: int) -> list[Loss]:
    """Return what was accepted as lost in an era of a ledger's archives: it does not explain a loss in a later one."""
    done = await accepted(redis, ledger)
    return [one.loss for one in done if isinstance(one, LossAccepted) and one.loss.era == era]


async def publish_loss(redis: Any, ledger: str, loss: Loss | None) -> None:
    """Publish the loss that is to be accepted, for `duban doctor`; None: there is none."""
    name = key(ledger, "ingest", "lost")
    if loss is None:
        await redis.unlink(name)
    else:
        await redis.set(name, msgspec.json.encode(loss))


async def pending_loss(redis: Any, ledger: str) -> Loss | None:
    """Return the loss that is to be accepted, None if there is none."""
    found = await redis.get(key(ledger, "ingest", "lost"))
    return _losses.decode(found) if found is not None else None
