"""The entries of an archive that was checked, read in order, and those that corrections cite."""

from collections.abc import Iterator, Mapping
from hashlib import blake2b

from events.entries import Stored
from events.envelope import Event, read
from events.schema import ProgressCorrected
from events.seal.tiles import ENTRIES, WIDTH, Tile, entry_at, read_entries, width_at
from services.cli.fsck.files import ArchiveFiles


class SealedEntries:
    """The entries of an archive; the places of events are remembered as they are read, by source and id."""

    def __init__(self, files: ArchiveFiles, size: int) -> None:
        self._files = files
        self._size = size
        self._places: dict[bytes, int] = {}

    def batches(self) -> Iterator[list[Stored]]:
        """Yield the entries, a bundle at a time; raises FormatError and OSError."""
        for number in range(-(-self._size // WIDTH)):
            bundle = Tile(ENTRIES, number, width_at(self._size, ENTRIES, number))
            start = number * WIDTH + 1
            yield [Stored(position, raw) for position, raw in enumerate(read_entries(self._files.read, bundle), start)]

    def at(self, position: int) -> bytes:
        """Return one entry; raises FormatError and OSError."""
        return entry_at(self._files.read, self._size, position)

    def place(self, event: Event, position: int) -> int | None:
        """Remember the place of an event; return that of an earlier one with its source and id, if there is one."""
        id = _digest(event.source, event.id)
        before = self._places.setdefault(id, position)
        return before if before != position else None

    async def cited(self, corrections: Mapping[int, Event]) -> dict[int, Event]:
        """Return the events that corrections cite, where they stand before them."""
        found: dict[int, Event] = {}
        for position, event in corrections.items():
            assert isinstance(event.data, ProgressCorrected)
            place = self._places.get(_digest(event.source, event.data.report))
            if place is not None and place < position:
                found[position] = read(self.at(place))
        return found


def _digest(source: str, id: str) -> bytes:
    return blake2b(f"{len(source)}:{source}{id}".encode(), digest_size=12).digest()
