"""The writer on a real server: what it answers is what is there, in order, once, whoever else writes or dies."""

import asyncio
import contextlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.deadline import EARLIEST, Deadline, Fixed, Ongoing, Recurring
from events.envelope import Event, encode, read, submitted
from events.log import InboxMovedError, Log, Move, key
from events.schema import DeadlineNeared, DeadlinePassed, TaskClosed
from services.clock import FixedClock
from services.ingest.core import Outcome
from services.ingest.draft import RECEIPTS_KEPT, Submission
from services.ingest.queue import BATCH
from services.ingest.store import UnavailableError
from services.server import connect
from tests.events.driver import Driver, contents
from tests.events.failover import promote, replica_of
from tests.examples import TASK, assigned, reported
from tests.ingest.desk import DAY, NAME, START, history, ids, kept, receipts, short, submission, working
from tests.servers import Server

DUE = datetime(2019, 1, 1, tzinfo=START.tzinfo)


async def test_each_outcome_of_one_call(redis: Any) -> None:
    """Each submission of a call has its outcome, in order: accepted, duplicate with its position, or why refused."""
    async with working(redis) as desk:
        outcomes = await desk.submit(
            assigned(), reported(), reported(), reported(percent=60), reported(unit="市体育局"), b"{", authid=None
        )
        assert short(outcomes) == [
            ("accepted", 1),
            ("accepted", 2),
            ("duplicate", 2),
            ("refused", "id-reused"),
            ("refused", "not-responsible"),
            ("refused", "malformed"),
        ]
        assert (outcomes[1].source, outcomes[1].id) == (reported().source, reported().id)
        assert [bool(one.detail) for one in outcomes] == [False, False, False, True, True, True]
    assert await ids(redis) == [assigned().id, reported().id]


async def test_the_same_again_changes_nothing(redis: Any) -> None:
    """Sent again, now or to a later instance, an event is a duplicate, and not a byte changes on the server."""
    async with working(redis) as desk:
        assert short(await desk.submit(assigned(), reported())) == [("accepted", 1), ("accepted", 2)]
        before = await contents(redis)
        assert short(await desk.submit(reported(), assigned())) == [("duplicate", 2), ("duplicate", 1)]
        assert await contents(redis) == before
    async with working(redis) as desk:
        assert short(await desk.submit(assigned(), reported())) == [("duplicate", 1), ("duplicate", 2)]
        assert short(await desk.submit(reported(percent=60))) == [("refused", "id-reused")]


async def test_what_was_refused_can_be_sent_again(redis: Any) -> None:
    """A refusal does not use the id up: the same bytes are accepted once they fit."""
    async with working(redis) as desk:
        assert short(await desk.submit(reported())) == [("refused", "unknown-task")]
        assert short(await desk.submit(assigned(), reported())) == [("accepted", 1), ("accepted", 2)]


async def test_a_duplicate_is_one_wherever_the_task_stands(redis: Any) -> None:
    """Sent again, an event is a duplicate also where it would be refused by now."""
    async with working(redis) as desk:
        await desk.submit(assigned(), reported())
        desk.clock.instant -= 365 * DAY  # now the report is from the future
        assert short(await desk.submit(assigned(), reported())) == [("duplicate", 1), ("duplicate", 2)]


async def test_sources_have_ids_of_their_own(redis: Any) -> None:
    """The same id from another source is another event."""
    async with working(redis) as desk:
        await desk.submit(assigned())
        outcomes = await desk.submit(reported(), msgspec.structs.replace(reported(), source="units"))
        assert short(outcomes) == [("accepted", 2), ("accepted", 3)]


async def test_batches_that_are_in_flight_at_once_know_of_each_other(redis: Any) -> None:
    """A batch decided while the one before it is being appended takes that one's events as there."""
    reports = [reported(number=number) for number in range(BATCH)]
    others = [reported(number=number, percent=99) for number in range(BATCH)]
    async with working(redis) as desk:
        await desk.submit(assigned())
        first, again, reused = await asyncio.gather(desk.submit(*reports), desk.submit(*reports), desk.submit(*others))
    positions = range(2, BATCH + 2)
    assert short(first) == [("accepted", position) for position in positions]
    assert short(again) == [("duplicate", position) for position in positions]
    assert short(reused) == [("refused", "id-reused")] * BATCH
    assert len(await history(redis)) == BATCH + 1


def closed(task: str) -> Event:
    return Event(f"closed-{task}", "office", task, assigned().time, TaskClosed("cancelled", "不再办理"))


STEPS = st.one_of(
    st.builds(assigned, st.sampled_from([TASK, "t2"])),
    st.builds(closed, st.sampled_from([TASK, "t2"])),
    st.builds(reported, st.sampled_from([TASK, "t2"]), st.integers(0, 9), percent=st.integers(0, 1)),
)
"""What two tasks may go through; of few, so that much of it is sent again, or with other bytes."""


def test_outcomes_do_not_depend_on_batches(driver: Driver) -> None:
    """Whatever is decided ahead of whatever else, each submission has the outcome that it has alone.

    Also one that is sent again when its task is closed, or that comes with another one that is refused.
    """

    async def alone(calls: list[list[Event]]) -> list[tuple[str, int | str | None]]:
        await driver.redis.flushall()
        async with working(driver.redis) as desk:
            return [one for call in calls for event in call for one in short(await desk.submit(event))]

    async def together(calls: list[list[Event]], at_once: int) -> list[tuple[str, int | str | None]]:
        await driver.redis.flushall()
        answers: list[list[Outcome]] = []
        async with working(driver.redis) as desk:
            for start in range(0, len(calls), at_once):
                some = calls[start : start + at_once]
                answers += await asyncio.gather(*(desk.writer.hand_in("all", call, submission) for call in some))
        return [one for answer in answers for one in short(answer)]

    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.lists(STEPS, max_size=6), max_size=12), st.integers(1, 4))
    def hold(calls: list[list[Event]], at_once: int) -> None:
        assert driver(together(calls, at_once)) == driver(alone(calls))

    hold()


async def test_what_cannot_be_read_fails_for_its_sender_alone(redis: Any) -> None:
    """A fault in reading is raised where it was handed in; what is decided beside it has its outcomes."""

    def broken(_: bytes) -> Submission:
        raise TypeError("no such reading")

    async with working(redis) as desk:
        fault = asyncio.create_task(desk.writer.hand_in("units", [b"x"], broken))
        assert short(await desk.submit(assigned())) == [("accepted", 1)]
        with pytest.raises(TypeError, match="no such reading"):
            await fault


async def test_a_long_call_is_decided_in_order(redis: Any) -> None:
    """More than a batch in one call: what the first part assigns, the later parts report on, each at its position."""
    events = [assigned(), *(reported(number=number) for number in range(3 * BATCH))]
    async with working(redis) as desk:
        outcomes = await desk.submit(*events)
    assert short(outcomes) == [("accepted", position) for position in range(1, len(events) + 1)]
    assert await ids(redis) == [event.id for event in events]


async def test_nothing_submitted_is_no_outcome(redis: Any) -> None:
    """An empty call is answered with nothing, and writes nothing."""
    async with working(redis) as desk:
        assert await desk.submit() == []
    assert await contents(redis) == {}


async def test_stored_events_hold_the_submitted_bytes(redis: Any) -> None:
    """The log keeps the source's own bytes and adds when it was recorded and who was authenticated."""
    raw = b' { "traceparent" : "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",' + encode(assigned())[1:]
    async with working(redis) as desk:
        await desk.submit(raw.strip())
    ((_, stored),) = await Log(redis, NAME).read(0)
    assert submitted(stored) == raw.strip()
    event = read(stored)
    assert (event.recorded, event.authid) == (START, "office")
    assert b'"recordedtime":"2018-03-31T02:00:00Z","authid":"office"}' in stored


async def test_refusals_are_kept(redis: Any) -> None:
    """Of every refused submission the ledger keeps the bytes, the outcome, who sent it, when, and by which door."""
    bad = reported("nowhere")
    async with working(redis) as desk:
        by_http = await desk.submit(bad, b"\xff\x00")
        desk.clock.instant += DAY
        by_inbox = await desk.writer.submit([submission(bad, "board", "5-1")])
    assert [msgspec.json.decode(one["e"], type=Outcome) for one in await kept(redis)] == [*by_http, *by_inbox]
    assert [{name: value for name, value in one.items() if name != "e"} for one in await kept(redis)] == [
        {"raw": encode(bad), "by": b"units", "at": b"2018-03-31T02:00:00Z", "door": b"http"},
        {"raw": b"\xff\x00", "by": b"units", "at": b"2018-03-31T02:00:00Z", "door": b"http"},
        {"raw": encode(bad), "by": b"board", "at": b"2018-04-01T02:00:00Z", "door": b"duban:{zhanjiang}:inbox:board"},
    ]
    assert short(by_inbox) == [("refused", "not-permitted")]


async def test_a_source_cannot_speak_for_another(redis: Any) -> None:
    """An event whose `source` is not the authenticated one is not permitted, also as a copy of what is there."""
    async with working(redis) as desk:
        assert short(await desk.submit(assigned(), authid="units")) == [("refused", "not-permitted")]
        await desk.submit(assigned())
        assert short(await desk.submit(assigned(), authid="units")) == [("refused", "not-permitted")]


async def test_receipts_tell_the_outcomes_of_an_inbox(redis: Any) -> None:
    """What came by an inbox has a receipt with its outcome and the inbox entry, and the inbox is read on."""
    inbox = key(NAME, "inbox", "office")
    entries = [
        submission(assigned(), entry="1-1"),
        submission(assigned(), entry="1-2"),
        submission(b"[", "office", "2-0"),
    ]
    async with working(redis) as desk:
        outcomes = await desk.writer.submit(entries, Move(inbox, "0-0", "2-0"))
        assert await desk.writer.log.cursor(inbox) == "2-0"
    assert short(outcomes) == [("accepted", 1), ("duplicate", 1), ("refused", "malformed")]
    assert await receipts(redis, "office") == list(zip(["1-1", "1-2", "2-0"], outcomes, strict=True))
    assert len(await kept(redis)) == 1
    assert RECEIPTS_KEPT >= 100_000


async def test_inbox_entries_are_decided_once(redis: Any) -> None:
    """Entries that another instance has decided raise InboxMovedError and leave nothing, not even refusals."""
    inbox = key(NAME, "inbox", "office")
    entry = submission(assigned(), entry="1-1")
    async with working(redis) as desk, working(redis) as other:
        await desk.writer.submit([entry], Move(inbox, "0-0", "1-1"))
        with pytest.raises(InboxMovedError):
            await other.writer.submit([entry], Move(inbox, "0-0", "1-1"))
        mixed = await asyncio.gather(
            other.writer.submit([submission(b"[", "office", "1-1")], Move(inbox, "0-0", "1-1")),
            other.submit(reported()),
            return_exceptions=True,
        )
    assert isinstance(mixed[0], InboxMovedError)
    assert not isinstance(mixed[1], BaseException)
    assert short(mixed[1]) == [("accepted", 2)]
    assert await kept(redis) == []
    assert len(await receipts(redis, "office")) == 1


async def test_an_inbox_is_decided_in_batches(redis: Any) -> None:
    """What is handed in at once may be more than a batch, also beside others: the inbox is read on with each part."""
    inbox = key(NAME, "inbox", "units")
    entries = [submission(reported(number=number), entry=f"{number}-0") for number in range(1, 2 * BATCH)]
    async with working(redis) as desk:
        await desk.submit(assigned())
        outcomes = await desk.writer.submit(entries, Move(inbox, "0-0", entries[-1].entry or ""))
        assert await desk.writer.log.cursor(inbox) == entries[-1].entry
    assert short(outcomes) == [("accepted", position) for position in range(2, 2 * BATCH + 1)]
    assert await receipts(redis, "units") == list(zip([one.entry for one in entries], outcomes, strict=True))


async def test_two_writers_lose_and_double_nothing(redis: Any, server_url: str) -> None:
    """Two instances write one ledger at once: each event is there once, at the position that was answered."""
    second = connect(server_url)
    async with working(redis) as desk, working(second) as other:
        await desk.submit(assigned())

        async def send(number: int) -> list[Outcome]:
            here, there = (desk, other) if number % 2 else (other, desk)
            first, again = await asyncio.gather(
                here.submit(reported(number=number)), there.submit(reported(number=number))
            )
            return [*first, *again]

        outcomes = await asyncio.gather(*(send(number) for number in range(200)))
    await second.aclose()
    events = await history(redis)
    assert len(events) == 201
    place = {entry.event.id: entry.position for entry in events}
    for number, pair in enumerate(outcomes):
        position = place[reported(number=number).id]
        assert sorted(short(pair)) == [("accepted", position), ("duplicate", position)]


def reports(task: str, count: int) -> list[Event]:
    """Return so many reports on a task."""
    return [reported(task, number) for number in range(count)]


async def test_two_writers_keep_the_order_of_a_call(redis: Any) -> None:
    """However often another instance comes in between, the events of a call stay in their order."""
    calls = [
        [event for count in range(6) for event in (assigned(f"{task}-{count}"), *reports(f"{task}-{count}", BATCH - 1))]
        for task in ("t1", "t2", "t3", "t4")
    ]
    async with working(redis) as desk, working(redis) as other:
        await asyncio.gather(desk.writer.sync(), other.writer.sync())
        answers = await asyncio.gather(
            *(writer.submit(*call) for writer, call in zip((desk, other, desk, other), calls, strict=True))
        )
    assert {one.outcome for answer in answers for one in answer} == {"accepted"}
    told = await ids(redis)
    for call in calls:
        own = {event.id for event in call}
        assert [id for id in told if id in own] == [event.id for event in call]


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
    async with working(redis) as desk:
        await desk.submit(assigned(deadline=fixed(DUE)))
        for instant in (DUE - 30 * DAY - timedelta(seconds=1), DUE - 30 * DAY, DUE - 7 * DAY, DUE - DAY / 2, DUE):
            desk.clock.instant = instant
            await desk.writer.tick()
            await desk.writer.tick()
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
    async with working(redis) as desk:
        await desk.submit(assigned(deadline=fixed(START + DAY)))
        desk.clock.instant = START + 2 * DAY
        assert short(await desk.submit(reported())) == [("accepted", 4)]
    assert [entry.event.type for entry in await history(redis)] == [
        "duban.task.assigned.v1",
        "duban.deadline.neared.v1",
        "duban.deadline.passed.v1",
        "duban.progress.reported.v1",
    ]


async def test_a_passing_is_recorded_once_by_two_writers(redis: Any) -> None:
    """Two instances whose clocks strike at the same instant record each passing once, however often they look."""
    clock = FixedClock(START)
    async with working(redis, clock) as desk, working(redis, clock) as other:
        await desk.submit(*(assigned(f"t{number}", deadline=fixed(DUE)) for number in range(20)))
        await other.submit(*(assigned(f"u{number}", deadline=fixed(DUE)) for number in range(20)))
        clock.instant = DUE
        for _ in range(3):
            await asyncio.gather(*(one.writer.tick() for one in (desk, other) for _ in range(3)))
        await asyncio.gather(desk.submit(reported("t1")), other.submit(reported("t2")))
    names = [f"{letter}{number}" for letter in "tu" for number in range(20)]
    assert sorted(await passings(redis)) == sorted((name, DUE) for name in names)


async def test_a_passing_is_recorded_after_being_down(redis: Any) -> None:
    """An instance that was down over the due instant records at its first tick what it owes, once."""
    async with working(redis) as desk:
        await desk.submit(assigned(deadline=fixed(DUE)))
    for late in (DAY, 2 * DAY):
        async with working(redis, FixedClock(DUE + late)) as desk:
            await desk.writer.tick()
            await desk.writer.tick()
    assert await passings(redis) == [(TASK, DUE)]
    assert (await history(redis))[-1].event.recorded == DUE + DAY


@pytest.mark.parametrize("saved", [True, False], ids=["saved", "not saved"])
async def test_a_restart_between_reminders_repeats_none(redis: Any, saved: bool) -> None:  # noqa: FBT001
    """Each instance, whether it takes up saved rows or folds anew, goes on where the last one's clock stood."""
    for instant in (START, DUE - 30 * DAY, DUE - 7 * DAY, DUE - DAY, DUE, DUE + DAY):
        async with working(redis, FixedClock(instant)) as desk:
            await desk.submit(assigned(deadline=fixed(DUE)))
            await desk.writer.tick()
            if saved:
                await desk.writer.save()
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
    async with working(redis) as desk:
        await desk.submit(assigned(deadline=Recurring("每月底前", "month", first)))
        await desk.writer.save()
    async with working(redis, FixedClock(first + 70 * DAY)) as desk:
        await desk.writer.tick()
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
    async with working(redis) as desk:
        await desk.submit(assigned())
        desk.clock.instant = START + DAY
        await desk.submit(reported(number=1))
        desk.clock.instant = START
        await desk.submit(reported(number=2))
    async with working(redis, FixedClock(START)) as desk:
        await desk.submit(reported(number=3))
        desk.clock.instant = START + 2 * DAY
        await desk.submit(reported(number=4))
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


async def test_who_waits_is_told_when_the_writer_stops(redis: Any) -> None:
    """When ingest stops, nobody waits for ever: each call has outcomes or UnavailableError, and all can be resent."""
    events = [reported(number=number) for number in range(2_000)]
    async with working(redis) as desk:
        await desk.submit(assigned())
        calls = [asyncio.create_task(desk.submit(*events[start : start + 150])) for start in range(0, 2_000, 150)]
        await calls[0]
    async with asyncio.timeout(10):
        answers = await asyncio.gather(*calls, return_exceptions=True)
    told = [answer for answer in answers if isinstance(answer, BaseException)]
    assert all(isinstance(answer, UnavailableError) for answer in told)
    async with working(redis) as desk:
        again = await desk.submit(*events)
    assert [one.position for one in again] == list(range(2, 2_002))
    for answer in answers:
        assert isinstance(answer, BaseException) or {one.outcome for one in answer} == {"accepted"}


async def test_a_log_that_was_cut_is_not_written(redis: Any) -> None:
    """Where the log ends before what the write model knows, a wrong backup was put back: nothing is accepted."""
    async with working(redis) as desk:
        await desk.submit(assigned(), reported())
        await desk.writer.save()
    await redis.delete(key(NAME, "log"))
    async with working(redis) as desk:
        with pytest.raises(UnavailableError, match="the log ends at 0, the write model knows 2"):
            await desk.submit(reported(number=2))
        assert not desk.writer.ready


@pytest.mark.parametrize("others", range(3))
async def test_after_a_failover_the_writer_goes_on_from_that_log(redis: Any, others: int) -> None:
    """Where the log ends earlier, or has others' events at the same positions, what is decided is decided on those."""
    async with working(redis) as desk:
        await desk.submit(assigned())
        await desk.writer.save()
        replica = await replica_of(redis)
        await desk.submit(assigned("lost"), assigned("lost-2"))
        await promote(redis, replica)
        async with working(redis) as other:
            await other.submit(*(assigned(f"other-{number}") for number in range(others)))
        assert short(await desk.submit(reported("lost"), assigned("lost"))) == [
            ("refused", "unknown-task"),
            ("accepted", 2 + others),
        ]
    assert await ids(redis) == [assigned(name).id for name in (TASK, *(f"other-{n}" for n in range(others)), "lost")]


async def test_a_server_that_is_away_is_told(redis: Any, server: Server) -> None:
    """Without the server a submission raises UnavailableError and the writer is not ready; with it, all goes on."""
    async with working(redis) as desk:
        await desk.submit(assigned())
        assert desk.writer.ready
        server.kill()
        try:
            with pytest.raises(UnavailableError):
                await desk.submit(reported())
            assert not desk.writer.ready
            with pytest.raises(UnavailableError):
                await desk.writer.tick()
        finally:
            server.start()
        assert short(await desk.submit(assigned(), reported())) == [("duplicate", 1), ("accepted", 2)]
        assert desk.writer.ready


async def test_what_was_acknowledged_survives_a_killed_server(redis: Any, server: Server) -> None:
    """With sources that send on over a crash of the server, all that was acknowledged is there, once, in its place."""
    acknowledged: dict[str, int] = {}
    killed = asyncio.Event()

    async def send(task: str) -> None:
        """Send reports one by one, again and again until each is answered, some of them after the crash."""
        number = left = 0
        while left < 5:
            number += 1
            left += killed.is_set()
            event = reported(task, number)
            while event.id not in acknowledged:
                with contextlib.suppress(UnavailableError):
                    (outcome,) = await desk.submit(event)
                    assert outcome.position is not None
                    acknowledged[event.id] = outcome.position

    def crash() -> None:
        server.kill()
        server.start()

    async with working(redis) as desk:
        tasks = [f"t{number}" for number in range(8)]
        await desk.submit(*(assigned(task) for task in tasks))
        sources = [asyncio.create_task(send(task)) for task in tasks]
        await asyncio.sleep(0.3)
        await asyncio.to_thread(crash)
        killed.set()
        await asyncio.gather(*sources)
    places = {entry.event.id: entry.position for entry in await history(redis) if entry.position > len(tasks)}
    assert places == acknowledged
    for task in tasks:
        own = [id for id in places if id.startswith(f"report-{task}-")]
        assert own == [reported(task, number).id for number in range(1, len(own) + 1)]


@pytest.fixture
def driver(server_url: str) -> Iterator[Driver]:
    """Return a driver of the session's server, for properties."""
    driver = Driver(server_url)
    yield driver
    driver.close()


Call = list[tuple[int, bool]]
"""Which report is sent, and whether with other bytes under the same id."""

calls = st.lists(
    st.tuples(st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=8), st.integers(0, 30)),
    min_size=1,
    max_size=10,
)
"""Calls, and for how many turns of the event loop the next one keeps waiting."""


def variant(number: int, *, other: bool) -> Event:
    """Return a report in one of two wordings that share its id."""
    return reported(number=number, percent=60 if other else 50)


def test_accepted_once_then_a_duplicate(driver: Driver) -> None:
    """In any repetition and interleaving of calls, what comes first is accepted, later ones are measured by it."""

    async def example(plan: list[tuple[Call, int]]) -> None:
        await driver.redis.flushall()
        async with working(driver.redis) as desk:
            await desk.submit(assigned())
            answers = []
            for call, turns in plan:
                work = desk.submit(*(variant(number, other=other) for number, other in call))
                answers.append(asyncio.create_task(work))
                for _ in range(turns):
                    await asyncio.sleep(0)
            told = [short(await answer) for answer in answers]
        first: dict[int, tuple[int, bool]] = {}
        for (call, _), answer in zip(plan, told, strict=True):
            expected: list[tuple[str, int | str | None]] = []
            for number, other in call:
                if number not in first:
                    first[number] = (len(first) + 2, other)
                    expected.append(("accepted", first[number][0]))
                elif first[number][1] == other:
                    expected.append(("duplicate", first[number][0]))
                else:
                    expected.append(("refused", "id-reused"))
            assert answer == expected
        stored = [(entry.event.id, entry.event.data) for entry in (await history(driver.redis))[1:]]
        assert stored == [
            (variant(number, other=other).id, variant(number, other=other).data) for number, (_, other) in first.items()
        ]
        assert len(await kept(driver.redis)) == sum(answer.count(("refused", "id-reused")) for answer in told)

    @settings(max_examples=60, deadline=None)
    @given(calls)
    def law(plan: list[tuple[Call, int]]) -> None:
        driver(example(plan))

    law()


def test_accepted_once_by_any_of_two_writers(driver: Driver) -> None:
    """Spread over two instances in any way, each id is accepted once; the same bytes elsewhere are its duplicates."""

    async def example(plan: list[tuple[Call, int]], split: int) -> None:
        await driver.redis.flushall()
        async with working(driver.redis) as one, working(driver.redis) as other_one:
            await one.submit(assigned())
            answers = []
            for count, (call, turns) in enumerate(plan):
                desk = one if (split >> count) & 1 else other_one
                work = desk.submit(*(variant(number, other=other) for number, other in call))
                answers.append(asyncio.create_task(work))
                for _ in range(turns):
                    await asyncio.sleep(0)
            told = [await answer for answer in answers]
        stored = {entry.event.id: entry for entry in await history(driver.redis)}
        sent = [pair for call, _ in plan for pair in call]
        outcomes = [outcome for answer in told for outcome in answer]
        for (number, other), outcome in zip(sent, outcomes, strict=True):
            event = variant(number, other=other)
            entry = stored[event.id]
            if entry.event.data == event.data:
                assert (outcome.outcome in {"accepted", "duplicate"}, outcome.position) == (True, entry.position)
            else:
                assert (outcome.outcome, outcome.code) == ("refused", "id-reused")
        accepted = [outcome.id for outcome in outcomes if outcome.outcome == "accepted"]
        assert sorted(map(str, accepted)) == sorted(stored.keys() - {assigned().id})

    @settings(max_examples=60, deadline=None)
    @given(calls, st.integers(0, 2**10 - 1))
    def law(plan: list[tuple[Call, int]], split: int) -> None:
        driver(example(plan, split))

    law()


@pytest.mark.parametrize("due", ["1900-01-01T00:00:00+08:30", "1950-01-01T00:00:00+08:30", "1949-12-31T17:00:00-07:00"])
async def test_what_the_clock_writes_can_be_read(redis: Any, due: str) -> None:
    """A due at the calendar's edge, in whatever offset, is refused, or what the clock says of it can be folded."""
    event = assigned("t1", deadline=Fixed("最早", EARLIEST))
    raw = encode(event).replace(EARLIEST.isoformat().replace("+00:00", "Z").encode(), due.encode())
    assert due.encode() in raw
    async with working(redis, FixedClock(START)) as desk:
        (outcome,) = await desk.submit(raw, authid="office")
        await desk.writer.tick()
        assert outcome.code in {None, "invalid-data"}
    await history(redis)  # reads every event
