"""The health of channels: how long one has failed, when that is reported, and when it is paused. Pure.

The Standard Webhooks specification asks to notify by other channels if deliveries fail for long, and to disable the
receiver then ("Deliverability and reliability"). Time is real: a ledger's clock may run fast.
"""

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from services.notify.channels.result import SENT, Result

REPORT_SECONDS = 86_400.0
"""Of nothing but failures, after which the supervisor is alerted through another channel."""

PAUSE_SECONDS = 5 * 86_400.0
"""Of nothing but failures, after which nothing is sent on the channel until an operator orders it."""


TROUBLE: Literal["trouble"] = "trouble"
"""The trigger and the rule of the alert that a channel fails."""


class Health(Struct, frozen=True):
    """One channel's health: `since` the first failure after the last success (0: none), `error` the latest one.

    `reported` and `paused` are the real instants of these, 0 if they are not so.
    """

    channel: str
    shown: str
    since: float = 0.0
    error: str = ""
    reported: float = 0.0
    paused: float = 0.0


def after(health: Health, result: Result, now: float) -> Health:
    """Return the health after an attempt; one whose result is uncertain, or that came too soon, says nothing."""
    if result.outcome in SENT or any(outcome in SENT for _, outcome, _ in result.recipients):
        return Health(health.channel, health.shown, paused=health.paused)
    if result.outcome == "uncertain" or result.rest:
        return health
    health = replace(health, since=health.since or now, error=result.detail)
    return replace(health, paused=now) if now - health.since >= PAUSE_SECONDS and not health.paused else health


def unreported(health: Health, now: float) -> bool:
    """Return whether a channel has failed for so long that the supervisor has to be alerted."""
    return bool(health.since) and not health.reported and now - health.since >= REPORT_SECONDS


def reported(health: Health, now: float) -> Health:
    """Return the health of a channel whose trouble is reported."""
    return replace(health, reported=now)


def resumed(health: Health) -> Health:
    """Return the health of a channel that an operator resumes."""
    return Health(health.channel, health.shown)
