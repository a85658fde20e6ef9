"""The positions of a log's events by source and id, small enough to be kept for every event."""

from events.entries import seen_field
from events.envelope import Event
from services.cli.archived.digests import digest_of, unpacked


class EventPlaces:
    """The positions of events, remembered in their order."""

    def __init__(self, packed: bytes = b"") -> None:
        """Remember the events of the first positions, by what `packed` returned."""
        self._places = {digest: position for position, digest in enumerate(unpacked(packed), 1)}

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
    return digest_of(seen_field(source, id).encode())
