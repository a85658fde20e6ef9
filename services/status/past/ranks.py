"""The order of task ids and of headings, as numbers. Pure."""

from bisect import bisect_left
from collections.abc import Sequence
from heapq import merge
from typing import Any

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[Any]

AT_ONCE = 4_096
"""Keys sorted in one call, which no other thread can interrupt: three milliseconds."""

FEW = 64
"""New keys that are put in one by one, a quarter of a millisecond each among 100,000."""


class Ranks:
    """Places in an order of values that are numbered and only added to; sorting is quick where few came since.

    Equal keys share a place. One thread at a time may ask.
    """

    def __init__(self) -> None:
        self._ordered: list[Any] = []
        self._places: Places = np.empty(0, "<u4")

    def places(self, keys: Sequence[Any]) -> Places:
        """Return the place of each key in the order of all, by its number."""
        count, known = len(keys), len(self._places)
        if count - known > FEW:
            self._sort(keys[:count])
        else:
            for number in range(known, count):
                self._put_in(keys[number])
        return self._places

    def _sort(self, keys: Sequence[Any]) -> None:
        pieces = [sorted(keys[start : start + AT_ONCE]) for start in range(0, len(keys), AT_ONCE)]
        self._ordered = list(dict.fromkeys(merge(*pieces)))
        place = {key: number for number, key in enumerate(self._ordered)}
        self._places = np.fromiter((place[key] for key in keys), "<u4", len(keys))

    def _put_in(self, key: Any) -> None:
        place = bisect_left(self._ordered, key)
        places = self._places
        if place == len(self._ordered) or self._ordered[place] != key:
            self._ordered.insert(place, key)
            places = places + (places >= place)
        self._places = np.append(places, np.array([place], "<u4"))
