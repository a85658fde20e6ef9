"""Bearer tokens, hashed at rest.

    duban:{L}:tokens  hash  SHA-256 of the token, hex -> source

A token has 256 random bits, so a plain hash protects it; it is found by its hash, so timing tells a guesser nothing.
"""

import hashlib
import secrets
from typing import Any

from events.log import key


async def issue(redis: Any, ledger: str, source: str) -> str:
    """Make a new token for a source, beside those it has, and return it; only its hash is kept."""
    token = f"duban_{secrets.token_urlsafe(32)}"
    await register(redis, ledger, source, token)
    return token


async def register(redis: Any, ledger: str, source: str, token: str) -> None:
    """Let a token that was made before stand for a source."""
    await redis.hset(key(ledger, "tokens"), _hash(token), source)


async def source_of(redis: Any, ledger: str, authorization: str | None) -> str | None:
    """Return the source that an `Authorization: Bearer …` header stands for, or None."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        return None
    source = await redis.hget(key(ledger, "tokens"), _hash(token.strip()))
    return source.decode() if source is not None else None


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
