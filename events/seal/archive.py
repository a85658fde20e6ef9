"""The archive of a log, growing: tiles, then the state of signing, then the signature, then the checkpoint.

Whenever it stops, the archive is a valid one of the last published checkpoint, and resuming makes the same files.
"""

from collections.abc import Callable, Iterable, Sequence

from events.seal.checkpoint import LogCheckpoint, parse_checkpoint
from events.seal.edge import RightEdge, load_edge
from events.seal.errors import ArchiveError, FormatError, SignatureError, SigningError, StorageConflictError
from events.seal.keys import VerifierKey, signers
from events.seal.notes import SignedNote, parse_note
from events.seal.proofs import consistency_proof, root_at
from events.seal.signers import NoteSigner
from events.seal.signing_state import SigningState
from events.seal.storage import CHECKPOINT, ArchiveStorage
from events.seal.tiles import Tile, subtrees

WAITING_BYTES = 16 << 20
"""Bytes of full tiles and bundles that are written at once."""


class Archive:
    """The archive of one log in a storage. One process at a time grows it: another one's checkpoint is an error."""

    def __init__(
        self,
        storage: ArchiveStorage,
        signer: NoteSigner,
        state: SigningState,
        edge: RightEdge,
        published: bytes | None,
    ) -> None:
        """Continue at the right edge of the tree of the published checkpoint; `open` reads both."""
        self._storage, self._signer, self._state = storage, signer, state
        self.origin = signer.keys[0].name
        self._edge, self._written = edge, edge.size
        self._checkpoint = self._tried = published
        self._cosigned: tuple[LogCheckpoint, ...] = ()

    @classmethod
    def open(
        cls,
        storage: ArchiveStorage,
        signer: NoteSigner,
        state: SigningState,
        earlier_keys: Sequence[VerifierKey] = (),
    ) -> "Archive":
        """Open an archive, or begin one. `earlier_keys` are those before a rotation.

        Raises ArchiveError if the checkpoint is not signed by the signer's or an earlier key, or not that of the tiles,
        and SigningError if another one was signed.
        """
        origin = signer.keys[0].name
        data = storage.read(CHECKPOINT)
        if data is None:
            return cls(storage, signer, state, RightEdge(), None)
        try:
            note = parse_note(data)
            checkpoint = parse_checkpoint(note.text)
            if checkpoint.origin != origin or not signers(note, (*signer.keys, *earlier_keys)):
                raise ArchiveError(f"the checkpoint of {checkpoint.origin!r} has no signature of {origin!r}")
            edge = load_edge(storage.read, checkpoint.size)
        except (FormatError, SignatureError) as error:
            raise ArchiveError(f"the archive of {origin!r}: {error}") from error
        if edge.root() != checkpoint.root:
            raise ArchiveError(f"the tiles of {origin!r} have another head than its checkpoint ({checkpoint.size})")
        archive = cls(storage, signer, state, edge, data)
        last = state.last()
        if last is None or last.size <= checkpoint.size:  # else the log has to grow to `last` again
            state.note(checkpoint, archive._prove(checkpoint.size))
        return archive

    @property
    def size(self) -> int:
        """The number of entries: the next one continues here."""
        return self._edge.size

    @property
    def published(self) -> LogCheckpoint | None:
        """The published checkpoint."""
        return parse_checkpoint(parse_note(self._checkpoint).text) if self._checkpoint is not None else None

    @property
    def published_data(self) -> bytes | None:
        """The published checkpoint with its signatures, as it is stored."""
        return self._checkpoint

    @property
    def published_time(self) -> int | None:
        """When the published checkpoint was signed, in seconds since 1970; None if no signature of the log says it."""
        if self._checkpoint is None:
            return None
        times = signers(parse_note(self._checkpoint), self._signer.keys).values()
        return max((time for time in times if time is not None), default=None)

    @property
    def cosigned(self) -> int:
        """The number of entries of the largest checkpoint that witnesses are known to have cosigned."""
        return max((checkpoint.size for checkpoint in self._cosigned), default=0)

    def expect(self, cosigned: Sequence[LogCheckpoint]) -> None:
        """Take checkpoints that this log has signed and witnesses have: nothing is signed that does not continue them.

        After a restore they may be newer than the archive and the state of signing.
        """
        self._cosigned = tuple(cosigned)

    def append(self, entries: Iterable[bytes]) -> None:
        """Take the next entries, and write what is full. Raises FormatError, OSError and StorageConflictError."""
        for entry in entries:
            self._edge.add(entry)
            if self._edge.full_bytes >= WAITING_BYTES:
                self.write()

    def sign(self, now: int) -> SignedNote:
        """Write all tiles of the entries so far and sign their checkpoint, at a time in seconds since 1970.

        Raises SigningError if that would contradict an earlier signature or a witness; OSError, StorageConflictError.
        """
        self.write()
        self._create(self._edge.partials(self._written))
        self._written = self.size
        self._check_cosigned()
        checkpoint = LogCheckpoint(self.origin, self.size, self._edge.root())
        return self._state.sign(checkpoint, self._prove(checkpoint.size), self._signer, now)

    def prove(self, before: int, size: int) -> list[bytes]:
        """Prove that the first `before` entries begin the first `size`, which are signed; raises FormatError."""
        return self._prove(size)(before)

    def publish(self, note: SignedNote) -> None:
        """Replace the checkpoint by a signed one, to which cosignatures may have been added.

        Raises ArchiveError if it is smaller, StorageConflictError if another process has replaced it, and OSError.
        """
        data, size = note.encode(), parse_checkpoint(note.text).size
        if self.published is not None and size < self.published.size:
            raise ArchiveError(f"a checkpoint of {self.published.size} entries is published; one of {size} is older")
        before = self._storage.read(CHECKPOINT)
        if before not in {self._checkpoint, self._tried}:
            raise StorageConflictError(f"another process has published a checkpoint of {self.origin!r}")
        self._tried = data  # if this fails, it may have been replaced or not
        self._storage.swap(CHECKPOINT, before, data)
        self._checkpoint = data

    def write(self) -> None:
        """Write the full tiles and bundles; their partial ones go."""
        self._create(self._edge.full)
        self._storage.drop_partials([tile.name for tile in self._edge.full])
        self._edge.forget_full()

    def _check_cosigned(self) -> None:
        """Raise SigningError if the entries do not continue what witnesses have cosigned."""
        heads = subtrees(self._storage.read, self.size)
        for known in self._cosigned:
            if known.size > self.size:
                raise SigningError(
                    f"witnesses have cosigned {known.size} entries, so no checkpoint of {self.size} is signed"
                )
            if root_at(known.size, heads) != known.root:
                raise SigningError(
                    f"witnesses have cosigned another head of the first {known.size} entries: they have changed since"
                )

    def _prove(self, size: int) -> Callable[[int], list[bytes]]:
        """Return what proves that the tree of some entries is the beginning of that of `size`."""
        hashes = subtrees(self._storage.read, size)
        return lambda before: consistency_proof(before, size, hashes)

    def _create(self, tiles: dict[Tile, bytes]) -> None:
        if tiles:
            self._storage.create({tile.name: data for tile, data in tiles.items()})
