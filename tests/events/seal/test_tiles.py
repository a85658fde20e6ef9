"""Addresses, bundles and the plan of growth, with the examples of https://c2sp.org/tlog-tiles ."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.seal.edge import RightEdge, load_edge
from events.seal.errors import FormatError
from events.seal.merkle import Tree, leaf_hash
from events.seal.proofs import root_at
from events.seal.tiles import (
    ENTRIES,
    WIDTH,
    Tile,
    bundle_of,
    entries_in,
    read_entries,
    read_hashes,
    right_edge,
    subtrees,
    tile_named,
    width_at,
)
from tests.events.seal.logs import entries, growth


def kept(edge: RightEdge, before: int = 0) -> dict[str, bytes]:
    """Return the tiles and bundles of an edge that began at `before`."""
    return {tile.name: data for tile, data in (edge.full | edge.partials(before)).items()}


@pytest.mark.parametrize(
    ("tile", "name"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(3, 1_234_067), "tile/3/x001/x234/067"),
        (Tile(ENTRIES, 1_234_067), "tile/entries/x001/x234/067"),
        (Tile(1, 999, 5), "tile/1/999.p/5"),
        (Tile(ENTRIES, 1_000, 255), "tile/entries/x001/000.p/255"),
    ],
)
def test_the_names_of_tiles(tile: Tile, name: str) -> None:
    """The number stands in groups of three digits, all but the last with an x; a partial one names its width."""
    assert tile.name == name


@given(st.builds(Tile, st.integers(ENTRIES, 7), st.integers(0, 1 << 55), st.integers(1, WIDTH)))
def test_a_name_leads_back_to_its_tile(tile: Tile) -> None:
    """Every tile has one name."""
    assert tile_named(tile.name) == tile


@pytest.mark.parametrize(
    "name",
    [
        "checkpoint",
        "tile",
        "tile/0/0",
        "tile/0/000/",
        "/tile/0/000",
        "tile/0/x000/001",
        "tile/0/001/002",
        "tile/00/000",
        "tile/-1/000",
        "tile/0/000.p/0",
        "tile/0/000.p/07",
        "tile/0/000.p/256",
        "tile/0/000.p/257",
        "tile/0/../000",
        "tile/0/000\n",
        "tile/٠/000",
        "tile/entries/٠٠٠",
    ],
)
def test_other_names_are_of_no_tile(name: str) -> None:
    """Nor is another spelling of one."""
    assert tile_named(name) is None


def test_the_tiles_of_the_specifications_examples() -> None:
    """70,000 and 256 entries."""
    found = [(tile.level, tile.width) for tile in growth(0, 70_000) if tile.level >= 0]
    assert found.count((0, WIDTH)) == 273
    assert [tile for tile in found if tile != (0, WIDTH)] == [(0, 112), (1, WIDTH), (1, 17), (2, 1)]
    assert [tile.name for tile in growth(0, 256)] == ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]
    assert [tile.width for tile in right_edge(70_000)] == [112, 17, 1]
    assert list(growth(0, 0)) == list(growth(300, 300)) == []


@given(st.integers(0, 70_000), st.integers(0, 600))
def test_growth_is_what_the_larger_tree_has_and_the_smaller_one_has_not(old: int, more: int) -> None:
    """Nothing of the smaller tree is written again, nothing of the larger one is left out."""

    def all_of(size: int) -> set[Tile]:
        counts = {level: size >> 8 * max(level, 0) for level in (ENTRIES, 0, 1, 2)}
        return {
            Tile(level, number, width_at(size, level, number))
            for level, count in counts.items()
            for number in range(-(-count // WIDTH))
        }

    planned = list(growth(old, old + more))
    assert set(planned) == all_of(old + more) - all_of(old)
    assert len(set(planned)) == len(planned)


@given(st.lists(st.binary(max_size=300), max_size=WIDTH))
def test_bundles_give_their_entries_back(some: list[bytes]) -> None:
    """An entry of any bytes, also of none."""
    assert entries_in(bundle_of(some)) == some


def test_malformed_bundles_and_tiles() -> None:
    """A bundle that ends inside an entry, an entry that is too long."""
    data = bundle_of([b"first", b"second"])
    for end in (1, 6, 8, len(data) - 1):
        with pytest.raises(FormatError, match=f"inside entry {int(end >= 7)}"):
            entries_in(data[:end])
    assert entries_in(bundle_of([b"x" * 65_535])) == [b"x" * 65_535]
    with pytest.raises(FormatError, match="65536 bytes; at most 65535"):
        bundle_of([b"x" * 65_536])
    with pytest.raises(FormatError, match="entry 0 has 65536 bytes"):
        RightEdge().add(b"x" * 65_536)


@pytest.mark.parametrize("count", [2, 4, 255, 257])
def test_a_tile_and_a_bundle_have_the_width_of_their_name(count: int) -> None:
    """Neither fewer nor more, also in a full one that stands for a partial one; and whole hashes."""
    tile, bundle = Tile(0, 0, 3), Tile(ENTRIES, 0, 3)
    some = entries(count)
    for name, width in (("000.p/3", 3), ("000", 256)):
        with pytest.raises(FormatError, match=rf"tile/0/{name} has {32 * count} bytes instead of {width} hashes"):
            read_hashes({f"tile/0/{name}": bytes(32 * count)}.get, tile)
        with pytest.raises(FormatError, match=rf"tile/entries/{name} has {count} entries instead of {width}"):
            read_entries({f"tile/entries/{name}": bundle_of(some)}.get, bundle)
        with pytest.raises(FormatError, match=rf"tile/entries/{name} has {count} entries instead of {width}"):
            load_edge({f"tile/entries/{name}": bundle_of(some), "tile/0/000.p/3": bytes(96)}.get, 3)
    with pytest.raises(FormatError, match="97 bytes instead of 3 hashes of 32 bytes"):
        read_hashes({tile.name: bytes(97)}.get, tile)


@given(st.integers(0, 1_500), st.integers(0, 1_500))
def test_an_edge_makes_the_planned_tiles_and_the_tree(first: int, more: int) -> None:
    """Growing in two steps, the second from the tiles of the first: the same tiles, and the head of the tree."""
    log, tree = entries(first + more), Tree()
    edge = RightEdge()
    for entry in log[:first]:
        edge.add(entry)
        tree.add(entry)
    assert (edge.size, edge.root()) == (first, tree.root())
    files = kept(edge)
    assert set(files) == {tile.name for tile in growth(0, first)}
    again = load_edge(files.get, first)
    assert (again.size, again.root()) == (first, tree.root())
    for entry in log[first:]:
        again.add(entry)
        tree.add(entry)
    assert again.root() == tree.root()
    grown = kept(again, first)
    assert set(grown) == {tile.name for tile in growth(first, first + more)}
    files |= grown
    for size in {first, first + more, (first + more) // 2} - {0}:
        assert root_at(size, subtrees(files.get, first + more)) == _root(log[:size])


def test_a_full_tile_stands_for_its_partial_ones() -> None:
    """A tree whose partial tiles are gone is read from the full ones."""
    edge = RightEdge()
    for entry in entries(256):
        edge.add(entry)
    files = {tile.name: data for tile, data in edge.full.items()}
    assert load_edge(files.get, 100).root() == _root(entries(100))
    with pytest.raises(FormatError, match=r"tile/0/001\.p/44 is missing"):
        load_edge(files.get, 300)


def test_a_bundle_that_is_not_that_of_its_tile_is_found() -> None:
    """An archive is not continued on other entries."""
    edge = RightEdge()
    for entry in entries(3):
        edge.add(entry)
    files = kept(edge) | {"tile/entries/000.p/3": bundle_of([b"a", b"b", b"c"])}
    with pytest.raises(FormatError, match="other entries than the tile"):
        load_edge(files.get, 3)


def _root(some: list[bytes]) -> bytes:
    tree = Tree()
    for entry in some:
        tree.add(entry)
    assert len(tree.heads) == len(some).bit_count()
    return Tree(tree.size, [bytes.fromhex(head) for head in tree.heads]).root() if some else tree.root()


def test_a_tree_is_not_resumed_from_too_few_heads() -> None:
    """A tree of three entries is made of two whole subtrees."""
    with pytest.raises(ValueError, match="made of 2 whole subtrees, not 1"):
        Tree(3, [leaf_hash(b"")])
