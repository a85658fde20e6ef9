"""The key of a channel. Pure."""

import hashlib


def key_of(kind: str, *parts: str) -> str:
    """Return a fingerprint of a receiver, from what names it; what signs is no part of it, so that it may rotate."""
    return hashlib.blake2b("\n".join((kind, *parts)).encode(), digest_size=8).hexdigest()


def bounded(text: str, most: int = 300) -> str:
    """Return a receiver's words as they may be kept: one line, of at most `most` characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
