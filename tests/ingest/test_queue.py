"""Which of what waits is decided next."""

import asyncio
from asyncio import Future
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.entries import Move
from events.envelope import InvalidEvent
from events.ledger import CLOCK
from services.common.clock import monotonic
from services.ingest.core import Outcome
from services.ingest.draft import Submission
from services.ingest.queue import ALONE_SECONDS, BATCH, BATCH_BYTES, PACE_SECONDS, PART, SLICE, Part, Queue, Waiting

LOOP = asyncio.new_event_loop()
"""Of the answers; it never runs, as nobody waits for them."""
LOOP.close()

SOURCES = ("assigner", "flood", "one", "two")


class Told:
    """Tells the seconds as the test sets them."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


def submission(name: str) -> Submission:
    return Submission(b"", "one", InvalidEvent("malformed", ""), "inbox", name)


def waiting(source: str, number: int = 0, size: int = 1) -> Waiting:
    """Return submissions that wait, known by their number and their place."""
    names = [f"{number}-{at}" for at in range(size)]
    return Waiting(source, names, len(names), submission, None, Future(loop=LOOP))


def filled(*parts: tuple[str, int], time: Told | None = None) -> Queue:
    """Return a queue in which parts of these sources and sizes wait."""
    queue = Queue(time or Told())
    for number, (source, size) in enumerate(parts):
        queue.put(waiting(source, number, size))
    return queue


def sizes(taken: Sequence[Part]) -> list[tuple[str, int]]:
    return [(part.waiting.source, len(part.sent)) for part in taken]


def names(taken: Sequence[Part]) -> list[str]:
    return [part.waiting.source for part in taken]


def test_who_comes_after_a_flood_is_in_the_next_batch() -> None:
    """Whoever waits beside a source with a thousand parts is taken with its next one."""
    queue = filled(*[("flood", PART)] * 1_000, ("one", 1), ("two", 1))
    assert sorted(names(queue.take())) == ["flood", "one", "two"]


def test_sources_that_all_flood_share_a_batch() -> None:
    """Each has its part of every batch, as fast as they are decided."""
    queue = filled(*[(source, 5 * BATCH) for source in SOURCES])
    for _ in range(10):
        assert sorted(sizes(queue.take())) == [(source, BATCH // len(SOURCES)) for source in SOURCES]


def test_more_sources_than_a_batch_has_parts_take_turns() -> None:
    """Each has as many parts taken as the others, or one more."""
    many = [f"source-{number}" for number in range(2 * BATCH // PART + 1)]
    queue = filled(*[(source, 20 * PART) for source in many])
    taken = [name for _ in range(7) for name in names(queue.take())]
    counts = [taken.count(source) for source in many]
    assert max(counts) - min(counts) <= 1


def test_small_ones_come_together() -> None:
    """A source's single submissions are taken as many at once as one part may hold."""
    queue = filled(*[("one", 1)] * 1_000, ("two", 1))
    assert names(queue.take()) == ["one"] * PART + ["two"]


def test_a_source_alone_gets_whole_batches() -> None:
    """From the start, until somebody else comes with a few, and again when nobody else has for a while."""
    time = Told()
    queue = filled(("flood", 9 * BATCH), time=time)
    assert sizes(queue.take()) == sizes(queue.take()) == [("flood", BATCH)]
    queue.put(waiting("one"))
    assert sorted(sizes(queue.take())) == [("flood", PART), ("one", 1)]
    time.seconds += ALONE_SECONDS / 2
    assert sizes(queue.take()) == [("flood", PART)]
    time.seconds += ALONE_SECONDS / 2
    assert sizes(queue.take()) == sizes(queue.take()) == [("flood", BATCH)]


def test_a_flood_rests_between_its_parts() -> None:
    """Only beside others, who do not rest."""
    time = Told()
    queue = filled(("flood", BATCH), ("one", 1), ("one", 1), time=time)
    assert sizes(queue.take()) == [("flood", PART), ("one", 1), ("one", 1)]
    queue.put(waiting("one"))
    assert sizes(queue.take()) == [("one", 1)]
    assert not queue.take()
    time.seconds += PACE_SECONDS
    assert sizes(queue.take()) == [("flood", PART)]


async def test_ready_waits_for_the_next_that_can_be_taken() -> None:
    """For one that is put, and for the end of a rest."""
    queue = Queue(monotonic)
    waits = asyncio.create_task(queue.ready())
    await asyncio.sleep(0)
    assert not waits.done()
    queue.put(waiting("flood", size=BATCH))
    queue.put(waiting("one"))
    await waits
    queue.take()
    assert not queue.take()
    await asyncio.wait_for(queue.ready(), 10)
    assert sizes(queue.take()) == [("flood", PART)]


def test_the_clock_is_nobody() -> None:
    """What the ledger's clock has to say makes no source less alone."""
    queue = filled((CLOCK, 0), ("one", BATCH))
    assert sizes(queue.take()) == [(CLOCK, 0), ("one", BATCH)]


async def test_an_inbox_is_decided_as_far_as_its_part_goes() -> None:
    """Where what was handed in is cut, so is the way that the inbox has gone by it."""
    whole = waiting("one", 7, 2 * SLICE)
    whole.move = Move("inbox", "6-9", whole.sent[-1], 2 * SLICE)
    first, rest = whole.take(SLICE + 1), whole.take(BATCH)
    for part in (first, rest, first):
        await part.read()
    between = f"7-{SLICE}"
    assert first.move == Move("inbox", "6-9", between, SLICE + 1)
    assert rest.move == Move("inbox", between, whole.sent[-1], SLICE - 1)
    assert [one.entry for part in (first, rest) for one in part.submissions] == whole.sent


def test_an_answer_is_told_when_all_is_decided() -> None:
    """In the order of the submissions, whatever they were cut into; and nobody decides what failed."""
    whole = waiting("one", size=3)
    first, rest = whole.take(1), whole.take(BATCH)
    outcomes = [Outcome("s", str(number), "accepted", number) for number in range(3)]
    first.tell(outcomes[:1])
    assert not whole.told.done()
    rest.tell(outcomes[1:])
    assert whole.told.result() == outcomes
    queue = filled(("one", 2 * BATCH), ("two", 1))
    part = queue.take()[0]
    part.fail(OSError("no room"))
    part.tell(outcomes)
    assert queue.take() == []
    with pytest.raises(OSError, match="no room"):
        part.waiting.told.result()


@given(st.lists(st.tuples(st.sampled_from(SOURCES), st.integers(0, 2 * BATCH), st.integers(0, 3)), max_size=60))
def test_all_that_waits_is_taken_once_in_its_order(parts: list[tuple[str, int, int]]) -> None:
    """Nothing is lost or doubled, a source's submissions stay in order, and no batch is larger than it may be."""
    time = Told()
    queue = Queue(time)
    for number, (source, size, seconds) in enumerate(parts):
        time.seconds += seconds
        queue.put(waiting(source, number, size))
    taken: list[Part] = []
    while batch := queue.take():
        assert sum(len(part.sent) for part in batch) <= BATCH
        taken += batch
        time.seconds += PACE_SECONDS
    assert not queue.clear()
    for source in SOURCES:
        places = [name for part in taken if part.waiting.source == source for name in part.sent]
        assert places == [
            f"{n}-{at}" for n, (name, size, _) in enumerate(parts) if name == source for at in range(size)
        ]


def test_what_is_left_can_be_told() -> None:
    """`clear` gives everything that waits and leaves nothing."""
    queue = filled(("one", 1), ("two", 2), ("one", 3))
    assert sorted(len(part.sent) for part in queue.clear()) == [1, 2, 3]
    assert not queue.clear()


def test_a_batch_is_bounded_by_bytes() -> None:
    """What is large goes into several batches, each with at least one submission."""
    queue = Queue(Told())
    large = waiting("one", 0, 10)
    large.size = 10 * (BATCH_BYTES // 4)
    queue.put(large)
    queue.put(waiting("two", 1, BATCH))
    taken = [queue.take() for _ in range(3)]
    assert max(sum(len(part.sent) * part.waiting.mean for part in batch) for batch in taken) <= 2 * BATCH_BYTES
    assert sum(len(part.sent) for batch in taken for part in batch if part.waiting.source == "one") == 10
    huge = waiting("three", 2, 3)
    huge.size = 3 * 2 * BATCH_BYTES
    queue = Queue(Told())
    queue.put(huge)
    assert [sizes(queue.take()) for _ in range(3)] == [[("three", 1)]] * 3
