"""The policy for a clock that jumps: its reading is compared with its last good reading and the time since. Pure.

A clock that jumped is held: events are recorded by the last good instant plus the time since, and no deadline passes.
A clock that returns to within JUMP of that instant is released; otherwise an operator has to accept it.
"""

from datetime import UTC, datetime, timedelta

from msgspec import Struct

JUMP = timedelta(hours=1)
"""More than any correction of a running clock: those are seconds, or one hour if a zone was set wrongly."""

ABSENT = timedelta(days=45)
"""The longest time off, a long holiday included, after which a machine's clock is trusted without acceptance."""

BEFORE = timedelta(minutes=5)
"""How far a clock may be behind the last record of another boot: the error of unsynchronised machines."""


class ClockReading(Struct, frozen=True):
    """One reading of a clock: its instant, the machine's seconds since boot, and the id of that boot.

    `meant` marks an instant that was set on purpose; it is trusted.
    """

    instant: datetime
    uptime: float
    boot: str
    meant: bool = False


class Hold(Struct, frozen=True):
    """A held clock: the rejected reading, and the instant that is used instead."""

    reading: ClockReading
    expected: datetime

    def __str__(self) -> str:
        shown, expected = (instant.isoformat(timespec="seconds") for instant in (self.reading.instant, self.expected))
        return (
            f"the clock is held: it shows {shown}, but by the last good instant and the time since it is {expected}."
            f" Deadlines wait, and events are recorded from {expected} on. Correct the clock;"
            f" or, if {shown} is correct, confirm it with `duban doctor --accept-clock`"
        )


def judge(good: ClockReading, now: ClockReading, started: float) -> Hold | None:
    """Return the hold on a clock with the last `good` reading and the reading `now`; None if the reading is accepted.

    Within one boot, the machine has counted the time in between, sleep included. After another boot that time is
    unknown; it is counted from `started`, an uptime.
    """
    if now.meant:
        return None
    same = now.boot == good.boot
    expected = later(good.instant, now.uptime - (good.uptime if same else started))
    if same:
        wrong = now.instant - expected > JUMP or good.instant - now.instant > JUMP
    else:
        wrong = now.instant - good.instant > ABSENT or good.instant - now.instant > BEFORE
    return Hold(now, expected) if wrong else None


def accepts(accepted: ClockReading, now: ClockReading) -> bool:
    """Return whether the acceptance of one reading covers another: the same clock at a later time.

    After another boot, it covers a reading of the accepted instant.
    """
    passed = now.uptime - accepted.uptime if now.boot == accepted.boot else 0.0
    return abs(now.instant - later(accepted.instant, passed)) <= JUMP


def later(instant: datetime, seconds: float) -> datetime:
    """Return an instant plus seconds; negative ones count as 0, and the result stays within the calendar."""
    try:
        return instant + timedelta(seconds=max(0.0, seconds))
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)
