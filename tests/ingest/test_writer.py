"""The writer on a real server: its answers match the log, in order, once, with other writers and crashes."""

import asyncio
import hashlib
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.entries import CursorAdvance
from events.envelope import Event, encode, read, submitted
from events.keys import key
from events.log import InboxMovedError, Log
from events.schema import TaskClosed
from events.unsaved import MOST_CHANGES
from services.common.connection import connect
from services.common.outcome import Outcome
from services.ingest.draft import RECEIPTS_KEPT, Submission
from services.ingest.queue import BATCH
from tests.events.driver import Driver, contents
from tests.examples import TASK, assigned, reported
from tests.ingest.running_writer import DAY, NAME, START, history, ids, kept, receipts, short, submission, working


async def test_each_outcome_of_one_call(redis: Any) -> None:
    """Each submission of a call has its outcome, in order: accepted, duplicate with its position, or why refused."""
    async with working(redis) as running:
        outcomes = await running.submit(
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
    async with working(redis) as running:
        assert short(await running.submit(assigned(), reported())) == [("accepted", 1), ("accepted", 2)]
        before = await contents(redis)
        assert short(await running.submit(reported(), assigned())) == [("duplicate", 2), ("duplicate", 1)]
        assert await contents(redis) == before
    async with working(redis) as running:
        assert short(await running.submit(assigned(), reported())) == [("duplicate", 1), ("duplicate", 2)]
        assert short(await running.submit(reported(percent=60))) == [("refused", "id-reused")]


async def test_what_was_refused_can_be_sent_again(redis: Any) -> None:
    """A refusal does not use the id up: the same bytes are accepted once they fit."""
    async with working(redis) as running:
        assert short(await running.submit(reported())) == [("refused", "unknown-task")]
        assert short(await running.submit(assigned(), reported())) == [("accepted", 1), ("accepted", 2)]


async def test_a_duplicate_is_one_wherever_the_task_stands(redis: Any) -> None:
    """Sent again, an event is a duplicate also where it would be refused by now."""
    async with working(redis) as running:
        await running.submit(assigned(), reported())
        running.clock.instant -= 365 * DAY  # now the report is from the future
        assert short(await running.submit(assigned(), reported())) == [("duplicate", 1), ("duplicate", 2)]


async def test_sources_have_ids_of_their_own(redis: Any) -> None:
    """The same id from another source is another event."""
    async with working(redis) as running:
        await running.submit(assigned())
        outcomes = await running.submit(reported(), msgspec.structs.replace(reported(), source="units"))
        assert short(outcomes) == [("accepted", 2), ("accepted", 3)]


async def test_batches_that_are_in_flight_at_once_know_of_each_other(redis: Any) -> None:
    """A batch decided while the one before it is being appended takes that one's events as there."""
    reports = [reported(number=number) for number in range(BATCH)]
    others = [reported(number=number, percent=99) for number in range(BATCH)]
    async with working(redis) as running:
        await running.submit(assigned())
        first, again, reused = await asyncio.gather(
            running.submit(*reports), running.submit(*reports), running.submit(*others)
        )
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
        async with working(driver.redis) as running:
            return [one for call in calls for event in call for one in short(await running.submit(event))]

    async def together(calls: list[list[Event]], at_once: int) -> list[tuple[str, int | str | None]]:
        await driver.redis.flushall()
        answers: list[list[Outcome]] = []
        async with working(driver.redis) as running:
            for start in range(0, len(calls), at_once):
                some = calls[start : start + at_once]
                answers += await asyncio.gather(
                    *(running.writer.enqueue("all", call, len(call), submission) for call in some)
                )
        return [one for answer in answers for one in short(answer)]

    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.lists(STEPS, max_size=6), max_size=12), st.integers(1, 4))
    def hold(calls: list[list[Event]], at_once: int) -> None:
        assert driver(together(calls, at_once)) == driver(alone(calls))

    hold()


async def test_what_cannot_be_read_fails_for_its_sender_alone(redis: Any) -> None:
    """An error in a submission is raised to its caller; other submissions of the batch have outcomes."""

    def broken(_: bytes) -> Submission:
        raise TypeError("no such reading")

    async with working(redis) as running:
        fault = asyncio.create_task(running.writer.enqueue("units", [b"x"], 1, broken))
        assert short(await running.submit(assigned())) == [("accepted", 1)]
        with pytest.raises(TypeError, match="no such reading"):
            await fault


async def test_a_long_call_is_decided_in_order(redis: Any) -> None:
    """More than a batch in one call: what the first part assigns, the later parts report on, each at its position."""
    events = [assigned(), *(reported(number=number) for number in range(3 * BATCH))]
    async with working(redis) as running:
        outcomes = await running.submit(*events)
    assert short(outcomes) == [("accepted", position) for position in range(1, len(events) + 1)]
    assert await ids(redis) == [event.id for event in events]


async def test_nothing_submitted_is_no_outcome(redis: Any) -> None:
    """An empty call is answered with nothing, and writes nothing."""
    async with working(redis) as running:
        assert await running.submit() == []
    assert await contents(redis) == {}


async def test_stored_events_hold_the_submitted_bytes(redis: Any) -> None:
    """The log keeps the source's own bytes and adds when it was recorded and who was authenticated."""
    raw = b' { "traceparent" : "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",' + encode(assigned())[1:]
    async with working(redis) as running:
        await running.submit(raw.strip())
    ((_, stored),) = await Log(redis, NAME).read(0)
    assert submitted(stored) == raw.strip()
    event = read(stored)
    assert (event.recorded, event.authid) == (START, "office")
    assert b'"recordedtime":"2018-03-31T02:00:00Z","authid":"office"}' in stored


async def test_refusals_are_kept(redis: Any) -> None:
    """Of every refused submission the ledger keeps number, bytes, outcome, source, instant and endpoint."""
    bad = reported("nowhere")
    async with working(redis) as running:
        by_http = await running.submit(bad, b"\xff\x00")
        running.clock.instant += DAY
        by_inbox = await running.writer.submit([submission(bad, "board", "5-1")])
    assert [msgspec.json.decode(one["e"], type=Outcome) for one in await kept(redis)] == [*by_http, *by_inbox]
    told = ("raw", "by", "at", "door")
    assert [{name: one[name] for name in told} for one in await kept(redis)] == [
        {"raw": encode(bad), "by": b"units", "at": b"2018-03-31T02:00:00Z", "door": b"http"},
        {"raw": b"\xff\x00", "by": b"units", "at": b"2018-03-31T02:00:00Z", "door": b"http"},
        {"raw": encode(bad), "by": b"board", "at": b"2018-04-01T02:00:00Z", "door": b"duban:{zhanjiang}:inbox:board"},
    ]
    assert [(one["n"], one["size"], one["sha256"]) for one in await kept(redis)] == [
        (str(number).encode(), str(len(raw)).encode(), hashlib.sha256(raw).hexdigest().encode())
        for number, raw in enumerate((encode(bad), b"\xff\x00", encode(bad)), 1)
    ]
    assert short(by_inbox) == [("refused", "not-permitted")]


async def test_a_source_cannot_speak_for_another(redis: Any) -> None:
    """An event whose `source` is not the authenticated one is not permitted, also as a copy of what is there."""
    async with working(redis) as running:
        assert short(await running.submit(assigned(), authid="units")) == [("refused", "not-permitted")]
        await running.submit(assigned())
        assert short(await running.submit(assigned(), authid="units")) == [("refused", "not-permitted")]


async def test_receipts_tell_the_outcomes_of_an_inbox(redis: Any) -> None:
    """What came by an inbox has a receipt with its outcome and the inbox entry, and the inbox is read on."""
    inbox = key(NAME, "inbox", "office")
    entries = [
        submission(assigned(), entry="1-1"),
        submission(assigned(), entry="1-2"),
        submission(b"[", "office", "2-0"),
    ]
    async with working(redis) as running:
        outcomes = await running.writer.submit(entries, CursorAdvance(inbox, "0-0", "2-0", 3))
        assert await running.writer.log.cursor(inbox) == "2-0"
    assert short(outcomes) == [("accepted", 1), ("duplicate", 1), ("refused", "malformed")]
    assert await receipts(redis, "office") == list(zip(["1-1", "1-2", "2-0"], outcomes, strict=True))
    assert len(await kept(redis)) == 1
    assert RECEIPTS_KEPT >= 100_000


async def test_inbox_entries_are_decided_once(redis: Any) -> None:
    """Entries that another instance has decided raise InboxMovedError and leave nothing, not even refusals."""
    inbox = key(NAME, "inbox", "office")
    entry = submission(assigned(), entry="1-1")
    async with working(redis) as running, working(redis) as other:
        await running.writer.submit([entry], CursorAdvance(inbox, "0-0", "1-1", 1))
        with pytest.raises(InboxMovedError):
            await other.writer.submit([entry], CursorAdvance(inbox, "0-0", "1-1", 1))
        mixed = await asyncio.gather(
            other.writer.submit([submission(b"[", "office", "1-1")], CursorAdvance(inbox, "0-0", "1-1", 1)),
            other.submit(reported()),
            return_exceptions=True,
        )
    assert isinstance(mixed[0], InboxMovedError)
    assert not isinstance(mixed[1], BaseException)
    assert short(mixed[1]) == [("accepted", 2)]
    assert await kept(redis) == []
    assert len(await receipts(redis, "office")) == 1


async def test_an_inbox_is_decided_in_batches(redis: Any) -> None:
    """One call may be larger than a batch, also next to others: the inbox advances with each chunk."""
    inbox = key(NAME, "inbox", "units")
    entries = [submission(reported(number=number), entry=f"{number}-0") for number in range(1, 2 * BATCH)]
    async with working(redis) as running:
        await running.submit(assigned())
        outcomes = await running.writer.submit(
            entries, CursorAdvance(inbox, "0-0", entries[-1].entry or "", len(entries))
        )
        assert await running.writer.log.cursor(inbox) == entries[-1].entry
    assert short(outcomes) == [("accepted", position) for position in range(2, 2 * BATCH + 1)]
    assert await receipts(redis, "units") == list(zip([one.entry for one in entries], outcomes, strict=True))


async def test_two_writers_lose_and_double_nothing(redis: Any, server_url: str) -> None:
    """Two instances write one ledger at once: each event is there once, at the position that was answered."""
    second = connect(server_url)
    async with working(redis) as running, working(second) as other:
        await running.submit(assigned())

        async def send(number: int) -> list[Outcome]:
            here, there = (running, other) if number % 2 else (other, running)
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
    async with working(redis) as running, working(redis) as other:
        await asyncio.gather(running.submit(), other.submit())
        answers = await asyncio.gather(
            *(writer.submit(*call) for writer, call in zip((running, other, running, other), calls, strict=True))
        )
    assert {one.outcome for answer in answers for one in answer} == {"accepted"}
    told = await ids(redis)
    for call in calls:
        own = {event.id for event in call}
        assert [id for id in told if id in own] == [event.id for event in call]


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
        async with working(driver.redis) as running:
            await running.submit(assigned())
            answers = []
            for call, turns in plan:
                work = running.submit(*(variant(number, other=other) for number, other in call))
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
                running = one if (split >> count) & 1 else other_one
                work = running.submit(*(variant(number, other=other) for number, other in call))
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


async def test_much_that_is_unsaved_is_saved_at_once(redis: Any) -> None:
    """A bulk of assignments is saved in bounded parts as it is appended, not all together by the next regular save."""
    async with working(redis) as running:
        state = running.writer.model.state
        for start in range(0, MOST_CHANGES + BATCH, BATCH):
            await running.submit(*(assigned(f"t-{number}", id=f"a-{number}") for number in range(start, start + BATCH)))
            assert state.full == (start + BATCH >= MOST_CHANGES > state.saved)
            await running.writer.save_if_full()
            assert state.saved == (0 if start + BATCH < MOST_CHANGES else MOST_CHANGES)
