"""Copying one archive: what is new is verified by a trusted checkpoint before it is written, and published last.

What https://c2sp.org/tlog-mirror asks of a mirror's copy, for a mirror that fetches. Wherever it stops, the copy is one
of the checkpoint before; the next run resumes after the last bundle that is there.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from events.seal.bucket import REQUESTS
from events.seal.checkpoint import LogCheckpoint
from events.seal.eras import CONTINUES
from events.seal.errors import FormatError, PolicyError
from events.seal.merkle import leaf_hash
from events.seal.policy import LogPolicy, Trusted
from events.seal.proofs import root_at
from events.seal.storage import CHECKPOINT, ArchiveStorage
from events.seal.tiles import (
    ENTRIES,
    HEIGHT,
    WIDTH,
    Tile,
    bundle_of,
    entries_in,
    levels,
    read_tile,
    subtrees,
    width_at,
)
from events.seal.verified_tiles import VerifiedTiles
from services.cli.fsck.files import ArchiveFiles
from services.cli.fsck.tile_check import unpacked
from services.cli.mirroring.stamps import copy_stamp

BATCH = 64
"""Bundles that are read and written at once: 16,384 entries."""

Texts = Callable[[Iterable[bytes]], Mapping[str, bytes]]
"""Returns the files that entries name, by their names; raises OSError."""


class Copied(NamedTuple):
    """A checkpoint that the copy has, and the number of entries that are new with it."""

    trusted: Trusted
    new: int


class ArchiveCopy:
    """The copy of one archive, from its files into a storage."""

    def __init__(self, files: ArchiveFiles, storage: ArchiveStorage, policy: LogPolicy, texts: Texts) -> None:
        self._files, self._storage, self._policy = files, storage, policy
        self._texts = texts

    def update(self, origin: str | None, report: Callable[[int, int], None]) -> Copied | None:
        """Bring the copy to the source's checkpoint, that of the log `origin` if it is known; None if there is none.

        Raises PolicyError if the source does not continue the copy, FormatError if a file of it is not what its
        checkpoint signs, SignatureError, StorageConflictError and OSError. `report` gets done and all entries.
        """
        data, own = self._files.read(CHECKPOINT), self._storage.read(CHECKPOINT)
        if data is None:
            return None
        trusted = self._policy.check(data)
        checkpoint, before = trusted.checkpoint, self._policy.check(own).checkpoint if own is not None else None
        if origin not in {None, checkpoint.origin}:
            raise PolicyError(f"the source is the log {checkpoint.origin!r} instead of {origin!r}")
        if data == own:
            self._copy_beside(checkpoint)
            return Copied(trusted, 0)
        tiles = VerifiedTiles(self._files.read, checkpoint)
        if before is not None:
            _check_continues(before, checkpoint, tiles)
        size = before.size if before is not None else 0
        self._copy(tiles, size, checkpoint.size, report)
        self._storage.swap(CHECKPOINT, own, data)
        self._copy_beside(checkpoint)
        return Copied(trusted, checkpoint.size - size)

    def _copy_beside(self, checkpoint: LogCheckpoint) -> None:
        """Copy the newest time stamp, and the checkpoint that this log continues; raises PolicyError."""
        copy_stamp(self._files, self._storage, self._policy, checkpoint)
        if (continued := self._files.read(CONTINUES)) is not None:
            self._policy.check(continued)
            self._storage.create({CONTINUES: continued})

    def _copy(self, tiles: VerifiedTiles, before: int, size: int, report: Callable[[int, int], None]) -> None:
        """Write the bundles and tiles that a tree of `size` entries has and that of `before` has not."""
        for batch in _numbers(0, before, size):
            self._write({**self._bundles(tiles, batch, size), **_content(tiles, 0, batch, size)})
            report(min(size, batch.stop * WIDTH) - before, size - before)
        for level in levels(size)[1:]:
            for batch in _numbers(level, before, size):
                self._write(_content(tiles, level, batch, size))

    def _bundles(self, tiles: VerifiedTiles, batch: range, size: int) -> dict[Tile, bytes]:
        """Return the bundles that an earlier run has not written, once their entries are verified."""
        found: dict[Tile, bytes] = {}

        def copied(number: int) -> None:
            bundle = Tile(ENTRIES, number, width_at(size, ENTRIES, number))
            hashes = tiles.hashes(0, number)
            if (there := self._storage.read(bundle.name)) is None or list(map(leaf_hash, entries_in(there))) != hashes:
                found[bundle] = bundle_of(_entries(self._files, bundle, hashes))

        with ThreadPoolExecutor(REQUESTS) as pool:
            list(pool.map(copied, batch))
        self._storage.create(self._texts(entry for data in found.values() for entry in entries_in(data)))
        return found

    def _write(self, tiles: Mapping[Tile, bytes]) -> None:
        self._storage.create({tile.name: data for tile, data in tiles.items()})
        self._storage.drop_partials([tile.name for tile in tiles if tile.width == WIDTH])


def _check_continues(before: LogCheckpoint, checkpoint: LogCheckpoint, tiles: VerifiedTiles) -> None:
    """Raise PolicyError unless the tree of the checkpoint before is the beginning of the other's."""
    if checkpoint.origin != before.origin:
        raise PolicyError(f"the copy is of the log {before.origin!r}, the source of {checkpoint.origin!r}")
    if checkpoint.size < before.size:
        raise PolicyError(
            f"the copy has {before.size} entries, the source shows {checkpoint.size}: it was rolled back, or is an old"
            " copy; nothing was changed"
        )
    if root_at(before.size, subtrees(tiles.read, checkpoint.size)) != before.root:
        raise PolicyError(
            f"the source has another history: its first {before.size} entries are not those that were copied, though"
            " both are signed. Keep both checkpoints: together they prove it; nothing was changed"
        )


def _entries(files: ArchiveFiles, bundle: Tile, hashes: Sequence[bytes]) -> list[bytes]:
    """Return the entries of a bundle, which have these hashes; raises FormatError and OSError."""
    file, data = read_tile(files.read, bundle)
    entries = entries_in(unpacked(data))[: bundle.width]
    for at, hash in enumerate(hashes):
        if at >= len(entries) or leaf_hash(entries[at]) != hash:
            position = bundle.start + at + 1
            raise FormatError(f"position {position}: the entry in {file.name} is not the one that was sealed")
    return entries


def _numbers(level: int, before: int, size: int) -> Iterator[range]:
    """Yield the numbers of the tiles of a level that a tree of `size` entries has and that of `before` has not."""
    count, known = size >> HEIGHT * level, before >> HEIGHT * level
    numbers = range(known // WIDTH, -(-count // WIDTH)) if count > known else range(0)
    for first in numbers[::BATCH]:
        yield range(first, min(first + BATCH, numbers.stop))


def _content(tiles: VerifiedTiles, level: int, batch: range, size: int) -> dict[Tile, bytes]:
    """Return some tiles of a level."""
    return {Tile(level, one, width_at(size, level, one)): b"".join(tiles.hashes(level, one)) for one in batch}
