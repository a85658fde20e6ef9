"""What was signed: a log never signs two checkpoints of which one is not the beginning of the other.

https://c2sp.org/tlog-checkpoint#signatures . The file holds the text of the newest checkpoint that may have been
signed; it lies next to the key, not in the archive, so that a restored archive does not take it back.
"""

import fcntl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from events.seal import durable
from events.seal.checkpoint import LogCheckpoint, parse_checkpoint
from events.seal.errors import SigningError
from events.seal.notes import SignedNote, from_utf8
from events.seal.proofs import consistent
from events.seal.signers import NoteSigner


class SigningState:
    """The file, and the only way to a signature."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def last(self) -> LogCheckpoint | None:
        """Return the newest checkpoint that may have been signed; raises FormatError if the file is damaged."""
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return None
        return parse_checkpoint(from_utf8(data, str(self._path)))

    def sign(
        self, checkpoint: LogCheckpoint, prove: Callable[[int], Sequence[bytes]], signer: NoteSigner, now: int
    ) -> SignedNote:
        """Record a checkpoint, then sign it. `prove(n)` proves its consistency with the tree of n entries.

        Raises SigningError if it does not continue the last one: smaller, or other.
        """
        with self._locked():
            self._record(checkpoint, prove)
            return SignedNote(str(checkpoint), signer.sign(checkpoint, now))

    def note(self, checkpoint: LogCheckpoint, prove: Callable[[int], Sequence[bytes]]) -> None:
        """Record a checkpoint that is known to be signed: its archive or a witness has it. Raises as `sign` does."""
        with self._locked():
            self._record(checkpoint, prove)

    def _record(self, checkpoint: LogCheckpoint, prove: Callable[[int], Sequence[bytes]]) -> None:
        last = self.last()
        if last == checkpoint:
            return
        if last is not None:
            if last.origin != checkpoint.origin:
                raise SigningError(f"{self._path} is of the log {last.origin!r}, not of {checkpoint.origin!r}")
            if checkpoint.size < last.size:
                raise SigningError(
                    f"a checkpoint of {last.size} entries was signed, so none of {checkpoint.size} is: "
                    f"entries {checkpoint.size + 1} to {last.size} are missing"
                )
            proof = prove(last.size) if checkpoint.size > last.size else ()
            if not consistent(last.size, checkpoint.size, last.root, checkpoint.root, proof):
                raise SigningError(
                    f"another head was signed for the first {last.size} entries: they have changed since"
                )
        durable.replace(self._path, str(checkpoint).encode(), 0o600)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        durable.make(self._path.parent)
        with self._path.with_name(f".{self._path.name}.lock").open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
