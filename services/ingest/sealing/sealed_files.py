"""The archive of one stream and its keys, as files: used by one process at a time, in one thread.

The owner is whoever holds a lock beside the keys with flock(2). What it protects are files, so it lies with them: it
ends with its process, however that ends, and never before, as a lease on the server would while its owner stands still.
"""

import fcntl
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import BinaryIO, TypeVar

from events.seal import durable
from events.seal.archive import Archive
from events.seal.checkpoint import LogCheckpoint
from events.seal.errors import ArchiveError, FormatError
from events.seal.keys import VerifierKey
from events.seal.merkle import leaf_hash
from events.seal.notes import SignedNote
from events.seal.roots import storage_of
from events.seal.signers import KeyFile
from events.seal.signing_state import SigningState
from events.seal.storage import CHECKPOINT
from events.seal.tiles import WIDTH, Read, Tile, entry_at, read_hashes, width_at
from events.seal.timestamps import STAMPED, keep_stamp, stamp_files, stamp_time
from services.ingest.sealing.era_start import EraStart, begin_with, read_start
from services.ingest.sealing.places import SealPlace
from services.ingest.sealing.signing import StreamSigner, load_signer

T = TypeVar("T")


class SealedFiles:
    """The archive of one stream, which grows; `last` is the entry at `size`, `origin` that of a key yet to be made."""

    def __init__(self, place: SealPlace, origin: str, check: Callable[[], None] = lambda: None) -> None:
        """`check` raises ArchiveError or OSError if nothing may be written to the archive's place."""
        self.place = place
        self.origin = origin
        self.last = b""
        self._storage = storage_of(place.archive)
        self._check = check
        self._state = SigningState(place.state)
        self._signer: StreamSigner | None = None
        self._archive: Archive | None = None
        self._lock: BinaryIO | None = None

    @property
    def is_open(self) -> bool:
        """Whether this process is the owner, and has read the archive."""
        return self._archive is not None

    @property
    def keys(self) -> tuple[VerifierKey, ...]:
        """The keys that sign or have signed, once the archive is open."""
        assert self._signer is not None
        return self._signer.keys

    @property
    def key(self) -> VerifierKey:
        """The first key that signs."""
        return self.keys[0]

    @property
    def size(self) -> int:
        """The number of entries that were taken, sealed or not."""
        return self._archive.size if self._archive is not None else 0

    @property
    def published(self) -> int | None:
        """The number of entries of the published checkpoint, None if there is none."""
        found = self._archive.published if self._archive is not None else None
        return found.size if found is not None else None

    @property
    def published_time(self) -> int | None:
        """When the published checkpoint was signed, in seconds since 1970, None if it does not say."""
        return self._archive.published_time if self._archive is not None else None

    def signed(self) -> int:
        """The number of entries of the newest checkpoint that may have been signed, or that a witness has."""
        last = self._state.last()
        return max(last.size if last is not None else 0, self._opened().cosigned)

    def open(self) -> bool:
        """Become the owner and read the archive, or begin one; return False while another process is the owner.

        Raises OSError, and ArchiveError, SigningError or ValueError if keys, state and archive do not fit together.
        """
        if not self._hold():
            return False
        self._check()
        self._signer = self._load_signer()
        archive = Archive.open(self._storage, self._signer.now, self._state, self._signer.earlier)
        start = read_start(self.place.start)
        if start is not None and self.place.before is not None:
            begin_with(start, archive, self._storage, storage_of(self.place.before.archive))
        self._archive = archive
        self.last = self._entry(self._archive.size)
        return True

    def close(self) -> None:
        """Let another process become the owner; what is not sealed yet is forgotten here."""
        self._archive = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def append(self, entries: Sequence[bytes], texts: Mapping[str, bytes]) -> None:
        """Take the next entries; where that fails, some of them are taken. Raises as Archive.append.

        `texts` are what they name, as files beside the archive's.
        """
        archive = self._opened()
        if texts:
            self._storage.create(texts)
        before = archive.size
        try:
            archive.append(entries)
        finally:
            if (count := archive.size - before) > 0:
                self.last = entries[count - 1]

    def expect(self, cosigned: Sequence[LogCheckpoint]) -> None:
        """Take checkpoints that witnesses have (Archive.expect)."""
        self._opened().expect(cosigned)

    def sign(self, now: int) -> SignedNote:
        """Sign a checkpoint of all entries, at a time in seconds since 1970; raises as Archive.sign."""
        return self._opened().sign(now)

    def prove(self, before: int, size: int) -> list[bytes]:
        """Prove that the first `before` entries begin the first `size`, which are signed; raises FormatError."""
        return self._opened().prove(before, size)

    def publish(self, note: SignedNote) -> None:
        """Publish a signed checkpoint; raises as Archive.publish."""
        self._opened().publish(note)

    def start_of_next(self, same: int, files: Sequence[str]) -> EraStart:
        """Return how the next era's archive begins if the first `same` entries stay."""
        data = self.published_data() or b""
        return EraStart(min(same, self.published or 0) // WIDTH * WIDTH, data.decode(), tuple(files))

    def published_data(self) -> bytes | None:
        """Return the published checkpoint with its signatures, None if there is none or the archive is not open."""
        return self._archive.published_data if self._archive is not None else None

    def stamped(self) -> tuple[bytes, datetime] | None:
        """Return the newest checkpoint with a time stamp, and the time of the stamp; raises FormatError."""
        data = self._storage.read(STAMPED)
        stamp = self._storage.read(stamp_files(data).stamp) if data is not None else None
        return (data, stamp_time(stamp, data)) if data is not None and stamp is not None else None

    def keep_stamp(self, checkpoint: bytes, stamp: bytes) -> None:
        """Keep a checkpoint with its time stamp; raises OSError and StorageConflictError."""
        keep_stamp(self._storage, checkpoint, stamp)

    def differing(self, after: int, entries: Sequence[bytes]) -> int | None:
        """Return the first position after `after`, a multiple of WIDTH, at which an entry is not the sealed one."""
        size = self.size
        for start in range(0, len(entries), WIDTH):
            number = (after + start) // WIDTH
            tile = Tile(0, number, width_at(size, 0, number))
            hashes = self._sealed(partial(read_hashes, tile=tile))
            pairs = zip(entries[start : start + WIDTH], hashes, strict=False)
            for at, (entry, hash) in enumerate(pairs, after + start + 1):
                if leaf_hash(entry) != hash:
                    return at
        return None

    def _hold(self) -> bool:
        if self._lock is not None:
            return True
        durable.make(self.place.lock.parent)
        file = self.place.lock.open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.close()
            if isinstance(error, BlockingIOError):
                return False
            raise
        self._lock = file
        return True

    def _load_signer(self) -> StreamSigner:
        """Return who signs, with keys made if there are none; raises ArchiveError if lost ones have signed."""
        with suppress(FileNotFoundError):
            return load_signer(self.place.key)
        if self._state.last() is not None or self._storage.read(CHECKPOINT) is not None:
            raise ArchiveError(
                f"{self.place.key} is missing, with which {self.place.archive} is signed; restore it from its copy"
            )
        if self.place.before is not None and (command := self.place.before.key.with_suffix(".signer")).exists():
            raise ArchiveError(
                f"{self.place.key.with_suffix('.signer')} is missing: the log before was signed by the command in"
                f" {command}, and the next one is, too, with keys named {self.origin}"
            )
        return StreamSigner(KeyFile.make(self.place.key, self.origin), ())

    def _entry(self, position: int) -> bytes:
        """Return a sealed entry at the right edge."""
        return self._sealed(lambda read: entry_at(read, position, position)) if position else b""

    def _sealed(self, get: Callable[[Read], T]) -> T:
        try:
            return get(self._storage.read)
        except FormatError as error:
            raise ArchiveError(f"{self.place.archive}: {error}") from error

    def _opened(self) -> Archive:
        assert self._archive is not None
        return self._archive
