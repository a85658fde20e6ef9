"""The tree head, with the test vectors of Certificate Transparency's reference implementation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.seal.merkle import Tree, whole

ENTRIES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]

HEADS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


@pytest.mark.parametrize("size", range(9))
def test_the_head_at_every_size_is_the_published_one(size: int) -> None:
    """The head is that of RFC 6962 wherever it is asked for, and asking changes nothing."""
    tree = Tree()
    for number, entry in enumerate(ENTRIES[:size]):
        assert tree.head() == HEADS[number]
        tree.add(entry)
    assert (tree.size, tree.head()) == (size, HEADS[size])


@given(st.integers(0, 300), st.integers(0, 300))
def test_a_longer_tree_goes_through_the_heads_of_a_shorter_one(size: int, more: int) -> None:
    """At the end of each of its whole subtrees the tree's last head is that subtree's, whatever follows later."""
    entries = [bytes([number % 256, number // 256]) for number in range(size + more)]
    shorter, longer, seen = Tree(), Tree(), []
    for entry in entries[:size]:
        shorter.add(entry)
    ends = [sum(whole(size)[: number + 1]) for number in range(len(whole(size)))]
    for entry in entries:
        longer.add(entry)
        if longer.size in ends:
            seen.append(longer.heads[-1])
    assert sum(whole(size)) == size
    assert seen == shorter.heads
