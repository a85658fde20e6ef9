"""Failed sign-ins of each address: from the fourth on they are answered more and more slowly, then refused. Pure."""

from collections import OrderedDict
from typing import NamedTuple

FREE = 3
"""Failures that are answered without a delay, for a person who copied a token incompletely."""

LONGEST_SECONDS = 8.0
"""The longest delay of an answer: browsers and proxies wait far longer."""

MOST = 10
"""Failures after which further ones are refused: one is answered in PAUSE_SECONDS."""

PAUSE_SECONDS = 60.0

FORGET_SECONDS = 900.0
"""Without a failure, after which an address has none."""

MOST_ADDRESSES = 10_000
"""Addresses that are counted: about 2 MB; of more, those whose last failure is longest ago are forgotten."""


class _Failures(NamedTuple):
    number: int
    last: float


class FailedSignIns:
    """The failures by address; a sign-in that succeeds is never slowed: only failures are counted here."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, _Failures] = OrderedDict()

    def add(self, address: str, now: float) -> float:
        """Count a failure; return the seconds by which its answer is delayed, or, negative, after which to try again.

        `now` is in seconds that only grow.
        """
        count, last = self._known.get(address, _Failures(0, now))
        if now - last >= FORGET_SECONDS:
            count = 0
        if count >= MOST and now - last < PAUSE_SECONDS:
            return now - last - PAUSE_SECONDS
        self._known[address] = _Failures(count + 1, now)
        self._known.move_to_end(address)
        if len(self._known) > MOST_ADDRESSES:
            self._known.popitem(last=False)
        return min(LONGEST_SECONDS, 2.0 ** (count - FREE)) if count >= FREE else 0.0
