"""The right edge of a tree: what an archive keeps in memory to grow. Pure.

At most 255 entries, and 255 hashes for each level of tiles. Everything to the left is in full tiles that never change.
"""

from collections.abc import Iterable, Sequence

from events.seal.errors import FormatError
from events.seal.merkle import head_of, leaf_hash, root_of
from events.seal.tiles import (
    ENTRIES,
    HEIGHT,
    MOST_ENTRY_BYTES,
    WIDTH,
    Read,
    Tile,
    bundle_of,
    levels,
    read_entries,
    read_hashes,
    right_edge,
    width_at,
)


class RightEdge:
    """The partial tiles and the partial bundle of a growing tree, and the full ones that are not on disk yet."""

    def __init__(self, size: int = 0, rows: Sequence[Sequence[bytes]] = (), entries: Iterable[bytes] = ()) -> None:
        self.size = size
        self.full: dict[Tile, bytes] = {}
        self.full_bytes = 0
        self._rows = [list(row) for row in rows]
        self._entries = list(entries)

    def add(self, entry: bytes) -> None:
        """Take the next entry; raises FormatError if a bundle cannot hold it."""
        if len(entry) > MOST_ENTRY_BYTES:
            raise FormatError(f"entry {self.size} has {len(entry)} bytes; a bundle holds at most {MOST_ENTRY_BYTES}")
        self._entries.append(entry)
        self.size += 1
        if len(self._entries) == WIDTH:
            self._keep(Tile(ENTRIES, self.size // WIDTH - 1), bundle_of(self._entries))
            self._entries.clear()
        self._push(0, leaf_hash(entry))

    def forget_full(self) -> None:
        """Drop the full tiles and bundles: they are on disk."""
        self.full, self.full_bytes = {}, 0

    def partials(self, before: int) -> dict[Tile, bytes]:
        """Return the partial tiles and the partial bundle that differ from those of the tree of `before` entries."""
        found: dict[Tile, bytes] = {}
        if self._entries and before != self.size:
            found[Tile(ENTRIES, self.size // WIDTH, len(self._entries))] = bundle_of(self._entries)
        for tile in right_edge(self.size):
            shift = HEIGHT * tile.level
            if before >> shift != self.size >> shift:
                found[tile] = b"".join(self._rows[tile.level])
        return found

    def root(self) -> bytes:
        """Return the head of the tree."""
        return root_of(self._rows)

    def _push(self, level: int, hash: bytes) -> None:
        if level == len(self._rows):
            self._rows.append([])
        row = self._rows[level]
        row.append(hash)
        if len(row) == WIDTH:
            self._keep(Tile(level, (self.size >> HEIGHT * (level + 1)) - 1), b"".join(row))
            self._push(level + 1, head_of(row))
            row.clear()

    def _keep(self, tile: Tile, data: bytes) -> None:
        self.full[tile] = data
        self.full_bytes += len(data)


def load_edge(read: Read, size: int) -> RightEdge:
    """Read the right edge of a tree of `size` entries from its tiles; raises FormatError."""
    rows: list[list[bytes]] = [[] for _ in levels(size)]
    for tile in right_edge(size):
        rows[tile.level] = read_hashes(read, tile)
    bundle = Tile(ENTRIES, size // WIDTH, width_at(size, ENTRIES, size // WIDTH))
    entries = read_entries(read, bundle) if bundle.width else []
    if entries and list(map(leaf_hash, entries)) != rows[0]:
        raise FormatError(f"{bundle.name} has other entries than the tile of its hashes")
    return RightEdge(size, rows, entries)
