"""The entries of an archive, read in order after a position, and one by one."""

from collections.abc import Iterator

from events.entries import Stored
from events.seal.checkpoint import LogCheckpoint
from events.seal.errors import FormatError
from events.seal.proved_entries import ProvedEntries
from events.seal.tiles import ENTRIES, WIDTH, Tile, entry_at, read_entries, width_at
from services.cli.fsck.files import ArchiveFiles


class SealedEntries:
    """The entries of an archive of which those after a position were checked against its checkpoint."""

    def __init__(self, files: ArchiveFiles, checkpoint: LogCheckpoint, after: int = 0) -> None:
        self._files = files
        self._checkpoint = checkpoint
        self._after = after
        self._proved = ProvedEntries(files.read, checkpoint)

    def batches(self) -> Iterator[list[Stored]]:
        """Yield the entries that were checked, a bundle at a time; raises FormatError and OSError."""
        return self.between(self._after, self._checkpoint.size)

    def between(self, after: int, until: int) -> Iterator[list[Stored]]:
        """Yield the entries after a position up to another, a bundle at a time; raises FormatError and OSError."""
        size = self._checkpoint.size
        for number in range(after // WIDTH, -(-until // WIDTH) if after < until else 0):
            bundle = Tile(ENTRIES, number, width_at(size, ENTRIES, number))
            entries = enumerate(read_entries(self._files.read, bundle), number * WIDTH + 1)
            yield [Stored(position, raw) for position, raw in entries if after < position <= until]

    def at(self, position: int) -> bytes:
        """Return one entry, proved to be in the archive if it was not checked; raises FormatError and OSError."""
        if position > self._after:
            return entry_at(self._files.read, self._checkpoint.size, position)
        entry = self._proved.at(position)
        if entry is None:
            raise FormatError(f"the entry at position {position} is not the one that was sealed")
        return entry.raw
