"""The ledger's clock on a real server: each clock event is recorded once, at its instant, and time never runs back."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from events.deadline import EARLIEST, Deadline, Fixed, Ongoing, Recurring
from events.envelope import encode
from events.schema import DeadlineNeared, DeadlinePassed
from tests.examples import TASK, assigned, reported
from tests.fixed_clock import FixedClock
from tests.ingest.running_writer import DAY, START, history, ids, short, working

DUE = datetime(2019, 1, 1, tzinfo=START.tzinfo)


def fixed(due: datetime) -> Deadline:
    """Return a deadline of one instant, with the offset of 湛江."""
    return Fixed("2018年12月底前完成", due.astimezone(timezone_of_the_ledger()))


def timezone_of_the_ledger() -> Any:
    return assigned().time.tzinfo


async def passings(redis: Any) -> list[tuple[str, datetime]]:
    """Return task and due of each recorded passing."""
    return [
        (entry.event.subject, entry.event.data.due)
        for entry in await history(redis)
        if isinstance(entry.event.data, DeadlinePassed)
    ]


async def test_the_clock_speaks_in_its_time(redis: Any) -> None:
    """Reminders and the passing are recorded at the first tick at or after their instants, with those as `time`."""
    async with working(redis) as running:
        await running.submit(assigned(deadline=fixed(DUE)))
        for instant in (DUE - 30 * DAY - timedelta(seconds=1), DUE - 30 * DAY, DUE - 7 * DAY, DUE - DAY / 2, DUE):
            running.clock.instant = instant
            await running.writer.tick()
            await running.writer.tick()
    assert [
        (entry.event.data, entry.event.time, entry.event.recorded, entry.event.authid)
        for entry in (await history(redis))[1:]
    ] == [
        (DeadlineNeared(DUE, 30), DUE - 30 * DAY, DUE - 30 * DAY, "duban"),
        (DeadlineNeared(DUE, 7), DUE - 7 * DAY, DUE - 7 * DAY, "duban"),
        (DeadlineNeared(DUE, 1), DUE - DAY, DUE - DAY / 2, "duban"),
        (DeadlinePassed(DUE), DUE, DUE, "duban"),
    ]


async def test_the_clock_speaks_before_those_who_come_late(redis: Any) -> None:
    """An event that arrives after a due instant is recorded after the passing, even where no tick came in between."""
    async with working(redis) as running:
        await running.submit(assigned(deadline=fixed(START + DAY)))
        running.clock.instant = START + 2 * DAY
        assert short(await running.submit(reported())) == [("accepted", 4)]
    assert [entry.event.type for entry in await history(redis)] == [
        "duban.task.assigned.v1",
        "duban.deadline.neared.v1",
        "duban.deadline.passed.v1",
        "duban.progress.reported.v1",
    ]


async def test_a_passing_is_recorded_once_by_two_writers(redis: Any) -> None:
    """Two instances whose clocks strike at the same instant record each passing once, however often they look."""
    clock = FixedClock(START)
    async with working(redis, clock) as running, working(redis, clock) as other:
        await running.submit(*(assigned(f"t{number}", deadline=fixed(DUE)) for number in range(20)))
        await other.submit(*(assigned(f"u{number}", deadline=fixed(DUE)) for number in range(20)))
        clock.instant = DUE
        for _ in range(3):
            await asyncio.gather(*(one.writer.tick() for one in (running, other) for _ in range(3)))
        await asyncio.gather(running.submit(reported("t1")), other.submit(reported("t2")))
    names = [f"{letter}{number}" for letter in "tu" for number in range(20)]
    assert sorted(await passings(redis)) == sorted((name, DUE) for name in names)


async def test_a_passing_is_recorded_after_being_down(redis: Any) -> None:
    """An instance that was down over the due instant records at its first tick what it owes, once."""
    async with working(redis) as running:
        await running.submit(assigned(deadline=fixed(DUE)))
    for late in (DAY, 2 * DAY):
        async with working(redis, FixedClock(DUE + late)) as running:
            await running.writer.tick()
            await running.writer.tick()
    assert await passings(redis) == [(TASK, DUE)]
    assert (await history(redis))[-1].event.recorded == DUE + DAY


@pytest.mark.parametrize("saved", [True, False], ids=["saved", "not saved"])
async def test_a_restart_between_reminders_repeats_none(redis: Any, saved: bool) -> None:  # noqa: FBT001
    """Each instance, with saved rows or a new fold, resumes at the last instant of the ledger's clock."""
    for instant in (START, DUE - 30 * DAY, DUE - 7 * DAY, DUE - DAY, DUE, DUE + DAY):
        async with working(redis, FixedClock(instant)) as running:
            await running.submit(assigned(deadline=fixed(DUE)))
            await running.writer.tick()
            if saved:
                await running.writer.save()
    assert await ids(redis) == [
        f"assigned-{TASK}",
        f"neared:{TASK}:2019-01-01T08:00:00+08:00:30",
        f"neared:{TASK}:2019-01-01T08:00:00+08:00:7",
        f"neared:{TASK}:2019-01-01T08:00:00+08:00:1",
        f"passed:{TASK}:2019-01-01T08:00:00+08:00",
    ]


async def test_occurrences_keep_their_day_over_a_restart(redis: Any) -> None:
    """A recurring deadline counts months in its own offset, also after its row was saved and loaded."""
    first = assigned().time.replace(year=2018, month=5, day=1, hour=0)
    async with working(redis) as running:
        await running.submit(assigned(deadline=Recurring("每月底前", "month", first)))
        await running.writer.save()
    async with working(redis, FixedClock(first + 70 * DAY)) as running:
        await running.writer.tick()
    assert [due.isoformat() for _, due in await passings(redis)] == [
        "2018-05-01T00:00:00+08:00",
        "2018-06-01T00:00:00+08:00",
        "2018-07-01T00:00:00+08:00",
    ]


@pytest.mark.parametrize("saves", [1, 2])
async def test_an_idle_instance_takes_over_the_clock(redis: Any, saves: int) -> None:
    """What another instance has appended falls due here too when that one is gone, though nothing is submitted here."""
    clock = FixedClock(START)
    async with working(redis, clock) as idle:
        await idle.submit(assigned("t1", deadline=Ongoing("持续实施")))
        async with working(redis, clock) as busy:
            await busy.submit(assigned("t2", deadline=fixed(DUE)), assigned("t3", deadline=fixed(DUE)))
            if saves == 2:
                await busy.writer.save()
        await idle.writer.save()
        clock.instant = DUE
        await idle.writer.tick()
    assert sorted(await passings(redis)) == [("t2", DUE), ("t3", DUE)]


async def recorded(redis: Any) -> list[datetime | None]:
    """Return the instants at which the events of the log were recorded."""
    return [entry.event.recorded for entry in await history(redis)]


async def test_recorded_time_never_runs_back(redis: Any) -> None:
    """Where the clock is set back, also over a restart, the ledger's time stands still until it is made up for."""
    async with working(redis) as running:
        await running.submit(assigned())
        running.clock.instant = START + DAY
        await running.submit(reported(number=1))
        running.clock.instant = START
        await running.submit(reported(number=2))
    async with working(redis, FixedClock(START)) as running:
        await running.submit(reported(number=3))
        running.clock.instant = START + 2 * DAY
        await running.submit(reported(number=4))
    assert await recorded(redis) == [START, START + DAY, START + DAY, START + DAY, START + 2 * DAY]


@pytest.mark.parametrize("saved", [True, False], ids=["saved", "not saved"])
async def test_recorded_time_never_runs_back_between_two_writers(redis: Any, saved: bool) -> None:  # noqa: FBT001
    """An instance whose clock is behind records no earlier than the other one did, however it learned of it."""
    async with working(redis) as behind, working(redis, FixedClock(START + DAY)) as ahead:
        await behind.submit(assigned())
        await ahead.submit(reported(number=1))
        if saved:
            await ahead.writer.save()
            await behind.writer.save()
        await behind.submit(reported(number=2))
    assert await recorded(redis) == [START, START + DAY, START + DAY]


@pytest.mark.parametrize("due", ["1900-01-01T00:00:00+08:30", "1950-01-01T00:00:00+08:30", "1949-12-31T17:00:00-07:00"])
async def test_what_the_clock_writes_can_be_read(redis: Any, due: str) -> None:
    """A due at the calendar's edge, in whatever offset, is refused, or its clock events can be folded."""
    event = assigned("t1", deadline=Fixed("最早", EARLIEST))
    raw = encode(event).replace(EARLIEST.isoformat().replace("+00:00", "Z").encode(), due.encode())
    assert due.encode() in raw
    async with working(redis, FixedClock(START)) as running:
        (outcome,) = await running.submit(raw, authid="office")
        await running.writer.tick()
        assert outcome.code in {None, "invalid-data"}
    await history(redis)  # reads every event
