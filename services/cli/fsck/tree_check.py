"""The check of a whole tree: which of entries, tiles and checkpoint is wrong if they differ."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from events.seal.checkpoint import LogCheckpoint
from events.seal.errors import FormatError
from events.seal.merkle import head_of, root_of
from events.seal.tiles import HEIGHT, WIDTH, Read, Tile, levels, read_hashes, width_at
from services.cli.fsck.tile_check import TileCheck


class Flaw(NamedTuple):
    """Something wrong with an archive: the first position that it concerns, if that is known, and what it is."""

    position: int | None
    detail: str


class Levels(NamedTuple):
    """The tiles above level 0: their hashes by level, None if a tile cannot be read, and the reason."""

    rows: list[list[bytes | None]]
    flaws: list[Flaw]


def tree_flaws(read: Read, checkpoint: LogCheckpoint, tiles: Sequence[TileCheck], first: int = 0) -> list[Flaw]:
    """Return what is wrong with the archive of a checkpoint whose tiles of level 0 and bundles are `tiles`.

    `first` is the number of the first of these; the heads of those before it are what the tiles above have. Of an
    entry and its hash the one that leads to the checkpoint's head is right. Raises OSError.
    """
    upper = _upper(read, checkpoint.size)
    heads = _heads(tiles, upper, checkpoint, first)
    rows = _rows(heads, checkpoint.size)
    root = _root(rows, heads, checkpoint.size)
    right = root == checkpoint.root
    flaws = upper.flaws + _leaf_flaws(tiles, heads[first:], first, right=right) + _upper_flaws(upper, rows, right=right)
    if not right and not flaws:
        detail = (
            f"entries and tiles agree with each other, but not with the checkpoint: their head is {root.hex()}, "
            f"it signs {checkpoint.root.hex()}; an earlier checkpoint (--since) shows whether they changed after it"
        )
        flaws.append(Flaw(None, detail))
    return flaws


def in_order(flaws: Iterable[Flaw]) -> list[Flaw]:
    """Return flaws by position, last those without one."""
    return sorted(flaws, key=lambda flaw: (flaw.position is None, flaw.position or 0, flaw.detail))


def _upper(read: Read, size: int) -> Levels:
    """Read the tiles above level 0."""
    found = Levels([[]], [])
    for level in levels(size)[1:]:
        count = size >> HEIGHT * level
        row: list[bytes | None] = []
        for number in range(-(-count // WIDTH)):
            tile = Tile(level, number, width_at(size, level, number))
            try:
                row += read_hashes(read, tile)
            except FormatError as error:
                found.flaws.append(Flaw(tile.start + 1, str(error)))
                row += [None] * tile.width
        found.rows.append(row)
    return found


def _heads(tiles: Sequence[TileCheck], upper: Levels, checkpoint: LogCheckpoint, first: int) -> list[bytes]:
    """Return the head of each tile of level 0: of its entries or of its hashes, whichever the tree above has."""
    above = [*(upper.rows[1] if len(upper.rows) > 1 else []), None]
    heads: list[bytes | None] = above[:first]
    heads += [
        tile.tile_head
        if tile.tile_head is not None and tile.tile_head == parent
        else tile.entries_head or tile.tile_head
        for tile, parent in zip(tiles, above[first:], strict=False)
    ]
    found = [head if head is not None else parent or b"" for head, parent in zip(heads, above, strict=False)]
    if checkpoint.size % WIDTH and tiles[-1].tile_head is not None:  # the last tile has no parent: try both
        other = [*found[:-1], tiles[-1].tile_head]
        if _root(_rows(other, checkpoint.size), other, checkpoint.size) == checkpoint.root:
            return other
    return found


def _rows(heads: Sequence[bytes], size: int) -> list[list[bytes]]:
    """Return the hashes that the tiles of each level above 0 have, if these are the heads of those of level 0."""
    rows: list[list[bytes]] = [[], list(heads[: size // WIDTH])]
    while len(rows[-1]) >= WIDTH:
        row = rows[-1]
        rows.append([head_of(row[at : at + WIDTH]) for at in range(0, len(row) - WIDTH + 1, WIDTH)])
    return rows


def _root(rows: Sequence[Sequence[bytes]], heads: Sequence[bytes], size: int) -> bytes:
    """Return the head of the tree. Of the last tile of level 0, if it is partial, the head takes its hashes' place."""
    return root_of([heads[size // WIDTH :], *(row[len(row) - len(row) % WIDTH :] for row in rows[1:])])


def _leaf_flaws(tiles: Sequence[TileCheck], heads: Sequence[bytes], first: int, *, right: bool) -> list[Flaw]:
    """Return the flaws of tiles of level 0 and of bundles. `right`: the heads lead to that of the checkpoint."""
    flaws = []
    for number, (tile, head) in enumerate(zip(tiles, heads, strict=True), first):
        start = number * WIDTH + 1
        position = start + (tile.differs or 0)
        if tile.flaw is not None:
            unread = tile.entries if tile.differs is None and tile.entries_head is None else 0
            flaws.append(Flaw(position + unread, tile.flaw))
        elif tile.differs is not None:
            if right and head == tile.tile_head:
                detail = "the entry is not the one that was sealed"
            elif right:
                detail = f"the entry is the one that was sealed, but its hash in {Tile(0, number).full_name} is another"
            else:
                detail = f"the entry and its hash in {Tile(0, number).full_name} differ"
            flaws.append(Flaw(position, detail))
    return flaws


def _upper_flaws(upper: Levels, rows: Sequence[Sequence[bytes]], *, right: bool) -> list[Flaw]:
    """Return the first hash of each level above 0 that is not that of the tiles below."""
    flaws = []
    for level, (found, row) in enumerate(zip(upper.rows, rows, strict=False)):
        for at, (one, other) in enumerate(zip(found, row, strict=True)):
            if one is not None and one != other:
                below, name = 1 << HEIGHT * level, Tile(level, at // WIDTH).full_name
                why = (
                    "the tile is wrong"
                    if right
                    else "these entries were replaced together with their hashes, or the tile"
                )
                positions = f"positions {at * below + 1} to {(at + 1) * below}"
                flaws.append(Flaw(at * below + 1, f"{name} has another hash for {positions}: {why}"))
                break
    return flaws
