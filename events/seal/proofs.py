"""Inclusion and consistency proofs of RFC 6962 trees: making and verifying them. Pure.

Made as in https://www.rfc-editor.org/rfc/rfc6962#section-2.1.1 and 2.1.2, verified by the algorithms of
https://www.rfc-editor.org/rfc/rfc9162#section-2.1.3.2 and 2.1.4.2, which share nothing with the former.
"""

from collections.abc import Callable, Sequence

from events.seal.merkle import EMPTY, folded, node_hash, whole

Subtrees = Callable[[int, int], bytes]
"""The head of the whole subtree of 2^level leaves with this number at its level: (level, number)."""


def root_at(size: int, subtrees: Subtrees) -> bytes:
    """Return the head of the tree of the first `size` entries."""
    return _head(0, size, subtrees)


def inclusion_proof(index: int, size: int, subtrees: Subtrees) -> list[bytes]:
    """Prove that a leaf is in the tree of `size` entries: the hashes from its sibling up. `index` counts from 0."""
    if not 0 <= index < size:
        raise ValueError(f"entry {index} is not in a tree of {size} entries; the first is 0, the last {size - 1}")
    proof: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _left(end - start)
        if index < middle:
            proof.append(_head(middle, end, subtrees))
            end = middle
        else:
            proof.append(_head(start, middle, subtrees))
            start = middle
    return proof[::-1]


def consistency_proof(old: int, new: int, subtrees: Subtrees) -> list[bytes]:
    """Prove that the tree of `old` entries begins that of `new`; from 0 and from `new` itself the proof is empty."""
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {old} entries cannot be the beginning of one of {new}")
    if old in {0, new}:
        return []
    proof: list[bytes] = []
    start, end = 0, new
    while old != end:
        middle = start + _left(end - start)
        if old <= middle:
            proof.append(_head(middle, end, subtrees))
            end = middle
        else:
            proof.append(_head(start, middle, subtrees))
            start = middle
    if start:
        proof.append(_head(start, end, subtrees))
    return proof[::-1]


def included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Return whether a proof shows that the leaf of this hash is entry `index` of the tree with this size and head."""
    if not 0 <= index < size:
        return False
    at, last, head = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            head = node_hash(sibling, head)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            head = node_hash(head, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and head == root


def consistent(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Return whether a proof shows that the tree of `old` entries and this head is the beginning of that of `new`."""
    if not 0 <= old <= new:
        return False
    if old in {0, new}:  # the empty tree begins every tree (https://c2sp.org/tlog-witness#add-checkpoint)
        return not proof and (old > 0 or old_root == EMPTY) and (old < new or old_root == new_root)
    if not proof:
        return False
    rest = list(proof) if old & (old - 1) else [old_root, *proof]  # RFC 9162: if `old` is a power of 2
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old_head = new_head = rest[0]
    for hash in rest[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old_head, new_head = node_hash(hash, old_head), node_hash(hash, new_head)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new_head = node_hash(new_head, hash)
        at, last = at >> 1, last >> 1
    return last == 0 and old_head == old_root and new_head == new_root


def _head(start: int, end: int, subtrees: Subtrees) -> bytes:
    """Return the head over the leaves from `start` to before `end`; `start` begins a subtree of that size."""
    heads = []
    for size in whole(end - start):
        heads.append(subtrees(size.bit_length() - 1, start // size))
        start += size
    return folded(heads)


def _left(size: int) -> int:
    """Return the largest power of 2 below `size`: how many leaves the left subtree has."""
    return 1 << (size - 1).bit_length() - 1
