"""Proofs of entries of one archive, as of its checkpoint or of one that is stamped."""

from events.seal.checkpoint import parse_checkpoint
from events.seal.errors import FormatError
from events.seal.log_proof import LogProof
from events.seal.notes import parse_note
from events.seal.proved_entries import ProvedEntries
from events.seal.storage import CHECKPOINT
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
        self._data, self._checkpoint = data, parse_checkpoint(parse_note(data).text)
        self._entries = ProvedEntries(files.read, self._checkpoint)

    def prove(self, position: int) -> LogProof:
        """Return the proof of an entry; raises FormatError if the archive does not have what its checkpoint says."""
        origin, size = self._checkpoint.origin, self._checkpoint.size
        if position > size:
            raise ServiceError(
                f"position {position} is not sealed; {origin} is sealed up to {size}, and"
                " `duban archive seal` seals the rest"
            )
        entry = self._entries.at(position)
        if entry is None:
            raise FormatError(f"the entry at position {position} is not what was sealed, or a tile is not")
        return LogProof(position - 1, tuple(entry.proof), self._data, entry.raw)
