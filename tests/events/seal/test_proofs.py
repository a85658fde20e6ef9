"""Inclusion and consistency proofs, with published vectors, and against the recursive definitions of RFC 6962."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.seal.merkle import EMPTY, head_of, leaf_hash, node_hash
from events.seal.proofs import consistency_proof, consistent, included, inclusion_proof, root_at
from tests.events.test_merkle import ENTRIES, HEADS

LEAVES = [leaf_hash(entry) for entry in ENTRIES]

INCLUSION = {
    (0, 8): "lqKW0iTyhcZ77pPDD4owkVfw2qNdxbh+QQt4YwoJz8c= Xwg/ChozygdqlSeYMlgNs+DvRYS9/x9UyKNg9Q3jAx4= "
    "a0eq8p7jwq+a+Im8H7klTavTEXfxYjLdaqsDXKOb9uQ=",
    (5, 8): "vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms= yoVOoSjtBQtBs1/8G4e46yveRh6eO1WW7Oa51ZdaCuA= "
    "037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc=",
    (2, 3): "+sVCA+fMaWzw38tCySodnbr3CtnmIfS9jZhmLwDjwSU=",
    (1, 5): "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0= Xwg/ChozygdqlSeYMlgNs+DvRYS9/x9UyKNg9Q3jAx4= "
    "vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms=",
}
"""By index and size: https://github.com/transparency-dev/merkle/tree/main/testdata/inclusion ."""

CONSISTENCY = {
    (1, 8): "lqKW0iTyhcZ77pPDD4owkVfw2qNdxbh+QQt4YwoJz8c= Xwg/ChozygdqlSeYMlgNs+DvRYS9/x9UyKNg9Q3jAx4= "
    "a0eq8p7jwq+a+Im8H7klTavTEXfxYjLdaqsDXKOb9uQ=",
    (6, 8): "DrxdNDf74tsVi58Sah0RjjCBgQMdCpSfje3t68VY72o= yoVOoSjtBQtBs1/8G4e46yveRh6eO1WW7Oa51ZdaCuA= "
    "037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc=",
    (2, 5): "Xwg/ChozygdqlSeYMlgNs+DvRYS9/x9UyKNg9Q3jAx4= vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms=",
    (6, 7): "DrxdNDf74tsVi58Sah0RjjCBgQMdCpSfje3t68VY72o= sIaT7C5yFZcTBkHoIR5+7cy0wmQTlj7ubB4u0W/7Gl8= "
    "037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc=",
}
"""By both sizes: https://github.com/transparency-dev/merkle/tree/main/testdata/consistency ."""


def subtree(leaves: list[bytes], level: int, number: int) -> bytes:
    """Return the head of a whole subtree."""
    return head_of(leaves[number << level : (number + 1) << level])


def mth(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, over hashes of leaves."""
    if len(leaves) < 2:
        return leaves[0] if leaves else EMPTY
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return node_hash(mth(leaves[:k]), mth(leaves[k:]))


def path(m: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of RFC 6962, section 2.1.1."""
    if len(leaves) == 1:
        return []
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return [*path(m, leaves[:k]), mth(leaves[k:])] if m < k else [*path(m - k, leaves[k:]), mth(leaves[:k])]


def subproof(m: int, leaves: list[bytes], *, known: bool = True) -> list[bytes]:
    """SUBPROOF of RFC 6962, section 2.1.2."""
    if m == len(leaves):
        return [] if known else [mth(leaves)]
    k = 1 << (len(leaves) - 1).bit_length() - 1
    if m <= k:
        return [*subproof(m, leaves[:k], known=known), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], known=False), mth(leaves[:k])]


@pytest.mark.parametrize(("index", "size"), INCLUSION)
def test_published_inclusion_proofs(index: int, size: int) -> None:
    """The published proofs are those that are made, and they verify."""
    proof = [base64.b64decode(hash) for hash in INCLUSION[index, size].split()]
    assert inclusion_proof(index, size, lambda level, number: subtree(LEAVES, level, number)) == proof
    assert included(LEAVES[index], index, size, proof, bytes.fromhex(HEADS[size]))


@pytest.mark.parametrize(("old", "new"), CONSISTENCY)
def test_published_consistency_proofs(old: int, new: int) -> None:
    """The published proofs are those that are made, and they verify."""
    proof = [base64.b64decode(hash) for hash in CONSISTENCY[old, new].split()]
    assert consistency_proof(old, new, lambda level, number: subtree(LEAVES, level, number)) == proof
    assert consistent(old, new, bytes.fromhex(HEADS[old]), bytes.fromhex(HEADS[new]), proof)


@given(st.data())
def test_proofs_are_those_of_the_definitions(data: st.DataObject) -> None:
    """PATH and SUBPROOF, written as RFC 6962 defines them, give the same proofs, which verify."""
    size = data.draw(st.integers(1, 300))
    leaves = [leaf_hash(bytes([at % 256, at // 256])) for at in range(size)]
    root = mth(leaves)

    def hashes(level: int, number: int) -> bytes:
        return subtree(leaves, level, number)

    assert root_at(size, hashes) == root == head_of(leaves)
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(index, size, hashes)
    assert proof == path(index, leaves)
    assert included(leaves[index], index, size, proof, root)
    old = data.draw(st.integers(1, size))
    proof = consistency_proof(old, size, hashes)
    assert proof == subproof(old, leaves)
    assert consistent(old, size, mth(leaves[:old]), root, proof)


@given(st.data())
def test_wrong_proofs_do_not_verify(data: st.DataObject) -> None:
    """A bit changed, a hash too few or too many, another index, size or head: none of them verifies."""
    size = data.draw(st.integers(2, 70))
    leaves = [leaf_hash(bytes([at])) for at in range(size)]
    root = mth(leaves)
    index = data.draw(st.integers(0, size - 1))
    right = path(index, leaves)
    other = data.draw(st.integers(0, size - 1).filter(lambda at: at != index))
    flipped = data.draw(st.integers(0, len(right) - 1))
    wrong = [bytes([right[flipped][0] ^ 1]) + right[flipped][1:]]
    assert not included(leaves[index], index, size, [*right[:flipped], *wrong, *right[flipped + 1 :]], root)
    assert not included(leaves[index], index, size, right[:-1], root)
    assert not included(leaves[index], index, size, [*right, root], root)
    assert not included(leaves[index], other, size, right, root)
    assert not included(leaves[other], index, size, right, root)
    assert not included(leaves[index], index, index, right, root)
    old = data.draw(st.integers(1, size - 1))
    proof, head = subproof(old, leaves), mth(leaves[:old])
    assert not consistent(old, size, root, root, proof)
    assert not consistent(old, size, head, head, proof)
    assert not consistent(old, size, head, root, proof[:-1])
    assert not consistent(old, size, head, root, [*proof, root])
    assert not consistent(size, old, root, head, proof)


def test_the_empty_tree_begins_every_tree() -> None:
    """From size 0 nothing is to be proved, but its head is that of the empty tree."""
    root = mth(LEAVES)
    assert consistency_proof(0, 8, lambda level, number: subtree(LEAVES, level, number)) == []
    assert consistent(0, 8, EMPTY, root, [])
    assert not consistent(0, 8, root, root, [])
    assert not consistent(0, 8, EMPTY, root, [root])
    assert consistent(0, 0, EMPTY, EMPTY, [])
    assert not included(EMPTY, 0, 0, [], EMPTY)


def test_what_is_not_in_the_tree_is_not_proved() -> None:
    """An index beyond the last entry and a size beyond the tree are errors."""
    with pytest.raises(ValueError, match="entry 8 is not in a tree of 8 entries"):
        inclusion_proof(8, 8, lambda level, number: subtree(LEAVES, level, number))
    with pytest.raises(ValueError, match="a tree of 9 entries cannot be the beginning of one of 8"):
        consistency_proof(9, 8, lambda level, number: subtree(LEAVES, level, number))
