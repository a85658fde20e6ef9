"""The key of a channel, and what may be kept of a receiver's words. Pure."""

import hashlib
import re

SECRET_LENGTH = 6
"""Characters of the shortest part of a URL that may be a secret."""

_WORD = re.compile(r"[a-z]{1,12}")


def key_of(kind: str, *parts: str) -> str:
    """Return a fingerprint of a receiver, from what names it; what signs is no part of it, so that it may rotate."""
    return hashlib.blake2b("\n".join((kind, *parts)).encode(), digest_size=8).hexdigest()


def bounded(text: str, most: int = 300) -> str:
    """Return a receiver's words as they may be kept: one line, of at most `most` characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def redacted(text: str, url: str, host: str = "") -> str:
    """Return a receiver's words without the parts of a URL, which may be secrets: some echo what they were asked.

    The `host` is none, nor is a word such as `webhook`.
    """
    parts = re.split(r"[/?&=@:#;,]+", url.partition("://")[2])
    for part in sorted(set(parts) - set(host.split(":")), key=len, reverse=True):
        if len(part) >= SECRET_LENGTH and not _WORD.fullmatch(part):
            text = text.replace(part, "…")
    return text
