"""When a part is tried again, and when it is abandoned. Pure.

The schedule is that of the Standard Webhooks specification, for every kind of channel
(https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md, "Deliverability and
reliability"): ten tries within about 75 hours.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from msgspec.structs import replace

from services.notify.channels.result import SENT, Outcome, Result
from services.notify.deliveries import DEAD, Attempt, DeliveryState, PartDelivery, PerAddress

DELAYS = (5.0, 300.0, 1_800.0, 7_200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 86_400.0)
"""Seconds from each try to the next one."""

TRIES = len(DELAYS) + 1

JITTER = 0.2
"""Part of a delay by which it is shortened or lengthened at random: what failed together is not repeated together."""

LONGEST = sum(DELAYS) * (1 + JITTER) + 86_400.0
"""Seconds after the first try when a part is abandoned though tries are left: its channel asked for rests only."""


def delay(tries: int, chance: float) -> float:
    """Return the seconds to wait after so many tries; `chance` is drawn evenly from 0 to 1."""
    return DELAYS[min(tries, len(DELAYS)) - 1] * (1 - JITTER + 2 * JITTER * chance)


def attempted(part: PartDelivery, result: Result, at: datetime, *, now: float, chance: float) -> PartDelivery:
    """Return a part after an attempt that ended at the ledger's instant `at`, the real instant `now`.

    An attempt on a channel that asks for a rest is no try: it says nothing about the message.
    """
    first = part.first or now
    tries = part.tries + (0 if result.rest else 1)
    recipients = _addresses(part.recipients, result)
    outcomes = {outcome for _, outcome, _ in recipients} or {result.outcome}
    attempt = Attempt(at, result.outcome, result.detail, result.recipients)
    part = replace(part, attempts=(*part.attempts, attempt), tries=tries, first=first, recipients=recipients, next=0.0)
    if "again" not in outcomes or tries >= TRIES or now - first > LONGEST:
        return replace(part, state=_ended(outcomes))
    wait = max(result.after, result.rest or delay(tries, chance))
    return replace(part, state="waiting", next=now + wait)


def interrupted(part: PartDelivery, at: datetime, *, repeatable: bool) -> PartDelivery:
    """Return a part whose sender ended while sending; only a `repeatable` one, known by its id, is sent again."""
    attempt = Attempt(at, "interrupted", "the sender ended before it could record the result")
    state: DeliveryState = "waiting" if repeatable else "uncertain"
    return replace(part, state=state, attempts=(*part.attempts, attempt), next=0.0)


def state_between(attempts: Sequence[Attempt]) -> DeliveryState:
    """Return the state of a part after these attempts, where another one followed: an order may have come first."""
    recipients: PerAddress = ()
    outcomes: set[Outcome] = {"again"}
    for one in attempts:
        if one.outcome == "interrupted":
            outcomes = {"again"}
        else:
            recipients = _addresses(recipients, Result(one.outcome, one.detail, recipients=one.recipients))
            outcomes = {outcome for _, outcome, _ in recipients} or {one.outcome}
    return "waiting" if "again" in outcomes else _ended(outcomes)


def paused(part: PartDelivery) -> PartDelivery:
    """Return a part that waits for a channel which is paused."""
    return replace(part, state="paused") if part.state == "waiting" else part


def ordered(part: PartDelivery) -> PartDelivery:
    """Return a part that an operator orders to be sent again: by the whole schedule, and only to whom it failed."""
    if part.state not in DEAD:
        return part
    again: PerAddress = tuple(
        (address, outcome if outcome in SENT else "again", detail) for address, outcome, detail in part.recipients
    )
    return replace(part, state="waiting", tries=0, first=0.0, next=0.0, recipients=again)


def _addresses(known: PerAddress, result: Result) -> PerAddress:
    """Return the results of a mail's addresses after an attempt; one for all of it is that of those still open."""
    if result.recipients:
        latest = {address: (outcome, detail) for address, outcome, detail in (*known, *result.recipients)}
        return tuple((address, *pair) for address, pair in latest.items())
    return tuple(
        (address, result.outcome, result.detail) if outcome == "again" else (address, outcome, detail)
        for address, outcome, detail in known
    )


def _ended(outcomes: set[Outcome]) -> DeliveryState:
    """Return the state of a part that is not tried again: the worst of its addresses."""
    order: tuple[Outcome, ...] = ("again", "misconfigured", "never", "uncertain", "handed-over", "accepted")
    found = next(outcome for outcome in order if outcome in outcomes)
    match found:
        case "again" | "misconfigured" | "never":
            return "failed"
        case "uncertain" | "handed-over":
            return found
        case "accepted":
            return "sent"
        case _:
            assert_never(found)
