"""What people accept, on record, where a service cannot know better (services/common/accepted.py)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from redis.exceptions import RedisError

from services.cli.target import Place
from services.cli.users import operator
from services.common.accepted import ClockAccepted, LossAccepted, accept, accepted, waiting
from services.common.clock import monotonic, real_time, sleep
from services.common.connection import connect
from services.common.settings import SettingsError
from services.common.steady import kept_hold

PATIENCE_SECONDS = 5.0
"""The time that ingest gets to take an acceptance up: it looks each second."""


async def accept_held_clock(place: Place, ledger: str, by: str | None) -> None:
    """Confirm the instant of a ledger's held clock; raises SettingsError where it is not held."""
    async with _connected(place) as redis:
        hold = await kept_hold(redis, ledger)
        if hold is None:
            raise SettingsError(f"ledger {ledger}: its clock is not held, so there is nothing to accept")
        await accept(redis, ledger, ClockAccepted(by or operator(), _now(), hold.reading, hold.expected))
        end = monotonic() + PATIENCE_SECONDS
        while await kept_hold(redis, ledger) is not None and monotonic() < end:
            await sleep(0.1)


async def accept_loss(place: Place, ledger: str, position: int, by: str | None) -> None:
    """Accept that acknowledged events are lost and that the log goes on from a position, which is where it ends.

    Raises SettingsError where nothing is lost, or it ends elsewhere.
    """
    async with _connected(place) as redis:
        loss = await waiting(redis, ledger)
        if loss is None:
            raise SettingsError(f"ledger {ledger}: ingest misses nothing that was acknowledged; nothing to accept")
        if position != loss.tail:
            raise SettingsError(f"--accept-loss {position}: {loss.lost}; to accept that, give {loss.tail}")
        await accept(redis, ledger, LossAccepted(by or operator(), _now(), loss))
        end = monotonic() + PATIENCE_SECONDS
        while await waiting(redis, ledger) is not None and monotonic() < end:
            await sleep(0.1)


async def acceptances(place: Place, ledger: str) -> list[str]:
    """Return what was accepted in a ledger, the oldest first, as people read it; nothing where the server is away."""
    try:
        async with _connected(place) as redis:
            return [str(one) for one in await accepted(redis, ledger)]
    except RedisError:
        return []  # which is reported with what else is wrong with the server


@asynccontextmanager
async def _connected(place: Place) -> AsyncIterator[Any]:
    redis = connect(place.server())
    try:
        yield redis
    finally:
        await redis.aclose()


def _now() -> datetime:
    return datetime.fromtimestamp(real_time(), UTC)
