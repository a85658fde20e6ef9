"""Tiles of an archive that cannot be trusted, each verified up to the head of a checkpoint that can. Pure."""

from events.seal.checkpoint import LogCheckpoint
from events.seal.errors import FormatError
from events.seal.merkle import head_of, root_of
from events.seal.tiles import (
    CACHED_TILES,
    HEIGHT,
    WIDTH,
    Read,
    Tile,
    levels,
    read_hashes,
    right_edge,
    tile_named,
    width_at,
)


class VerifiedTiles:
    """The tiles of the tree of a checkpoint. Hashes that are returned are those that it signs."""

    def __init__(self, read: Read, checkpoint: LogCheckpoint) -> None:
        """Read the right edge; raises FormatError if a tile of it is missing, or does not lead to the head."""
        self._read, self._size = read, checkpoint.size
        self._edge = {(tile.level, tile.number): read_hashes(read, tile) for tile in right_edge(self._size)}
        self._full: dict[tuple[int, int], list[bytes]] = {}
        rows = [self._edge.get((level, self._size >> HEIGHT * (level + 1)), []) for level in levels(self._size)]
        if root_of(rows) != checkpoint.root:
            raise FormatError("the tiles at the right edge are not those of the checkpoint")

    def hashes(self, level: int, number: int) -> list[bytes]:
        """Return the hashes of a tile of the tree; raises FormatError if it is missing, or another one."""
        at = level, number
        if (found := self._edge.get(at) or self._full.get(at)) is not None:
            return found
        tile = Tile(level, number)
        found = read_hashes(self._read, tile)
        if head_of(found) != self.hashes(level + 1, number // WIDTH)[number % WIDTH]:
            raise FormatError(f"{tile.name} is not what the checkpoint signs")
        if len(self._full) >= CACHED_TILES:
            self._full.clear()
        self._full[at] = found
        return found

    def read(self, name: str) -> bytes | None:
        """Return the verified content of a tile of the tree, as `Read` does."""
        tile = tile_named(name)
        if tile is None or not 0 < tile.width == width_at(self._size, tile.level, tile.number):
            return None
        return b"".join(self.hashes(tile.level, tile.number))
