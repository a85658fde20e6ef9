"""Whether a clock has jumped: what it shows against what it showed and the time since. Pure.

A clock that jumped is held: what is recorded meanwhile goes by the last good instant and the time since then, and
deadlines do not pass. One that comes back to within JUMP of that is good again by itself; any other has to be accepted.
"""

from datetime import UTC, datetime, timedelta

from msgspec import Struct

JUMP = timedelta(hours=1)
"""More than any correction of a clock that runs: those are of seconds, or of an hour where a zone was set wrongly."""

ABSENT = timedelta(days=45)
"""The longest that a machine may have been off, a long holiday included, for its clock to be believed unasked."""

BEFORE = timedelta(minutes=5)
"""How far a clock may be behind what was recorded under another boot: what unsynchronised machines are off by."""


class ClockReading(Struct, frozen=True):
    """One look at a clock: its instant, the machine's seconds since it booted, and under which boot.

    `meant` is an instant that was set on purpose: it is believed.
    """

    instant: datetime
    uptime: float
    boot: str
    meant: bool = False


class Hold(Struct, frozen=True):
    """A clock that is held: the reading that is not believed, and the instant that is taken instead."""

    reading: ClockReading
    expected: datetime

    def __str__(self) -> str:
        shown, expected = (instant.isoformat(timespec="seconds") for instant in (self.reading.instant, self.expected))
        return (
            f"the clock is held: it shows {shown}, but by the last good instant and the time since it is {expected};"
            f" deadlines wait, and events are recorded at {expected} and on. Set the clock right; or, if {shown} is"
            " right, confirm it with `duban doctor --accept-clock`"
        )


def judge(good: ClockReading, now: ClockReading, started: float) -> Hold | None:
    """Return the hold on a clock that was `good` once and is read `now`; None where it may be believed.

    Under one boot the machine has counted the time in between, sleep included. Under another one nothing is known of
    it; `started` is the uptime from which the time is counted then.
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
    """Return whether the acceptance of one reading is also that of another: the same clock, having run on.

    Under another boot that is one which shows the instant that was accepted.
    """
    passed = now.uptime - accepted.uptime if now.boot == accepted.boot else 0.0
    return abs(now.instant - later(accepted.instant, passed)) <= JUMP


def later(instant: datetime, seconds: float) -> datetime:
    """Return the instant so many seconds later, none of them if negative, and never beyond the calendar."""
    try:
        return instant + timedelta(seconds=max(0.0, seconds))
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)
