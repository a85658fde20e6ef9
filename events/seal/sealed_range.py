"""Entries of an archive that are proved to be under its checkpoint. Pure."""

from events.seal.checkpoint import LogCheckpoint
from events.seal.errors import FormatError
from events.seal.merkle import leaf_hash
from events.seal.proofs import included, inclusion_proof
from events.seal.tiles import ENTRIES, WIDTH, Read, Tile, read_entries, read_hashes, subtrees


def sealed_range(read: Read, checkpoint: LogCheckpoint, after: int, until: int) -> list[bytes]:
    """Return the entries after one position up to another, both multiples of WIDTH.

    Each bundle has the hashes of its tile, and the tile is under the checkpoint's head. Raises FormatError.
    """
    hashes, found = subtrees(read, checkpoint.size), list[bytes]()
    for number in range(after // WIDTH, until // WIDTH):
        tile, start = Tile(0, number), number * WIDTH
        entries = read_entries(read, Tile(ENTRIES, number))
        leaves = read_hashes(read, tile)
        if list(map(leaf_hash, entries)) != leaves:
            raise FormatError(f"{Tile(ENTRIES, number).name} has other entries than the tile of its hashes")
        # the path of its first leaf takes in all the others of the tile
        proof = inclusion_proof(start, checkpoint.size, hashes)
        if not included(leaves[0], start, checkpoint.size, proof, checkpoint.root):
            raise FormatError(f"{tile.name} is not under the checkpoint of {checkpoint.size} entries")
        found += entries
    return found
