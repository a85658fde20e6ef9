"""The positions of a log's events by source and id, small enough to be kept for every event."""

from hashlib import blake2b

from events.entries import seen_field
from events.envelope import Event

ID_BYTES = 12
"""Of the digest of a source and id: two of a trillion events agree in one with a probability below 10^-5."""


class EventPlaces:
    """The positions of events, remembered in their order."""

    def __init__(self, packed: bytes = b"") -> None:
        """Remember the events of the first positions, by what `packed` returned."""
        digests = (packed[at : at + ID_BYTES] for at in range(0, len(packed), ID_BYTES))
        self._places = {digest: position for position, digest in enumerate(digests, 1)}

    def packed(self) -> bytes:
        """Return the digests in order of position, of a log each of whose entries is an event of its own."""
        return b"".join(self._places)

    def place(self, event: Event, position: int) -> int | None:
        """Remember the place of an event; return that of an earlier one with its source and id, if there is one."""
        before = self._places.setdefault(_digest(event.source, event.id), position)
        return before if before != position else None

    def find(self, source: str, id: str) -> int | None:
        """Return the position of the event with this source and id."""
        return self._places.get(_digest(source, id))


def _digest(source: str, id: str) -> bytes:
    return blake2b(seen_field(source, id).encode(), digest_size=ID_BYTES).digest()
