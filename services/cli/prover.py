"""Proofs of entries of one archive, as of its checkpoint or of one that is stamped."""

from events.seal.checkpoint import parse_checkpoint
from events.seal.errors import FormatError
from events.seal.log_proof import LogProof
from events.seal.merkle import leaf_hash
from events.seal.notes import parse_note
from events.seal.proofs import included, inclusion_proof
from events.seal.storage import CHECKPOINT
from events.seal.tiles import entry_at, subtrees
from events.seal.timestamps import STAMPED
from services.cli.fsck.files import ArchiveFiles
from services.cli.service_error import ServiceError

_WANTED = {
    CHECKPOINT: "checkpoint; name one with --archive URL|DIR",
    STAMPED: "time stamp; see `duban archive stamp`",
}


class Prover:
    """Proves entries; tiles are read once for several."""

    def __init__(self, files: ArchiveFiles, checkpoint: str = CHECKPOINT) -> None:
        """Read the checkpoint, the published or the stamped one; raises ServiceError if there is none, FormatError."""
        data = files.read(checkpoint)
        if data is None:
            raise ServiceError(f"there is no archive with a {_WANTED[checkpoint]}")
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
