"""Acceptances: operators' recorded decisions on a held clock or lost events (services/common/accepted.py)."""

from contextlib import suppress

import httpx
from redis.exceptions import RedisError

from events.operations import COMMANDS
from events.schema import ClockAcknowledged, LossAcknowledged
from services.cli.target import Target
from services.cli.users import operator
from services.common.accepted import ClockAccepted, LossAccepted, accept, accepted, pending_loss
from services.common.clock import SystemClock, monotonic, sleep
from services.common.connection import connected
from services.common.operations import record
from services.common.settings import SettingsError
from services.common.steady import kept_hold

PATIENCE_SECONDS = 5.0
"""Time for ingest to apply an acceptance; it checks each second."""


async def accept_held_clock(target: Target, ledger: str, by: str | None) -> None:
    """Confirm the instant of a ledger's held clock; raises SettingsError if it is not held."""
    async with connected(target.server()) as redis:
        hold = await kept_hold(redis, ledger)
        if hold is None:
            raise SettingsError(f"ledger {ledger}: its clock is not held; there is nothing to accept")
        who = by or operator()
        await record(redis, COMMANDS, ledger, ClockAcknowledged(who, hold.reading.instant, hold.expected))
        await accept(redis, ledger, ClockAccepted(who, SystemClock().now(), hold.reading, hold.expected))
        end = monotonic() + PATIENCE_SECONDS
        while await kept_hold(redis, ledger) is not None and monotonic() < end:
            await sleep(0.1)


async def accept_loss(target: Target, ledger: str, position: int, by: str | None) -> None:
    """Accept the loss of acknowledged events; the log continues after `position`, its present end.

    Raises SettingsError if nothing is lost or the log ends elsewhere.
    """
    async with connected(target.server()) as redis:
        loss = await pending_loss(redis, ledger)
        if loss is None:
            raise SettingsError(f"ledger {ledger}: no acknowledged event is missing; there is nothing to accept")
        if position != loss.tail:
            raise SettingsError(f"--accept-loss {position}: {loss.lost}; to accept this loss, give {loss.tail}")
        who = by or operator()
        await record(redis, COMMANDS, ledger, LossAcknowledged(who, loss.first, loss.last))
        await accept(redis, ledger, LossAccepted(who, SystemClock().now(), loss))
        end = monotonic() + PATIENCE_SECONDS
        while await pending_loss(redis, ledger) is not None and monotonic() < end:
            await sleep(0.1)
    async with httpx.AsyncClient(base_url=target.urls["ingest"]) as client:
        with suppress(httpx.TransportError):  # it first loads the tasks from the log as it is
            while not (await client.get("/health/ready")).is_success and monotonic() < end:
                await sleep(0.1)


async def acceptances(target: Target, ledger: str) -> list[str]:
    """Return a ledger's acceptances as text, oldest first; none if the server is unreachable."""
    try:
        async with connected(target.server()) as redis:
            return [str(one) for one in await accepted(redis, ledger)]
    except RedisError:
        return []  # the server check reports it
