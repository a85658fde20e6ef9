"""Which clock a ledger runs by: the kind is kept with its first event, and another one is refused."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from events.entries import Entry
from events.keys import key
from events.log import Log
from services.common.clock import FileClock
from services.common.ledger_clock import ahead_of_wall, check_clock, kept_kind, ledger_clock, start_clock
from services.common.settings import SettingsError
from tests.events.appending import append
from tests.examples import assigned, store

LEDGER = "zhanjiang"
SPEC = "2018-12-20T09:00:00+08:00@86400"


async def recorded(redis: Any, at: str, kind: str | None) -> None:
    """Have a ledger with one event, recorded at an instant by a kind of clock; None as logs had it before."""
    log = Log(redis, LEDGER, clock=kind or "wall")
    await append(log, 0, [Entry("office", "a", "0" * 16, store(assigned(), at))])
    if kind is None:
        await redis.delete(key(LEDGER, "clock", "kind"))


def in_the_future(**span: int) -> str:
    return (datetime.now(UTC) + timedelta(**span)).isoformat()


async def test_the_kind_is_kept_with_the_first_event_alone(redis: Any) -> None:
    """Nothing is kept of an empty ledger; a later event by another clock changes nothing."""
    await ledger_clock(redis, LEDGER, SPEC)
    assert await kept_kind(redis, LEDGER) is None
    await recorded(redis, "2018-12-20T01:00:00Z", "scaled")
    await append(Log(redis, LEDGER, clock="wall"), 1, [Entry("office", "b", "1" * 16, store(assigned("t")))])
    assert await kept_kind(redis, LEDGER) == "scaled"


@pytest.mark.parametrize(
    ("kept", "at", "spec"),
    [
        ("wall", "2018-12-01T00:00:00Z", SPEC),
        ("wall", "2018-12-01T00:00:00Z", "file"),
        (None, "2018-12-01T00:00:00Z", SPEC),
        ("scaled", "2018-12-01T00:00:00Z", None),
        ("scaled", "2018-12-01T00:00:00Z", "file"),
        ("file", "2018-12-01T00:00:00Z", None),
        ("scaled", "2019-12-01T00:00:00Z", SPEC),
    ],
)
async def test_another_clock_is_refused_and_nothing_is_written(
    redis: Any, tmp_path: Path, kept: str | None, at: str, spec: str | None
) -> None:
    """Another kind, a ledger without one that is not ahead, and one that would go back in time."""
    FileClock(tmp_path / "clock").set(datetime(2020, 1, 1, tzinfo=UTC))
    spec = f"file:{tmp_path / 'clock'}" if spec == "file" else spec
    await recorded(redis, at, kept)
    before = sorted(await redis.keys())
    with pytest.raises(SettingsError, match=f"ledger {LEDGER}"):
        await ledger_clock(redis, LEDGER, spec)
    assert sorted(await redis.keys()) == before


async def test_the_same_clock_goes_on(redis: Any) -> None:
    """The same specification resumes where the ledger is, and a later one may follow."""
    await start_clock(redis, LEDGER, SPEC)
    await recorded(redis, "2019-06-01T00:00:00Z", "scaled")
    await start_clock(redis, LEDGER, SPEC)
    assert (await ledger_clock(redis, LEDGER, SPEC)).now() >= datetime(2019, 6, 1, tzinfo=UTC)
    await check_clock(redis, LEDGER, "2020-01-01T00:00:00+08:00")


async def test_an_older_log_that_is_ahead_was_a_rehearsal(redis: Any) -> None:
    """Without a kind, only another clock can have recorded what the wall clock has not reached."""
    await recorded(redis, in_the_future(days=30), None)
    await check_clock(redis, LEDGER, "2200-01-01T00:00:00+08:00@60")


async def test_a_log_ahead_of_the_wall_clock_is_reported(redis: Any) -> None:
    """By more than five minutes, and of ledgers of the wall clock alone."""
    assert await ahead_of_wall(redis, LEDGER) is None
    await recorded(redis, in_the_future(days=7), "wall")
    assert "ahead of the wall clock" in (await ahead_of_wall(redis, LEDGER) or "")
    await redis.set(key(LEDGER, "clock", "kind"), "scaled")
    assert await ahead_of_wall(redis, LEDGER) is None


async def test_a_little_ahead_is_no_fault(redis: Any) -> None:
    """Machines' clocks differ."""
    await recorded(redis, in_the_future(minutes=4), "wall")
    assert await ahead_of_wall(redis, LEDGER) is None
