"""The order of task ids and of headings, as numbers. Pure."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[Any]


class Ranks:
    """Places in an order of values that are numbered and only added to; sorting is quick where few came since.

    One thread at a time may ask.
    """

    def __init__(self) -> None:
        self._ordered: list[tuple[Any, int]] = []
        self._places: Places = np.empty(0, "<u4")

    def places(self, keys: Sequence[Any]) -> Places:
        """Return the place of each key in the order of all, by its number; equal keys share one."""
        count, known = len(keys), len(self._ordered)
        if count != known:
            self._ordered = sorted([*self._ordered, *zip(keys[known:count], range(known, count), strict=True)])
            places, place, before = [0] * count, -1, None
            for key, number in self._ordered:
                place += key != before
                places[number], before = place, key
            self._places = np.array(places, "<u4")
        return self._places
