"""The Merkle trees of RFC 6962 over growing lists of entries. Pure.

https://www.rfc-editor.org/rfc/rfc6962#section-2.1 : a leaf's hash is SHA-256(0x00 || entry), a node's SHA-256(0x01 ||
left || right), and the head of an empty tree is SHA-256 of nothing. A subtree is whole if it has 2^level leaves, the
first of which is at a multiple of 2^level: its head never changes again.
"""

from collections.abc import Sequence
from hashlib import sha256

EMPTY = sha256(b"").digest()
"""Head of the tree without entries."""

HASH_BYTES = 32


class Tree:
    """A tree that takes its entries one by one and keeps only the heads of its whole subtrees (a compact range)."""

    def __init__(self, size: int = 0, heads: Sequence[bytes] = ()) -> None:
        """Resume a tree of `size` entries from the heads of its whole subtrees, in the order of `whole`."""
        if len(heads) != len(whole(size)):
            raise ValueError(f"a tree of {size} entries is made of {len(whole(size))} whole subtrees, not {len(heads)}")
        self.size = size
        self._heads = list(heads)

    def add(self, entry: bytes) -> None:
        """Take the next entry as the last leaf."""
        head = leaf_hash(entry)
        size = self.size
        while size & 1:  # two whole subtrees of one size become one
            head = node_hash(self._heads.pop(), head)
            size >>= 1
        self._heads.append(head)
        self.size += 1

    @property
    def heads(self) -> list[str]:
        """The heads of the whole subtrees (`whole`) that the tree is made of, in hexadecimal."""
        return [head.hex() for head in self._heads]

    def root(self) -> bytes:
        """Return the head over the entries so far."""
        return folded(self._heads)

    def head(self) -> str:
        """Return the head over the entries so far, in hexadecimal."""
        return self.root().hex()


def whole(size: int) -> list[int]:
    """Return how many entries each of the whole subtrees of a tree of this size holds: 7 is made of 4, 2 and 1."""
    return [1 << bit for bit in reversed(range(size.bit_length())) if size >> bit & 1]


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of an entry as a leaf."""
    return sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the head of a tree of two subtrees."""
    return sha256(b"\1" + left + right).digest()


def folded(heads: Sequence[bytes]) -> bytes:
    """Return the head of a tree that is made of whole subtrees with these heads, the largest first."""
    if not heads:
        return EMPTY
    *rest, head = heads
    for left in reversed(rest):
        head = node_hash(left, head)
    return head


def root_of(rows: Sequence[Sequence[bytes]]) -> bytes:
    """Return the head of a tree from the hashes at its right edge: those of each level of tiles, from level 0 up."""
    heads = []
    for row in reversed(rows):
        at = 0
        for size in whole(len(row)):
            heads.append(head_of(row[at : at + size]))
            at += size
    return folded(heads)


def head_of(hashes: Sequence[bytes]) -> bytes:
    """Return the head of a tree of these leaf hashes, or of the heads of whole subtrees of one size."""
    if not hashes:
        return EMPTY
    row = hashes
    while (length := len(row)) > 1:
        above = [sha256(b"\1" + row[at] + row[at + 1]).digest() for at in range(0, length - 1, 2)]
        if length & 1:
            above.append(row[-1])
        row = above
    return row[0]
