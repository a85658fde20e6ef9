"""The Merkle tree head of RFC 6962 over a growing list of entries. Pure."""

import hashlib


class Tree:
    """A tree that takes its entries one by one and keeps only the heads of its whole subtrees."""

    def __init__(self) -> None:
        self.size = 0
        self._heads: list[bytes] = []

    def add(self, entry: bytes) -> None:
        """Take the next entry as the last leaf."""
        head = hashlib.sha256(b"\0" + entry).digest()
        size = self.size
        while size & 1:  # two whole subtrees of one size become one
            head = _node(self._heads.pop(), head)
            size >>= 1
        self._heads.append(head)
        self.size += 1

    @property
    def heads(self) -> list[str]:
        """The heads of the whole subtrees (`whole`) that the tree is made of, in hexadecimal."""
        return [head.hex() for head in self._heads]

    def head(self) -> str:
        """Return the head over the entries so far, in hexadecimal."""
        if not self._heads:
            return hashlib.sha256(b"").hexdigest()
        *rest, head = self._heads
        for left in reversed(rest):
            head = _node(left, head)
        return head.hex()


def whole(size: int) -> list[int]:
    """Return how many entries each of the whole subtrees of a tree of this size holds: 7 is made of 4, 2 and 1."""
    return [1 << bit for bit in reversed(range(size.bit_length())) if size >> bit & 1]


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()
