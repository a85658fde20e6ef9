"""Proofs of entries of one archive, as of its checkpoint."""

from events.seal.checkpoint import parse_checkpoint
from events.seal.errors import FormatError
from events.seal.log_proof import LogProof
from events.seal.merkle import leaf_hash
from events.seal.notes import parse_note
from events.seal.proofs import included, inclusion_proof
from events.seal.storage import CHECKPOINT
from events.seal.tiles import entry_at, subtrees
from services.cli.fsck.files import ArchiveFiles
from services.cli.service_error import ServiceError


class Prover:
    """Proves entries; tiles are read once for several."""

    def __init__(self, files: ArchiveFiles) -> None:
        """Read the checkpoint; raises ServiceError if there is none, and FormatError."""
        data = files.read(CHECKPOINT)
        if data is None:
            raise ServiceError("there is no archive with a checkpoint; name one with --archive URL|DIR")
        self._files, self._data = files, data
        self._checkpoint = parse_checkpoint(parse_note(data).text)
        self._hashes = subtrees(files.read, self._checkpoint.size)

    def prove(self, position: int) -> LogProof:
        """Return the proof of an entry; raises FormatError if the archive does not have what its checkpoint says."""
        origin, size, root, _ = self._checkpoint
        if position > size:
            raise ServiceError(
                f"position {position} is not sealed; {origin} is sealed up to {size}, and"
                " `duban archive seal` seals the rest"
            )
        entry = entry_at(self._files.read, size, position)
        hashes = inclusion_proof(position - 1, size, self._hashes)
        if not included(leaf_hash(entry), position - 1, size, hashes, root):
            raise FormatError(f"the entry at position {position} is not what was sealed, or a tile is not")
        return LogProof(position - 1, tuple(hashes), self._data, entry)
