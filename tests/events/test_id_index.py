"""Segments of ids find what they were made of and nothing else, whatever they were joined from."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.entries import Seen, Stored, digest
from events.envelope import Event, additions, encode, submitted
from events.id_index import IdSegment, Range, hashes_of, parse_list
from events.seal.errors import FormatError
from tests.examples import RECORDED, reported

IDS = st.lists(st.integers(0, 10_000), min_size=1, max_size=60, unique=True)


def stored(numbers: Sequence[int], after: int = 0) -> list[Stored]:
    """Return reports with these numbers as a log has them."""
    added = additions(RECORDED, "units")
    return [
        Stored(position, encode(reported(number=number))[:-1] + added)
        for position, number in enumerate(numbers, after + 1)
    ]


def found(segment: IdSegment, events: Sequence[Event]) -> dict[int, Seen]:
    """Return what a segment has of some events, by their place among them."""
    return dict(segment.find(hashes_of([(event.source, event.id) for event in events])))


@given(IDS, st.data())
def test_a_segment_has_its_events_and_no_others(numbers: list[int], data: st.DataObject) -> None:
    """Each with its position and the digest of what was submitted; also after its file was written and read."""
    split = sorted(data.draw(st.lists(st.integers(1, len(numbers)), max_size=3)))
    entries, parts, start = stored(numbers), [], 0
    for end in [*dict.fromkeys(split), len(numbers)]:
        if start < end:
            parts.append(IdSegment.of(entries[start:end]))
            start = end
    segment = IdSegment.joined(parts)
    again = IdSegment.parse(segment.range, segment.encode())
    assert again.range == Range(1, len(numbers))
    assert again.encode() == segment.encode() == IdSegment.of(entries).encode()
    wanted = [reported(number=number) for number in [*numbers, *range(10_001, 10_020)]]
    assert found(again, wanted) == {
        place: Seen(place + 1, digest(submitted(entries[place].raw))) for place in range(len(numbers))
    }


def test_ids_with_one_half_of_a_hash_in_common_are_told_apart() -> None:
    """The first half leads to a place, the second decides."""
    columns = [np.array(column, "<u8") for column in ([5, 7, 7, 7, 9], [1, 2, 3, 4, 1], [0] * 5, [10, 11, 12, 13, 14])]
    segment = IdSegment(Range(10, 14), columns)
    wanted = hashes_of([("a", "b")])._replace(high=np.array([7, 7, 9, 4], "<u8"), low=np.array([4, 5, 1, 1], "<u8"))
    assert {place: one.position for place, one in segment.find(wanted)} == {0: 13, 2: 14}


@pytest.mark.parametrize("damage", ["missing", "short", "long", "head", "other range", "order"])
def test_a_damaged_file_is_refused(damage: str) -> None:
    """With its name; it is never searched."""
    range, data = Range(1, 3), IdSegment.of(stored([1, 2, 3])).encode()
    damaged = {
        "missing": None,
        "short": data[:-1],
        "long": data + b"\0",
        "head": b"x" + data[1:],
        "other range": data[:16] + bytes(8) + data[24:],
        "order": data[:32] + b"\xff" * 8 + data[40:],
    }[damage]
    with pytest.raises(FormatError, match="index/1-3 "):
        IdSegment.parse(range, damaged)


@pytest.mark.parametrize(
    "text", ["2-5", "1-5 5-6", "1-5 7-9", "5-1", "1-5,6-9", "01-5", "1-5 x", "era-1 1-5", "era-x", "1-5 era-2"]
)
def test_a_list_of_segments_has_no_gap(text: str) -> None:
    """From position 1 on, each follows the one before it."""
    named = Range(1, 256), Range(257, 300)
    assert parse_list("1-256 257-300") == (1, named)
    assert parse_list("era-2 1-256 257-300") == (2, named)
    assert [str(parse_list(one)) for one in ("", "era-2", "1-256", "era-3 1-256")] == [
        "",
        "era-2",
        "1-256",
        "era-3 1-256",
    ]
    with pytest.raises(FormatError, match="does not follow"):
        parse_list(text)
