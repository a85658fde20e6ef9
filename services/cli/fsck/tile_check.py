"""The check of one bundle of entries against the tile of their hashes."""

import zlib
from collections.abc import Sequence
from itertools import zip_longest
from typing import NamedTuple

from events.seal.errors import FormatError
from events.seal.merkle import head_of, leaf_hash
from events.seal.tiles import ENTRIES, Tile, entries_in, read_hashes, read_tile, width_at
from services.cli.fsck.files import MOST_FILE_BYTES, ArchiveFiles

GZIP = b"\x1f\x8b\x08"


class TileCheck(NamedTuple):
    """A tile of level 0 and its bundle: the heads of both, None if it cannot be read, and what is wrong.

    `entries` and `size` are the bundle's entries and bytes, `flaw` is what is wrong with one of the two files, and
    `differs` the first place where they differ.
    """

    entries: int
    size: int
    entries_head: bytes | None
    tile_head: bytes | None
    differs: int | None
    flaw: str | None


def check_tile(files: ArchiveFiles, size: int, number: int) -> TileCheck:
    """Compare a bundle's entries with the hashes in the tile of the same number; raises OSError."""
    width = width_at(size, 0, number)
    tile, bundle = Tile(0, number, width), Tile(ENTRIES, number, width)
    flaws: list[str] = []
    entries, length = _read_entries(files, bundle, flaws)
    leaves = list(map(leaf_hash, entries))
    hashes: list[bytes] = []
    try:
        hashes = read_hashes(files.read, tile)
    except FormatError as error:
        flaws.append(str(error))
    return TileCheck(
        min(len(leaves), width),
        length,
        head_of(leaves[:width]) if len(leaves) >= width else None,
        head_of(hashes) if hashes else None,
        _first_difference(leaves, hashes) if leaves and hashes else None,
        "; ".join(flaws) or None,
    )


def _read_entries(files: ArchiveFiles, bundle: Tile, flaws: list[str]) -> tuple[list[bytes], int]:
    """Return the entries of a bundle, which may be compressed on disk, and its bytes; also entries too many."""
    try:
        file, data = read_tile(files.read, bundle)
    except FormatError as error:
        flaws.append(str(error))
        return [], 0
    try:
        found = entries_in(unpacked(data))
    except FormatError as error:
        flaws.append(f"{file.name}: {error}")
        return [], len(data)
    if len(found) != file.width:
        flaws.append(f"{file.name} has {len(found)} entries instead of {file.width}")
        return found, len(data)
    return found[: bundle.width], len(data)


def unpacked(data: bytes) -> bytes:
    """Return a bundle that may be compressed, as a file on a static host is; raises FormatError."""
    if not data.startswith(GZIP):
        return data
    try:
        entries_in(data)
    except FormatError:  # so it is not the length of an entry
        unpacking = zlib.decompressobj(16 + zlib.MAX_WBITS)
        try:
            return unpacking.decompress(data, MOST_FILE_BYTES)
        except zlib.error as error:
            raise FormatError(f"it is neither a bundle nor compressed: {error}") from error
    return data


def _first_difference(some: Sequence[bytes], others: Sequence[bytes]) -> int | None:
    if some == others:
        return None
    return next(at for at, (one, other) in enumerate(zip_longest(some, others)) if one != other)
