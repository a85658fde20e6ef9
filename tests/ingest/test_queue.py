"""Which of what waits is decided next."""

import asyncio
from asyncio import Future
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.envelope import InvalidEvent
from events.ledger import CLOCK
from events.log import Move
from services.ingest.core import Outcome
from services.ingest.draft import Submission
from services.ingest.queue import ALONE_SECONDS, BATCH, PACE_SECONDS, PART, Answer, Queue, Waiting

LOOP = asyncio.new_event_loop()
"""Of the answers; it never runs, as nobody waits for them."""
LOOP.close()

SOURCES = ("assigner", "flood", "one", "two")


class Told:
    """Tells the real time as the test sets it."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


def waiting(source: str, number: int = 0, size: int = 1) -> Waiting:
    """Return submissions, known by their number and their place."""
    submissions = tuple(
        Submission(b"", source, InvalidEvent("malformed", ""), None, f"{number}-{at}") for at in range(size)
    )
    return Waiting(source, submissions, None, Answer(size, Future(loop=LOOP)))


def filled(*parts: tuple[str, int], time: Told | None = None) -> Queue:
    """Return a queue in which parts of these sources and sizes wait."""
    queue = Queue(time or Told())
    for number, (source, size) in enumerate(parts):
        queue.put(waiting(source, number, size))
    return queue


def sizes(taken: Sequence[Waiting]) -> list[tuple[str, int]]:
    return [(one.source, len(one.submissions)) for one in taken]


def names(taken: Sequence[Waiting]) -> list[str]:
    return [one.source for one in taken]


def test_who_comes_after_a_flood_is_in_the_next_batch() -> None:
    """Whoever waits beside a source with a thousand parts is taken with its next one."""
    queue = filled(*[("flood", PART)] * 1_000, ("one", 1), ("two", 1))
    assert sorted(names(queue.take())) == ["flood", "one", "two"]


def test_sources_that_all_flood_take_turns() -> None:
    """Each has as many parts taken as the others, or one more."""
    queue = filled(*[(source, PART) for source in SOURCES for _ in range(100)])
    taken = [name for _ in range(30) for name in names(queue.take())]
    counts = [taken.count(source) for source in SOURCES]
    assert max(counts) - min(counts) <= 1


def test_small_parts_come_together() -> None:
    """A source's single submissions are taken as many at once as one part may hold."""
    queue = filled(*[("one", 1)] * 1_000, ("two", 1))
    assert names(queue.take()) == ["one"] * PART + ["two"]


def test_a_source_alone_gets_whole_batches() -> None:
    """From the start, until somebody else comes, and again when nobody else has come for a while."""
    time = Told()
    queue = filled(*[("flood", PART)] * 1_000, time=time)
    assert (queue.share("flood"), queue.share("one")) == (BATCH, PART)
    assert len(queue.take()) == BATCH // PART
    queue.put(waiting("one"))
    assert sorted(names(queue.take())) == ["flood", "one"]
    assert queue.share("flood") == PART
    time.seconds += ALONE_SECONDS / 2
    queue.put(waiting("flood", size=PART))
    assert names(queue.take()) == ["flood"]
    time.seconds += ALONE_SECONDS / 2
    assert (queue.share("flood"), queue.share("one")) == (BATCH, PART)
    assert len(queue.take()) == BATCH // PART


async def test_a_door_waits_for_its_last_part_beside_others() -> None:
    """Alone it hands in more while that is on its way; beside others only once it is decided."""
    decided = asyncio.Event()
    last = asyncio.create_task(decided.wait())
    await filled(("flood", BATCH)).pace("flood", last)
    pacing = asyncio.create_task(filled(("one", 1), ("flood", PART)).pace("flood", last))
    await asyncio.wait([pacing], timeout=5 * PACE_SECONDS)
    assert not pacing.done()
    decided.set()
    await pacing


def test_the_clock_is_nobody() -> None:
    """What the ledger's clock has to say makes no source less alone."""
    queue = filled(("one", 1), (CLOCK, 0))
    assert names(queue.take()) == ["one", CLOCK]
    assert queue.share("one") == BATCH


def test_what_was_handed_in_while_alone_is_cut_beside_others() -> None:
    """A part as large as a batch waits in its source's turns like any other."""
    queue = filled(("flood", BATCH), ("one", 1))
    assert sizes(queue.take()) == [("flood", PART), ("one", 1)]
    assert sizes(queue.take()) == [("flood", PART)]


def test_an_inbox_is_decided_as_far_as_its_part_goes() -> None:
    """Where submissions are cut, so is the way that the inbox has gone by them."""
    whole = waiting("one", 7, 10)
    whole.move = Move("inbox", "6-9", "7-9")
    first, rest = whole.cut(4)
    assert (first.move, rest.move) == (Move("inbox", "6-9", "7-3"), Move("inbox", "7-3", "7-9"))
    assert [*first.submissions, *rest.submissions] == list(whole.submissions)


def test_an_answer_is_told_when_all_is_decided() -> None:
    """In the order of the submissions, whatever they were cut into; and nobody decides what failed."""
    whole = waiting("one", size=3)
    first, rest = whole.cut(1)
    outcomes = [Outcome("s", str(number), "accepted", number) for number in range(3)]
    first.answer.tell(outcomes[:1])
    assert not whole.answer.told.done()
    rest.answer.tell(outcomes[1:])
    assert whole.answer.told.result() == outcomes
    queue = filled(("one", 2 * BATCH), ("two", 1))
    (part, _) = queue.take()
    part.answer.fail(OSError("no room"))
    part.answer.tell(outcomes)
    assert (queue.take(), bool(queue)) == ([], False)
    with pytest.raises(OSError, match="no room"):
        part.answer.told.result()


@given(st.lists(st.tuples(st.sampled_from(SOURCES), st.integers(0, 2 * BATCH), st.integers(0, 3)), max_size=60))
def test_all_that_waits_is_taken_once_in_its_order(parts: list[tuple[str, int, int]]) -> None:
    """Nothing is lost or doubled, a source's submissions stay in order, and no batch is larger than it may be."""
    time = Told()
    queue = Queue(time)
    for number, (source, size, seconds) in enumerate(parts):
        time.seconds += seconds
        queue.put(waiting(source, number, size))
    taken: list[Waiting] = []
    while queue:
        batch = queue.take()
        assert batch
        assert sum(len(one.submissions) for one in batch) <= BATCH
        taken += batch
    assert not queue.take()
    for source in SOURCES:
        places = [one.entry for each in taken if each.source == source for one in each.submissions]
        assert places == [
            f"{n}-{at}" for n, (name, size, _) in enumerate(parts) if name == source for at in range(size)
        ]


def test_what_is_left_can_be_told() -> None:
    """`clear` gives everything that waits and leaves nothing."""
    queue = filled(("one", 1), ("two", 2), ("one", 3))
    assert sorted(len(one.submissions) for one in queue.clear()) == [1, 2, 3]
    assert not queue
