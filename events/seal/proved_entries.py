"""Single entries of an archive, each proved to be in the tree of its checkpoint. Pure."""

from typing import NamedTuple

from events.seal.checkpoint import LogCheckpoint
from events.seal.merkle import leaf_hash
from events.seal.proofs import included, inclusion_proof
from events.seal.tiles import Read, entry_at, subtrees


class ProvedEntry(NamedTuple):
    """An entry, and the hashes that prove its inclusion."""

    raw: bytes
    proof: list[bytes]


class ProvedEntries:
    """The entries of the tree of a checkpoint; tiles are read once for several."""

    def __init__(self, read: Read, checkpoint: LogCheckpoint) -> None:
        self._read, self._checkpoint = read, checkpoint
        self._subtrees = subtrees(read, checkpoint.size)

    def at(self, position: int) -> ProvedEntry | None:
        """Return the entry at a position, None if the files have another one; raises FormatError for a missing file."""
        size, root = self._checkpoint.size, self._checkpoint.root
        raw = entry_at(self._read, size, position)
        proof = inclusion_proof(position - 1, size, self._subtrees)
        return ProvedEntry(raw, proof) if included(leaf_hash(raw), position - 1, size, proof, root) else None
