"""The links to units' calendars: each unit has one at most, whose key is hashed at rest.

    duban:{L}:notify:links  hash  unit -> SHA-256 of its link's key, in hex; written by `duban notify link`

A key has 128 random bits, so a plain hash protects it.
"""

import hmac
import secrets
from typing import Any
from urllib.parse import quote

from events.keys import key
from services.common.tokens import hash_of

KEY_BYTES = 16


async def make_link(redis: Any, ledger: str, unit: str) -> str:
    """Make the key of a unit's link and return it; a link that it had before leads nowhere from now on."""
    secret = secrets.token_urlsafe(KEY_BYTES)
    await redis.hset(_links(ledger), unit, hash_of(secret))
    return secret


async def revoke_link(redis: Any, ledger: str, unit: str) -> bool:
    """Revoke a unit's link; return False if it had none."""
    return bool(await redis.hdel(_links(ledger), unit))


async def is_link(redis: Any, ledger: str, unit: str, secret: str) -> bool:
    """Return whether a key is that of a unit's link."""
    kept = await redis.hget(_links(ledger), unit)
    return kept is not None and hmac.compare_digest(kept.decode(), hash_of(secret))


def address(base: str, ledger: str, unit: str, secret: str) -> str:
    """Return the address of a unit's calendar under a base URL; it holds the key, and no token."""
    return f"{base}/v1/{ledger}/units/{quote(unit, safe='')}/deadlines.ics?key={secret}"


def _links(ledger: str) -> str:
    return key(ledger, "notify", "links")
