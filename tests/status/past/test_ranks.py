"""Places of keys that come in batches: those of sorting them all anew."""

from hypothesis import given
from hypothesis import strategies as st

from services.status.past.ranks import AT_ONCE, FEW, Ranks


@given(st.lists(st.lists(st.integers(0, 40), max_size=2 * FEW), max_size=5))
def test_places_are_those_in_the_order_of_all_keys(batches: list[list[int]]) -> None:
    ranks, keys = Ranks(), list[int]()
    for batch in batches:
        keys += batch
        order = sorted(set(keys))
        assert ranks.places(keys).tolist() == [order.index(key) for key in keys]


def test_more_keys_than_are_sorted_at_once() -> None:
    keys = [f"{number * 7_919 % 10_007:05}" for number in range(2 * AT_ONCE)]
    order = {key: place for place, key in enumerate(sorted(keys))}
    assert Ranks().places(keys).tolist() == [order[key] for key in keys]
