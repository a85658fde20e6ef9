"""A ledger's clock that does not jump: it is held where the policy (services/common/jump.py) rejects its reading.

    duban:{L}:clock:good  string  the last good reading of ingest's clock, as JSON       written by ingest
    duban:{L}:clock:held  string  the hold on ingest's clock, as JSON, while it is held  written by ingest

The last good reading is kept with the ledger, for a process that starts while the clock is wrong.
"""

from datetime import datetime, timedelta
from typing import Any

import msgspec
import structlog

from events.keys import key
from services.common.accepted import ClockAccepted, accepted
from services.common.clock import Clock, FileClock, boot_id, uptime
from services.common.jump import ClockReading, Hold, accepts, judge, later

LOOK_SECONDS = 1.0
"""Between two checks of whether a held clock was accepted."""

KEEP_SECONDS = 60.0
"""The age at which a kept reading is replaced: within a boot an old one serves as well, after another nearly so."""

log = structlog.get_logger()

_readings = msgspec.json.Decoder(ClockReading)
_holds = msgspec.json.Decoder(Hold)


class SteadyClock:
    """A clock that is held where it jumps, until it is right again or accepted.

    `good` is the last good reading, None where there is none to compare with; `hold` is that of the last reading.
    `kept` is the reading or hold that this process last kept with the ledger.
    """

    def __init__(self, clock: Clock, good: ClockReading | None = None, accepted: ClockReading | None = None) -> None:
        self.good = good
        self.hold: Hold | None = None
        self.accepted = accepted
        self.kept: ClockReading | Hold | None = None
        self._clock = clock
        self._started = uptime()

    def now(self) -> datetime:
        """Return the ledger's instant; while the clock is held, the last good one and the time since."""
        reading = read_clock(self._clock)
        hold = judge(self.good, reading, self._started) if self.good is not None else None
        if hold is not None and self.accepted is not None and accepts(self.accepted, reading):
            hold = None
        before, self.hold = self.hold, hold
        if hold is not None:
            if before is None:
                log.error(str(hold))
            return hold.expected
        if before is not None:
            log.warning("the clock is no longer held", now=reading.instant.isoformat())
        self.good = reading
        return reading.instant

    def real_seconds(self, span: timedelta) -> float:
        return self._clock.real_seconds(span)


def read_clock(clock: Clock) -> ClockReading:
    """Return a reading of a clock; raises ClockError where it cannot be read."""
    instant, meant = clock.read() if isinstance(clock, FileClock) else (clock.now(), False)
    return ClockReading(instant, uptime(), boot_id(), meant)


def hold_of(clock: Clock) -> Hold | None:
    """Return the hold on a clock at its last reading, None where it is not held."""
    return clock.hold if isinstance(clock, SteadyClock) else None


def is_held(clock: Clock) -> bool:
    """Return whether a clock was held at its last reading."""
    return hold_of(clock) is not None


async def steadied(redis: Any, ledger: str, clock: Clock, last: datetime | None = None) -> SteadyClock:
    """Return a clock that resumes at the last good reading or, if that is later, at the last record."""
    kept = await redis.get(key(ledger, "clock", "good"))
    good = _readings.decode(kept) if kept is not None else None
    if last is not None and (good is None or (good.boot != boot_id() and good.instant < last)):
        good = ClockReading(last, 0.0, "")
    return SteadyClock(clock, good, await _newest(redis, ledger))


async def keep(redis: Any, ledger: str, clock: Clock) -> None:
    """Keep the state of a ledger's clock with the ledger, and apply its acceptance; only for a service that records."""
    if not isinstance(clock, SteadyClock):
        return
    await look(redis, ledger, clock)
    if clock.hold is not None:
        await redis.set(key(ledger, "clock", "held"), msgspec.json.encode(clock.hold))
        clock.kept = clock.hold
    elif clock.good is not None and _is_news(clock.kept, clock.good):
        await redis.set(key(ledger, "clock", "good"), msgspec.json.encode(clock.good))
        await redis.unlink(key(ledger, "clock", "held"))
        clock.kept = clock.good


def _is_news(kept: ClockReading | Hold | None, good: ClockReading) -> bool:
    """Return whether a good reading has to be kept: the kept one is old, or does not lead to it."""
    if not isinstance(kept, ClockReading):
        return True
    passed = good.uptime - kept.uptime
    return passed > KEEP_SECONDS or abs(good.instant - later(kept.instant, passed)) > timedelta(seconds=KEEP_SECONDS)


async def look(redis: Any, ledger: str, clock: Clock) -> None:
    """Read a clock, and apply its acceptance where it is held."""
    clock.now()
    if isinstance(clock, SteadyClock) and clock.hold is not None:
        clock.accepted = await _newest(redis, ledger)
        clock.now()


async def kept_hold(redis: Any, ledger: str) -> Hold | None:
    """Return the hold on the clock of a ledger's ingest, None where it is not held."""
    kept = await redis.get(key(ledger, "clock", "held"))
    return _holds.decode(kept) if kept is not None else None


async def _newest(redis: Any, ledger: str) -> ClockReading | None:
    """Return the reading that was accepted last."""
    readings = [one.reading for one in await accepted(redis, ledger) if isinstance(one, ClockAccepted)]
    return readings[-1] if readings else None
