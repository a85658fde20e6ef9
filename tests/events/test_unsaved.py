"""What is folded and not yet saved; pure."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.rules import Change
from events.unsaved import MOST_ANNOUNCED, MOST_EVENTS, Unsaved
from tests.events.counting import Count, rules
from tests.examples import assigned

EVENT = assigned()


def change(position: int, key: str, *, by_event: bool = True) -> Change[Count]:
    """Return a change of a row at a position."""
    return Change(position, key, Count(1, position, ()), EVENT if by_event else None)


@given(
    keys=st.lists(st.sampled_from("abc"), max_size=12),
    saved=st.integers(0, 12),
    asked=st.integers(0, 12),
    latest=st.booleans(),
)
def test_what_is_not_forgotten_is_kept(keys: list[str], saved: int, asked: int, *, latest: bool) -> None:
    """Of each change, or of the latest of each row, those after the saved position are left, and all later events."""
    unsaved = Unsaved(rules(coalesced=latest))
    for position, key in enumerate(keys, 1):
        unsaved.keep(change(position, key))
    unsaved.forget_until(saved)
    since = max(saved, asked)
    happened = [(position, key) for position, key in enumerate(keys, 1) if position > since]
    last = {key: position for position, key in happened}
    kept = [(one.position, one.key) for one in unsaved.changes(since + 1)]
    assert sorted(kept) == (sorted((position, key) for key, position in last.items()) if latest else happened)
    assert unsaved.histories(since) == {
        key: [position for position, one in happened if one == key] for key in dict.fromkeys(key for _, key in happened)
    }


@pytest.mark.parametrize("latest", [True, False])
def test_a_save_is_bounded(*, latest: bool) -> None:
    """A save is due after so many changes; where only the latest of a row counts, after so many events."""
    unsaved: Unsaved[Any] = Unsaved(rules(coalesced=latest))
    count = 0
    while not unsaved.full:
        count += 1
        unsaved.keep(change(count, f"t-{count % 7}"))
    assert count == (MOST_EVENTS if latest else MOST_ANNOUNCED)
    unsaved.clear()
    assert not unsaved
    assert not unsaved.full


def test_a_change_by_time_gives_way_to_an_event() -> None:
    """Where only the latest change of a row counts, an event after time alone takes its place."""
    unsaved = Unsaved(rules(coalesced=True))
    unsaved.keep(change(4, "a", by_event=False))
    assert unsaved.by_time
    unsaved.keep(change(5, "a"))
    assert not unsaved.by_time
    assert [one.position for one in unsaved.changes(4)] == [5]


@pytest.mark.parametrize("latest", [True, False])
def test_what_comes_while_a_save_runs_is_bounded_on_its_own(*, latest: bool) -> None:
    """While a save runs, only what came since it began makes another one due; all stays until it has succeeded."""
    unsaved = Unsaved(rules(coalesced=latest))
    count = 0
    for _ in range(2):
        unsaved.begin_save()
        assert not unsaved.full
        while not unsaved.full:
            count += 1
            unsaved.keep(change(count, f"t-{count % 7}"))
    assert count == 2 * (MOST_EVENTS if latest else MOST_ANNOUNCED)
    assert sum(map(len, unsaved.histories(0).values())) == count
    assert len(unsaved.changes(0)) == (7 if latest else count)
    unsaved.forget_until(count // 2)
    assert unsaved.full
    unsaved.forget_until(count)
    assert not unsaved
    assert not unsaved.full
