"""Rows that are encoded once for all who read them."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.status.encoded import EncodedRows
from tests.status.tracked_tasks import opened


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(1, 3))))
def test_each_answer_is_of_the_row_that_is_asked_for(asked: list[tuple[str, int]]) -> None:
    """Whatever was asked before, with room for fewer rows than there are."""
    rows = {(task, at): replace(opened(task=task).row, position=at) for task in "abcd" for at in (1, 2, 3)}
    encoded = EncodedRows(most=2)
    for one in asked:
        assert bytes(encoded[rows[one]]) == msgspec.json.encode(rows[one])


def test_a_row_is_encoded_once() -> None:
    """As long as it does not change, and those that were read last are kept."""
    first, second, third = (opened(task=task).row for task in "abc")
    encoded = EncodedRows(most=2)
    known = encoded[first]
    assert encoded[second] is not known
    assert encoded[first] is known
    assert encoded[third] is not known  # the second, which was read longest ago, is no longer kept
    assert encoded[first] is known
    assert encoded[replace(first, percent=5)] is not known
