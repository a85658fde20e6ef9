"""A clock that jumps, on a real server: what a process of the ledger goes by, and what it keeps."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from events.entries import Entry
from events.keys import key
from events.log import Log
from services.common.accepted import ClockAccepted, accept, accepted
from services.common.clock import FileClock, boot_id, uptime
from services.common.jump import ClockReading
from services.common.ledger_clock import ledger_clock
from services.common.steady import SteadyClock, hold_of, keep, kept_hold, look
from tests.events.appending import append
from tests.examples import assigned, store

LEDGER = "zhanjiang"
NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
WRONG = datetime(2126, 11, 29, 12, tzinfo=UTC)


class Wall:
    """A wall clock in a file, set as a machine's clock is: by accident, too."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.spec = f"file:{path}"

    def set(self, instant: datetime) -> None:
        self.path.write_text(instant.isoformat())


@pytest.fixture
def wall(tmp_path: Path) -> Wall:
    wall = Wall(tmp_path / "clock")
    wall.set(NOON)
    return wall


def near(instant: datetime, expected: datetime) -> bool:
    """Return whether an instant is that, or a few seconds of a test later."""
    return timedelta(0) <= instant - expected < timedelta(seconds=30)


def test_a_jump_is_held_and_ends_by_itself(wall: Wall) -> None:
    """A century ahead the clock runs on from noon; back at noon it is good again; an hour at once is no jump."""
    clock = SteadyClock(FileClock(wall.path))
    assert clock.now() == NOON
    wall.set(WRONG)
    assert near(clock.now(), NOON)
    assert hold_of(clock) is not None
    wall.set(NOON + timedelta(hours=1))
    assert clock.now() == NOON + timedelta(hours=1)
    assert hold_of(clock) is None


def test_back_in_time_is_held(wall: Wall) -> None:
    """A clock that falls back a year runs on from where it was, and its return is no jump."""
    clock = SteadyClock(FileClock(wall.path))
    clock.now()
    wall.set(NOON - timedelta(days=365))
    assert near(clock.now(), NOON)
    wall.set(NOON)
    assert (clock.now(), hold_of(clock)) == (NOON, None)


def test_an_instant_that_is_meant_is_believed(wall: Wall) -> None:
    """A rehearsal that sets its file on purpose goes there at once."""
    clock = SteadyClock(FileClock(wall.path))
    clock.now()
    FileClock(wall.path).set(WRONG)
    assert (clock.now(), hold_of(clock)) == (WRONG, None)


async def test_a_process_that_starts_during_a_jump_knows_the_last_good_instant(redis: Any, wall: Wall) -> None:
    """It is kept with the ledger; nothing is kept of what is not believed, and the hold is for all to see."""
    clock = await ledger_clock(redis, LEDGER, wall.spec, records=True)
    await keep(redis, LEDGER, clock)
    wall.set(WRONG)
    for records in (True, False):
        late = await ledger_clock(redis, LEDGER, wall.spec, records=records)
        assert near(late.now(), NOON)
    assert await kept_hold(redis, LEDGER) is None
    await keep(redis, LEDGER, late)
    hold = await kept_hold(redis, LEDGER)
    assert hold is not None
    assert hold.reading.instant == WRONG
    assert near((await ledger_clock(redis, LEDGER, wall.spec)).now(), NOON)
    wall.set(NOON)
    await keep(redis, LEDGER, late)
    assert await kept_hold(redis, LEDGER) is None


@pytest.mark.parametrize(("days", "held"), [(0, False), (44, False), (46, True), (36_525, True), (-1, True)], ids=str)
async def test_under_another_boot_the_last_record_counts(redis: Any, wall: Wall, days: int, *, held: bool) -> None:
    """For the one who records, where nothing better is known: an older ledger, or one from another machine."""
    log = Log(redis, LEDGER, clock="file")
    await append(log, 0, [Entry("office", "a", "0" * 16, store(assigned(), NOON.isoformat()))])
    await redis.set(key(LEDGER, "clock", "good"), b'{"instant":"2026-11-29T00:00:00Z","uptime":1e6,"boot":"another"}')
    wall.set(NOON + timedelta(days=days))
    clock = await ledger_clock(redis, LEDGER, wall.spec, records=True)
    assert near(clock.now(), NOON) if held else clock.now() == NOON + timedelta(days=days)
    assert (hold_of(clock) is not None) == held


async def test_what_is_accepted_is_on_record_and_ends_the_hold(redis: Any, wall: Wall) -> None:
    """In every process, also one that starts later; another jump is held again, back to the old time, too."""
    clock = await ledger_clock(redis, LEDGER, wall.spec, records=True)
    await keep(redis, LEDGER, clock)
    wall.set(WRONG)
    await keep(redis, LEDGER, clock)
    hold = await kept_hold(redis, LEDGER)
    assert hold is not None
    acceptance = ClockAccepted("li@office", NOON, hold.reading, hold.expected)
    await accept(redis, LEDGER, acceptance)
    late = await ledger_clock(redis, LEDGER, wall.spec)
    assert late.now() == WRONG
    await look(redis, LEDGER, clock)
    assert (clock.now(), hold_of(clock)) == (WRONG, None)
    await keep(redis, LEDGER, clock)
    assert await kept_hold(redis, LEDGER) is None
    assert await accepted(redis, LEDGER) == [acceptance]
    assert "li@office: the clock at 2126-11-29T12:00:00+00:00" in str(acceptance)
    wall.set(NOON)
    assert near(clock.now(), WRONG)
    await keep(redis, LEDGER, clock)
    assert hold_of(clock) is not None


async def test_a_simulated_clock_is_never_held(redis: Any) -> None:
    """It runs ahead of the machine by specification."""
    clock = await ledger_clock(redis, LEDGER, "2018-12-20T09:00:00+08:00@8640000", records=True)
    await keep(redis, LEDGER, clock)
    assert not isinstance(clock, SteadyClock)
    assert hold_of(clock) is None


def test_the_machine_counts_its_time() -> None:
    """The uptime only grows, and the boot has one name for as long as it lasts."""
    before = uptime()
    assert 0 <= before <= uptime()
    assert boot_id() == boot_id() != ""
    assert ClockReading(NOON, 0.0, boot_id()).meant is False
