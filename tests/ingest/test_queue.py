"""Which of what waits is decided next."""

from collections.abc import Sequence
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from events.ledger import CLOCK
from services.ingest.queue import ALONE_SECONDS, BATCH, PART, Queue, Waiting

SOURCES = ("assigner", "flood", "one", "two")


class Told:
    """Tells the real time as the test sets it."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


def waiting(source: str, number: int = 0, size: int = 1) -> Waiting:
    """Return a part; its place among those of its source stands in for its outcomes."""
    return Waiting(source, cast("Sequence[Any]", (number,) * size), None, cast("Any", number))


def filled(*parts: tuple[str, int], time: Told | None = None) -> Queue:
    """Return a queue in which parts of these sources and sizes wait."""
    queue = Queue(time or Told())
    for number, (source, size) in enumerate(parts):
        queue.put(waiting(source, number, size))
    return queue


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


def test_the_clock_is_nobody() -> None:
    """What the ledger's clock has to say makes no source less alone."""
    queue = filled(("one", 1), (CLOCK, 0))
    assert names(queue.take()) == ["one", CLOCK]
    assert queue.share("one") == BATCH


def test_what_was_cut_while_alone_is_taken_beside_others() -> None:
    """A part as large as a batch has its turn like any other."""
    queue = filled(("flood", BATCH), ("flood", BATCH), ("one", 1))
    assert [names(queue.take()) for _ in range(3)] == [["flood"], ["one"], ["flood"]]


@given(st.lists(st.tuples(st.sampled_from(SOURCES), st.integers(0, PART), st.integers(0, 3)), max_size=60))
def test_all_that_waits_is_taken_once_in_its_order(parts: list[tuple[str, int, int]]) -> None:
    """Nothing is lost or doubled, a source's parts stay in order, and no batch is larger than it may be."""
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
        places = [cast("Any", one.outcomes) for one in taken if one.source == source]
        assert places == [number for number, (name, *_) in enumerate(parts) if name == source]


def test_what_is_left_can_be_told() -> None:
    """`clear` gives everything that waits and leaves nothing."""
    queue = filled(("one", 1), ("two", 2), ("one", 3))
    assert sorted(len(one.submissions) for one in queue.clear()) == [1, 2, 3]
    assert not queue
