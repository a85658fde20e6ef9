"""The check of an archive: every entry, every tile, and the checkpoint's head; large archives by several processes."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import NamedTuple

from events.seal.checkpoint import LogCheckpoint
from events.seal.errors import FormatError
from events.seal.policy import Trusted
from events.seal.proofs import consistency_proof, consistent, root_at
from events.seal.tiles import WIDTH, subtrees
from services.cli.fsck.files import ArchiveFiles, DirectoryFiles
from services.cli.fsck.tile_check import TileCheck, check_tile
from services.cli.fsck.tree_check import Flaw, in_order, tree_flaws

CHUNK = 64
"""Tiles of level 0 that a process checks at once: 16,384 entries."""

FEWEST_CHUNKS = 64
"""Chunks from which processes are worth starting: that takes a second or two, in which one checks a million entries."""

FETCHES = 8
"""Tiles that a process reads at once over a network."""


class Checked(NamedTuple):
    """What was found: the entries, the bytes of their bundles, and the flaws by position."""

    entries: int
    size: int
    flaws: list[Flaw]


def weaker(trusted: Trusted) -> str | None:
    """Return what a checkpoint lacks by its policy, None if nothing."""
    return f"weaker: {trusted.weaker}; the log's own key alone vouches for it" if trusted.weaker is not None else None


def check_archive(
    files: ArchiveFiles,
    checkpoint: LogCheckpoint,
    report: Callable[[int], None],
    earlier: LogCheckpoint | None = None,
    after: int = 0,
) -> Checked:
    """Check every entry and tile against a verified checkpoint, and that against an earlier one of the same log.

    Bundles and tiles of level 0 that have only the first `after` entries are not read. `report` is called with the
    number of entries that have been checked. Raises OSError.
    """
    tiles: list[TileCheck] = []
    first = after // WIDTH
    for chunk in _chunks(files, checkpoint.size, first):
        tiles += chunk
        report(min(checkpoint.size, (first + len(tiles)) * WIDTH))
    flaws = tree_flaws(files.read, checkpoint, tiles, first)
    if earlier is not None:
        flaws += since_flaws(files, checkpoint, earlier)
    return Checked(sum(tile.entries for tile in tiles), sum(tile.size for tile in tiles), in_order(flaws))


def _chunks(files: ArchiveFiles, size: int, first: int) -> Iterator[list[TileCheck]]:
    """Return the checks of the tiles of level 0 from the first to be read on, some at a time, in order."""
    count = -(-size // WIDTH)
    chunks = [range(start, min(start + CHUNK, count)) for start in range(first, count, CHUNK)]
    check = partial(check_chunk, files, size)
    if (workers := processors()) == 1 or len(chunks) < FEWEST_CHUNKS:
        yield from map(check, chunks)
        return
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        yield from pool.map(check, chunks)


def processors() -> int:
    """Return the number of processors that this process may use; all of them where the system does not tell."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def check_chunk(files: ArchiveFiles, size: int, numbers: range) -> list[TileCheck]:
    """Check some tiles of level 0; raises OSError."""
    check = partial(check_tile, files, size)
    if isinstance(files, DirectoryFiles):
        return list(map(check, numbers))
    with ThreadPoolExecutor(FETCHES) as pool:
        return list(pool.map(check, numbers))


def since_flaws(files: ArchiveFiles, checkpoint: LogCheckpoint, earlier: LogCheckpoint) -> list[Flaw]:
    """Return a flaw if the archive does not continue an earlier checkpoint."""
    if earlier.size > checkpoint.size:
        detail = f"the earlier checkpoint has {earlier.size} entries, the archive ends after {checkpoint.size}"
        return [Flaw(checkpoint.size + 1, detail)]
    hashes = subtrees(files.read, checkpoint.size)
    try:
        root = checkpoint.root if earlier.size == checkpoint.size else root_at(earlier.size, hashes)
        proof = consistency_proof(earlier.size, checkpoint.size, hashes)
    except FormatError as error:
        return [Flaw(None, f"the earlier checkpoint cannot be compared: {error}")]
    if consistent(earlier.size, checkpoint.size, earlier.root, checkpoint.root, proof):
        return []
    if not consistent(earlier.size, checkpoint.size, root, checkpoint.root, proof):  # the tiles are not those signed
        place = f"after entry {earlier.size}" if root == earlier.root else "that this needs"
        return [Flaw(None, f"the earlier checkpoint cannot be compared: tiles {place} are damaged")]
    detail = (
        f"the first {earlier.size} entries are not those of the earlier checkpoint: one of them at least was replaced"
    )
    return [Flaw(None, detail)]
