"""Tiles: the files in which an archive keeps its tree and its entries. Pure.

https://c2sp.org/tlog-tiles . A tile of level L has up to 256 hashes, each the head of a whole subtree of 256^L leaves;
a bundle has up to 256 entries. Tiles at the right edge are partial until they are full.
"""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from events.seal.errors import FormatError
from events.seal.merkle import HASH_BYTES, head_of
from events.seal.proofs import Subtrees

Read = Callable[[str], bytes | None]
"""Returns the content of an archive's file, None if there is none."""

WIDTH = 256
"""Hashes in a full tile, entries in a full bundle."""

HEIGHT = 8
"""Levels of the tree that one level of tiles spans."""

MOST_ENTRY_BYTES = 65_535
"""Bytes of an entry: its length in a bundle is a uint16."""

CACHED_TILES = 1_024
"""Tiles that `subtrees` keeps, 8 KiB each."""

ENTRIES = -1
"""The level of bundles, in a `Tile`."""


_NAME = re.compile(
    r"tile/(?P<level>entries|[0-9]{1,2})/(?P<number>(?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)


class Tile(NamedTuple):
    """The address of a tile or a bundle: level (or ENTRIES), number at the level, and width in hashes or entries."""

    level: int
    number: int
    width: int = WIDTH

    @property
    def full_name(self) -> str:
        """The name of the full tile with this level and number, relative to the archive."""
        level = "entries" if self.level == ENTRIES else str(self.level)
        *above, last = _groups(self.number)
        return "/".join(("tile", level, *(f"x{group}" for group in above), last))

    @property
    def name(self) -> str:
        """The name relative to the archive, with `.p/<width>` if it is partial."""
        return self.full_name if self.width == WIDTH else f"{self.full_name}.p/{self.width}"

    @property
    def start(self) -> int:
        """The index of the first entry below it."""
        return self.number << HEIGHT * (max(self.level, 0) + 1)


def _groups(number: int) -> list[str]:
    """Return a number's decimal digits by three: 1234067 is 001, 234 and 067."""
    digits = str(number)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    return [digits[at : at + 3] for at in range(0, len(digits), 3)]


def tile_named(name: str) -> Tile | None:
    """Return the tile or bundle of a name, None if it is not the name of any."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    level = ENTRIES if found["level"] == "entries" else int(found["level"])
    tile = Tile(level, int(re.sub("[x/]", "", found["number"])), int(found["width"] or WIDTH))
    return tile if tile.width <= WIDTH and tile.name == name else None  # a number has one spelling


def width_at(size: int, level: int, number: int) -> int:
    """Return the width of a tile or bundle in a tree of `size` entries; 0 if the tree does not have it."""
    return max(0, min(WIDTH, (size >> HEIGHT * max(level, 0)) - number * WIDTH))


def levels(size: int) -> range:
    """Return the levels of tiles that a tree of `size` entries has."""
    return range((size.bit_length() + HEIGHT - 1) // HEIGHT)


def right_edge(size: int) -> list[Tile]:
    """Return the partial tiles of a tree of `size` entries, from level 0 up, without the partial bundle."""
    edge = [(level, (size >> HEIGHT * level)) for level in levels(size)]
    return [Tile(level, count // WIDTH, count % WIDTH) for level, count in edge if count % WIDTH]


def read_tile(read: Read, tile: Tile) -> tuple[Tile, bytes]:
    """Read a tile or a bundle; return the file that has it, which is the full one if the partial one is gone.

    Raises FormatError if neither is there.
    """
    for file in dict.fromkeys((tile, tile._replace(width=WIDTH))):
        if (data := read(file.name)) is not None:
            return file, data
    raise FormatError(f"{tile.name} is missing")


def read_hashes(read: Read, tile: Tile) -> list[bytes]:
    """Read the hashes of a tile; raise FormatError if its file is missing or has not exactly as many as it names."""
    file, data = read_tile(read, tile)
    if len(data) != file.width * HASH_BYTES:
        raise FormatError(f"{file.name} has {len(data)} bytes instead of {file.width} hashes of {HASH_BYTES} bytes")
    return [data[at : at + HASH_BYTES] for at in range(0, tile.width * HASH_BYTES, HASH_BYTES)]


def read_entries(read: Read, bundle: Tile) -> list[bytes]:
    """Read the entries of a bundle; raise FormatError if its file is missing or has not exactly as many as it names."""
    file, data = read_tile(read, bundle)
    entries = entries_in(data)
    if len(entries) != file.width:
        raise FormatError(f"{file.name} has {len(entries)} entries instead of {file.width}")
    return entries[: bundle.width]


def entry_at(read: Read, size: int, position: int) -> bytes:
    """Read the entry at a position, from 1 on, of a tree of `size` entries; raises FormatError."""
    number, at = divmod(position - 1, WIDTH)
    return read_entries(read, Tile(ENTRIES, number, width_at(size, ENTRIES, number)))[at]


def bundle_of(entries: Sequence[bytes]) -> bytes:
    """Return the bundle of some entries: each with its length as a big-endian uint16 before it."""
    parts: list[bytes] = []
    for entry in entries:
        if len(entry) > MOST_ENTRY_BYTES:
            raise FormatError(f"an entry has {len(entry)} bytes; at most {MOST_ENTRY_BYTES} fit into a bundle")
        parts += (len(entry).to_bytes(2, "big"), entry)
    return b"".join(parts)


def entries_in(data: bytes) -> list[bytes]:
    """Return the entries of a bundle; raise FormatError if it ends inside one."""
    entries, at, end = [], 0, len(data)
    while at + 2 <= end:
        after = at + 2 + (data[at] << 8 | data[at + 1])
        entries.append(data[at + 2 : after])
        at = after
    if at != end:
        raise FormatError(f"the bundle ends inside entry {len(entries) - (at > end)} of it")
    return entries


def subtrees(read: Read, size: int) -> Subtrees:
    """Return the subtrees of a tree of `size` entries, from its tiles; FormatError names a tile that is not there."""
    cache: dict[tuple[int, int], list[bytes]] = {}

    def head(level: int, number: int) -> bytes:
        within = level % HEIGHT  # 2^within hashes of one tile
        first = number << within
        at = (level // HEIGHT, first // WIDTH)
        if at not in cache:
            tile = Tile(*at, width_at(size, *at))
            if len(cache) == CACHED_TILES:
                cache.clear()
            cache[at] = read_hashes(read, tile)
        return head_of(cache[at][first % WIDTH : first % WIDTH + (1 << within)])

    return head
