"""What of the acknowledged events a log does not have, or has otherwise. Pure."""

from datetime import datetime

from msgspec import Struct

from events.envelope import InvalidEvent, read
from events.id_index import FIRST_ERA


class Loss(Struct, frozen=True):
    """Positions `first` to `last`, of the `acknowledged` ones, that are missing or are not what was acknowledged.

    The log ends at `tail` now. They were recorded after `since` and up to `until`, as far as that is known. `head` is
    that of the tree over what was acknowledged, or the mark of its last event: it tells one loss from another. `era` is
    that of the ledger's archives then (events/seal/eras.py).
    """

    tail: int
    acknowledged: int
    first: int
    last: int
    since: datetime | None
    until: datetime | None
    head: str
    era: int = FIRST_ERA

    def has(self, position: int) -> bool:
        """Return whether a position is among those that are lost."""
        return self.first <= position <= self.last

    @property
    def lost(self) -> str:
        """What is lost, of when, as people read it."""
        one = self.first == self.last
        where = f"position {self.first}" if one else f"positions {self.first} to {self.last}"
        if self.first > self.tail:
            what = f"{'is' if one else 'are'} missing: the log ends at {self.tail}"
        else:
            what = "is not as it was" if one else "are not all as they were"
        when = [f"{word} {at.isoformat()}" for word, at in (("after", self.since), ("up to", self.until)) if at]
        recorded = f" (recorded {' and '.join(when)})" if when else ""
        events = "event" if self.acknowledged == 1 else "events"
        return f"of {self.acknowledged} acknowledged {events} {where}{recorded} {what}"

    def __str__(self) -> str:
        return (
            f"{self.lost}. Ingest accepts nothing; reading still works. Restore the server's data and restart it."
            f" If the events are lost for good, record that: `duban doctor --accept-loss {self.tail}`;"
            f" the next event then gets position {self.tail + 1}"
        )


def recorded_of(raw: bytes) -> datetime | None:
    """Return the recorded instant of a stored event, None if its bytes are damaged."""
    try:
        return read(raw).recorded
    except InvalidEvent:
        return None
