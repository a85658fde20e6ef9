"""Which of what waits is decided next."""

from collections.abc import Sequence
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from services.ingest.queue import ALONE, BATCH, PART, Queue, Waiting

SOURCES = ("assigner", "flood", "one", "two")


def waiting(source: str, number: int, size: int = 1) -> Waiting:
    """Return a part; its place among those of its source stands in for its outcomes."""
    return Waiting(source, cast("Sequence[Any]", (number,) * size), None, cast("Any", number))


def filled(parts: Sequence[tuple[str, int]]) -> Queue:
    """Return a queue in which parts of these sources and sizes wait."""
    queue = Queue()
    for number, (source, size) in enumerate(parts):
        queue.put(waiting(source, number, size))
    return queue


def names(taken: Sequence[Waiting]) -> list[str]:
    return [one.source for one in taken]


def test_who_comes_after_a_flood_is_in_the_next_batch() -> None:
    """Whoever waits beside a source with a thousand parts is taken with its next one."""
    queue = filled([("flood", PART)] * 1_000 + [("one", 1), ("two", 1)])
    assert sorted(names(queue.take())) == ["flood", "one", "two"]


def test_sources_that_all_flood_take_turns() -> None:
    """Each has as many parts taken as the others, or one more."""
    queue = filled([(source, PART) for source in SOURCES for _ in range(100)])
    taken = [name for _ in range(30) for name in names(queue.take())]
    counts = [taken.count(source) for source in SOURCES]
    assert max(counts) - min(counts) <= 1


def test_a_source_alone_gets_whole_batches_after_a_while() -> None:
    """Parts at first, as others may come; then a batch at a time; parts again once somebody else was there."""
    queue = filled([("flood", PART)] * 1_000)
    sizes = [(len(queue.take()) * PART, queue.share("flood"), queue.share("one")) for _ in range(ALONE + 3)]
    assert sizes == [(PART, PART, PART)] * (ALONE + 1) + [(BATCH, BATCH, PART)] * 2
    queue.put(waiting("one", 1))
    assert sorted(names(queue.take())) == ["flood", "one"]
    assert names(queue.take()) == ["flood"]


def test_a_look_at_an_empty_queue_changes_nothing() -> None:
    """The writer looks whether more has come; that nothing has does not make a source less alone."""
    queue = Queue()
    for number in range(ALONE + 2):
        queue.put(waiting("one", number))
        assert names(queue.take()) == ["one"]
        assert queue.take() == []
    assert queue.share("one") == BATCH


def test_what_was_cut_while_alone_is_taken_beside_others() -> None:
    """A part as large as a batch has its turn like any other."""
    queue = filled([("flood", BATCH), ("flood", BATCH), ("one", 1)])
    assert names(queue.take()) == ["flood"]
    assert names(queue.take()) == ["one"]
    assert names(queue.take()) == ["flood"]


@given(
    st.lists(st.tuples(st.sampled_from(SOURCES), st.integers(0, PART)), max_size=60),
    st.integers(0, 2 * ALONE),
)
def test_all_that_waits_is_taken_once_in_its_order(parts: list[tuple[str, int]], alone: int) -> None:
    """Nothing is lost or doubled, a source's parts stay in order, and no batch is larger than it may be."""
    queue = filled([("flood", PART)] * alone)
    for _ in range(alone):
        queue.take()
    queue.clear()
    for number, (source, size) in enumerate(parts):
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
        assert places == [number for number, (name, _) in enumerate(parts) if name == source]


def test_what_is_left_can_be_told() -> None:
    """`clear` gives everything that waits and leaves nothing."""
    queue = filled([("one", 1), ("two", 2), ("one", 3)])
    assert sorted(len(one.submissions) for one in queue.clear()) == [1, 2, 3]
    assert not queue
