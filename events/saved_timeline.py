"""The saved timeline of a projection: strings that only grow, one for each part and chunk of events.

duban:{L}:<name>:timeline:<gen>:<chunk>:<part>
string  the bytes of one part for the events of a chunk: events 1 to CHUNK are chunk 0;
written by save.lua, of a new generation by SavedRows.switch
"""

from collections.abc import Sequence
from typing import Generic

from events.keys import key
from events.rules import R, Rules, Timeline

CHUNK = 1_000_000
"""Events of a chunk: keeps each string (~12 to 70 MB) well below the server's limit of 512 MB."""


class SavedTimeline(Generic[R]):
    """Names what is saved of a timeline, and splits it into chunks; nothing where the rules keep none."""

    def __init__(self, ledger: str, rules: Rules[R]) -> None:
        self._ledger = ledger
        self._rules = rules
        self._parts = rules.timeline().parts if rules.timeline is not None else ()

    def keys(self, generation: int, position: int) -> list[str]:
        """Return the keys of a timeline up to a position: each part of each chunk."""
        return [self._key(generation, chunk, part) for chunk in range(chunks(position)) for part in self._parts]

    def read(self, found: Sequence[bytes | None]) -> Timeline[R] | None:
        """Return the timeline that the values of its keys make; an empty one of none, or if one is missing."""
        if self._rules.timeline is None:
            return None
        timeline, count = self._rules.timeline(), len(self._parts)
        values = [raw for raw in found if raw is not None]
        if len(values) == len(found):
            rows = [values[start : start + count] for start in range(0, len(values), count)]
            timeline.load([dict(zip(self._parts, row, strict=True)) for row in rows])
        return timeline

    def appended(
        self, generation: int, timeline: Timeline[R] | None, after: int, until: int
    ) -> list[tuple[str, bytes]]:
        """Return what the events after a position up to `until` append to each key, even if it is nothing."""
        found: list[tuple[str, bytes]] = []
        while timeline is not None and after < until:
            chunk = after // CHUNK
            end = min(until, (chunk + 1) * CHUNK)
            found += [(self._key(generation, chunk, part), raw) for part, raw in timeline.packed(after, end)]
            after = end
        return found

    def _key(self, generation: int, chunk: int, part: str) -> str:
        return key(self._ledger, self._rules.name, "timeline", str(generation), str(chunk), part)


def chunks(position: int) -> int:
    """Return the number of chunks of a timeline that ends at a position."""
    return -(-position // CHUNK)
