"""Which of what waits is decided next."""

import asyncio
from asyncio import Future
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.entries import CursorAdvance
from events.envelope import InvalidEvent
from events.ledger import CLOCK
from services.common.clock import monotonic
from services.common.outcome import Outcome
from services.ingest.draft import Submission
from services.ingest.queue import ALONE_SECONDS, BATCH, BATCH_BYTES, CHUNK, PACE_SECONDS, Queue
from services.ingest.request import SLICE, Chunk, WriteRequest

LOOP = asyncio.new_event_loop()
"""Of the answers; it never runs, as nobody waits for them."""
LOOP.close()

SOURCES = ("assigner", "flood", "one", "two")


class Seconds:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


def submission(name: str) -> Submission:
    return Submission(b"", "one", InvalidEvent("malformed", ""), "inbox", name)


def request(source: str, number: int = 0, size: int = 1) -> WriteRequest:
    """Return submissions that wait, known by their number and their place."""
    names = [f"{number}-{at}" for at in range(size)]
    return WriteRequest(source, names, len(names), submission, None, Future(loop=LOOP))


def filled(*parts: tuple[str, int], time: Seconds | None = None) -> Queue:
    """Return a queue in which parts of these sources and sizes wait."""
    queue = Queue(time or Seconds())
    for number, (source, size) in enumerate(parts):
        queue.put(request(source, number, size))
    return queue


def sizes(taken: Sequence[Chunk]) -> list[tuple[str, int]]:
    return [(chunk.request.source, len(chunk.sent)) for chunk in taken]


def names(taken: Sequence[Chunk]) -> list[str]:
    return [chunk.request.source for chunk in taken]


def test_who_comes_after_a_flood_is_in_the_next_batch() -> None:
    """Whoever waits beside a source with a thousand parts is taken with its next one."""
    queue = filled(*[("flood", CHUNK)] * 1_000, ("one", 1), ("two", 1))
    assert sorted(names(queue.take())) == ["flood", "one", "two"]


def test_sources_that_all_flood_share_a_batch() -> None:
    """Each has its chunk of every batch, as fast as they are decided."""
    queue = filled(*[(source, 5 * BATCH) for source in SOURCES])
    for _ in range(10):
        assert sorted(sizes(queue.take())) == [(source, BATCH // len(SOURCES)) for source in SOURCES]


def test_more_sources_than_a_batch_has_parts_take_turns() -> None:
    """Each has as many parts taken as the others, or one more."""
    many = [f"source-{number}" for number in range(2 * BATCH // CHUNK + 1)]
    queue = filled(*[(source, 20 * CHUNK) for source in many])
    taken = [name for _ in range(7) for name in names(queue.take())]
    counts = [taken.count(source) for source in many]
    assert max(counts) - min(counts) <= 1


def test_small_ones_come_together() -> None:
    """A source's single submissions are taken as many at once as one chunk may hold."""
    queue = filled(*[("one", 1)] * 1_000, ("two", 1))
    assert names(queue.take()) == ["one"] * CHUNK + ["two"]


def test_a_source_alone_gets_whole_batches() -> None:
    """From the start, until somebody else comes with a few, and again when nobody else has for a while."""
    time = Seconds()
    queue = filled(("flood", 9 * BATCH), time=time)
    assert sizes(queue.take()) == sizes(queue.take()) == [("flood", BATCH)]
    queue.put(request("one"))
    assert sorted(sizes(queue.take())) == [("flood", CHUNK), ("one", 1)]
    time.seconds += ALONE_SECONDS / 2
    assert sizes(queue.take()) == [("flood", CHUNK)]
    time.seconds += ALONE_SECONDS / 2
    assert sizes(queue.take()) == sizes(queue.take()) == [("flood", BATCH)]


def test_a_flood_rests_between_its_parts() -> None:
    """Only beside others, who do not rest."""
    time = Seconds()
    queue = filled(("flood", BATCH), ("one", 1), ("one", 1), time=time)
    assert sizes(queue.take()) == [("flood", CHUNK), ("one", 1), ("one", 1)]
    queue.put(request("one"))
    assert sizes(queue.take()) == [("one", 1)]
    assert not queue.take()
    time.seconds += PACE_SECONDS
    assert sizes(queue.take()) == [("flood", CHUNK)]


async def test_ready_waits_for_the_next_that_can_be_taken() -> None:
    """For one that is put, and for the end of a rest."""
    queue = Queue(monotonic)
    waits = asyncio.create_task(queue.ready())
    await asyncio.sleep(0)
    assert not waits.done()
    queue.put(request("flood", size=BATCH))
    queue.put(request("one"))
    await waits
    queue.take()
    assert not queue.take()
    await asyncio.wait_for(queue.ready(), 10)
    assert sizes(queue.take()) == [("flood", CHUNK)]


def test_the_clock_is_nobody() -> None:
    """What the ledger's clock has to say makes no source less alone."""
    queue = filled((CLOCK, 0), ("one", BATCH))
    assert sizes(queue.take()) == [(CLOCK, 0), ("one", BATCH)]


async def test_an_inbox_is_decided_as_far_as_its_part_goes() -> None:
    """Where what was handed in is cut, so is the way that the inbox has gone by it."""
    whole = request("one", 7, 2 * SLICE)
    whole.advance = CursorAdvance("inbox", "6-9", whole.sent[-1], 2 * SLICE)
    first, rest = whole.take(SLICE + 1), whole.take(BATCH)
    for chunk in (first, rest, first):
        await chunk.read()
    between = f"7-{SLICE}"
    assert first.advance == CursorAdvance("inbox", "6-9", between, SLICE + 1)
    assert rest.advance == CursorAdvance("inbox", between, whole.sent[-1], SLICE - 1)
    assert [one.entry for chunk in (first, rest) for one in chunk.submissions] == whole.sent


def test_an_answer_is_told_when_all_is_decided() -> None:
    """In the order of the submissions, whatever they were cut into; and nobody decides what failed."""
    whole = request("one", size=3)
    first, rest = whole.take(1), whole.take(BATCH)
    outcomes = [Outcome("s", str(number), "accepted", number) for number in range(3)]
    first.answer(outcomes[:1])
    assert not whole.done.done()
    rest.answer(outcomes[1:])
    assert whole.done.result() == outcomes
    queue = filled(("one", 2 * BATCH), ("two", 1))
    chunk = queue.take()[0]
    chunk.fail(OSError("no room"))
    chunk.answer(outcomes)
    assert queue.take() == []
    with pytest.raises(OSError, match="no room"):
        chunk.request.done.result()


@given(st.lists(st.tuples(st.sampled_from(SOURCES), st.integers(0, 2 * BATCH), st.integers(0, 3)), max_size=60))
def test_all_that_waits_is_taken_once_in_its_order(parts: list[tuple[str, int, int]]) -> None:
    """Nothing is lost or doubled, a source's submissions stay in order, and no batch is larger than it may be."""
    time = Seconds()
    queue = Queue(time)
    for number, (source, size, seconds) in enumerate(parts):
        time.seconds += seconds
        queue.put(request(source, number, size))
    taken: list[Chunk] = []
    while batch := queue.take():
        assert sum(len(chunk.sent) for chunk in batch) <= BATCH
        taken += batch
        time.seconds += PACE_SECONDS
    time.seconds += ALONE_SECONDS
    assert not queue.take()
    for source in SOURCES:
        places = [name for chunk in taken if chunk.request.source == source for name in chunk.sent]
        assert places == [
            f"{n}-{at}" for n, (name, size, _) in enumerate(parts) if name == source for at in range(size)
        ]


def test_what_is_put_back_comes_first_and_in_its_order() -> None:
    """Whatever waits, and whoever rests; the rest of a request follows behind its first chunks."""
    queue = filled(("one", 2 * BATCH), ("two", 1))
    queue.put(request("three"))
    first, second = queue.take(), queue.take()
    queue.put_back(first)
    queue.put_back(second)
    assert queue.take() == [*first, *second]
    queue.put_back([])
    assert not queue.take()


def test_a_batch_is_bounded_by_bytes() -> None:
    """What is large goes into several batches, each with at least one submission."""
    queue = Queue(Seconds())
    large = request("one", 0, 10)
    large.size = 10 * (BATCH_BYTES // 4)
    queue.put(large)
    queue.put(request("two", 1, BATCH))
    taken = [queue.take() for _ in range(3)]
    assert max(sum(len(chunk.sent) * chunk.request.mean for chunk in batch) for batch in taken) <= 2 * BATCH_BYTES
    assert sum(len(chunk.sent) for batch in taken for chunk in batch if chunk.request.source == "one") == 10
    huge = request("three", 2, 3)
    huge.size = 3 * 2 * BATCH_BYTES
    queue = Queue(Seconds())
    queue.put(huge)
    assert [sizes(queue.take()) for _ in range(3)] == [[("three", 1)]] * 3
