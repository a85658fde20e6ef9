"""The key of a channel, and what may be kept of a receiver's words. Pure."""

import hashlib
import re

from services.notify.words.lines import one_line

KEPT_MOST = 300
"""Characters of a receiver's words."""

SECRET_LENGTH = 6
"""Characters of the shortest part of a URL that may be a secret."""

_WORD = re.compile(r"[a-z]{1,12}")


def key_of(kind: str, *parts: str) -> str:
    """Return a fingerprint of a receiver, from what names it; what signs is no part of it, so that it may rotate."""
    return hashlib.blake2b("\n".join((kind, *parts)).encode(), digest_size=8).hexdigest()


def kept(text: str, url: str = "", host: str | None = None) -> str:
    """Return a receiver's words as they may be kept: one line, bounded, without the parts of a URL.

    These may be secrets, and some receivers echo what they were asked. The `host` is none, nor is a word such as
    `webhook`.
    """
    return one_line(_redacted(text, url, host), KEPT_MOST)


def _redacted(text: str, url: str, host: str | None) -> str:
    parts = re.split(r"[/?&=@:#;,]+", url.partition("://")[2])
    for part in sorted(set(parts) - {host}, key=len, reverse=True):
        if len(part) >= SECRET_LENGTH and not _WORD.fullmatch(part):
            text = text.replace(part, "…")
    return text
