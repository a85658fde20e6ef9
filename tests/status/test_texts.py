"""A search finds the tasks whose title or id has a text in it, and no text that is in neither; pure."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.status.row import TaskRow
from services.status.texts import Texts
from services.status.views import TaskQuery, matches
from tests.status.tracked_tasks import opened

PLAIN = opened().row

words = st.text("ab-\U00020000\U00020001", max_size=4)

rows = st.builds(replace, st.just(PLAIN), task=words, title=words)

searched = st.text("ab-\U00020000\U00020001\ufffe\uffff", max_size=3)
"""Titles are refused the two that divide what is searched (events/strict.py); who searches may type them."""


@given(st.lists(rows, max_size=7), st.lists(st.tuples(st.integers(0, 6), rows), max_size=3), searched)
def test_what_is_found_is_in_one_title_or_id(listed: list[TaskRow], later: list[tuple[int, TaskRow]], q: str) -> None:
    """Title, id and the next title stand side by side, in parts, which tasks that change later are part of, too."""
    texts = Texts(listed, part=3)
    for number, row in later:
        if number < len(listed):
            listed[number] = row
            texts.changed(number)
    assert texts.found(q).tolist() == [matches(TaskQuery(q=q), row) for row in listed]
