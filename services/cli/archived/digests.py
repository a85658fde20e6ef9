"""Digests of what is remembered for every event or alert, small enough to be kept. Pure."""

from collections.abc import Iterator
from hashlib import blake2b

DIGEST_BYTES = 12
"""Two of a trillion values agree in one with a probability below 10^-5."""


def digest_of(data: bytes) -> bytes:
    """Return the digest of some bytes."""
    return blake2b(data, digest_size=DIGEST_BYTES).digest()


def unpacked(digests: bytes) -> Iterator[bytes]:
    """Yield digests that stand one after the other."""
    for at in range(0, len(digests), DIGEST_BYTES):
        yield digests[at : at + DIGEST_BYTES]
