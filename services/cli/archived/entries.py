"""The entries of an archive, read in order after a position, and one by one."""

from collections.abc import Iterator

from events.entries import Stored
from events.seal.checkpoint import LogCheckpoint
from events.seal.errors import FormatError
from events.seal.merkle import leaf_hash
from events.seal.proofs import included, inclusion_proof
from events.seal.tiles import ENTRIES, WIDTH, Tile, entry_at, read_entries, subtrees, width_at
from services.cli.fsck.files import ArchiveFiles


class SealedEntries:
    """The entries of an archive of which those after a position were checked against its checkpoint."""

    def __init__(self, files: ArchiveFiles, checkpoint: LogCheckpoint, after: int = 0) -> None:
        self._files = files
        self._checkpoint = checkpoint
        self._after = after
        self._subtrees = subtrees(files.read, checkpoint.size)

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
        raw = entry_at(self._files.read, self._checkpoint.size, position)
        if position <= self._after:
            size, root = self._checkpoint.size, self._checkpoint.root
            proof = inclusion_proof(position - 1, size, self._subtrees)
            if not included(leaf_hash(raw), position - 1, size, proof, root):
                raise FormatError(f"the entry at position {position} is not the one that was sealed")
        return raw
