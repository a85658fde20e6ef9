"""Bearer tokens, hashed at rest. A token is also the password of its source at the server (acl.py).

    duban:{L}:tokens  hash  id -> record as JSON, id being the first 16 digits of the token's SHA-256 in hex;
                            written by `duban token`, `init` and `up`. Nothing is deleted: a revoked token stays.
                            A whole SHA-256 -> source, the former format, is good until it is revoked.

What is made and revoked is recorded in the ledger `ops` (operations.py), before a token is handed out.

A token has 256 random bits, so a plain hash protects it. It is found by its id, which is no secret, and then compared
in constant time, so that timing reveals nothing.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from events.keys import key
from events.operations import COMMANDS
from events.schema import TokenMade, TokenRevoked
from services.common.operations import record

ID_DIGITS = 16
"""64 bits of the hash: enough to tell tokens apart, too few to be mistaken for the hash."""


class Terms(Struct, frozen=True):
    """Who issued a token, when, until when it is good (exclusive), and why; instants by the ledger's clock."""

    by: str = ""
    made: datetime | None = None
    expires: datetime | None = None
    note: str = ""


class Token(Struct, frozen=True, omit_defaults=True):
    """What is kept of a token."""

    source: str
    hash: str
    terms: Terms = Terms()
    revoked: datetime | None = None
    revoked_by: str = ""

    @property
    def id(self) -> str:
        return self.hash[:ID_DIGITS]

    def fault(self, now: datetime) -> str | None:
        """Return why it is not valid, `revoked` or `expired`; None if it is valid."""
        if self.revoked is not None:
            return "revoked"
        return "expired" if self.terms.expires is not None and self.terms.expires <= now else None


UNKNOWN = Terms()
"""Of tokens in the former format, and where none are needed."""


NOBODY = "unknown"
"""Who did it where nobody says."""


class UnknownTokenError(Exception):
    """There is no token with this id."""


async def issue(redis: Any, ledger: str, source: str, terms: Terms = UNKNOWN) -> str:
    """Issue a further token for a source, and return it; only its hash is kept. Raises NotRecordedError."""
    while True:
        token = f"duban_{secrets.token_urlsafe(32)}"
        if await _add(redis, ledger, Token(source, hash_of(token), terms)):
            return token


async def register(redis: Any, ledger: str, source: str, token: str, terms: Terms, now: datetime) -> str | None:
    """Register a given token for a source; where that is not possible, change nothing and return why.

    Raises NotRecordedError.
    """
    hash = hash_of(token)
    known = await _find(redis, ledger, hash)
    if known is None:
        await _add(redis, ledger, Token(source, hash, terms))
        return None
    return known.fault(now) if known.source == source else f"a token of {known.source!r}"


async def revoke(redis: Any, ledger: str, id: str, by: str, now: datetime) -> Token:
    """Revoke a token and return it; a revoked one stays as it is.

    Raises UnknownTokenError; and NotRecordedError although it is revoked.
    """
    found = [token for token in await every(redis, ledger) if token.id == id]
    if not found:
        raise UnknownTokenError(id)
    (token,) = found
    if token.revoked is not None:
        return token
    token = replace(token, revoked=now, revoked_by=by)
    async with redis.pipeline(transaction=True) as pipe:
        pipe.hset(key(ledger, "tokens"), token.id, msgspec.json.encode(token))
        pipe.hdel(key(ledger, "tokens"), token.hash)
        await pipe.execute()
    await record(redis, COMMANDS, ledger, TokenRevoked(token.source, token.id, by or NOBODY))
    return token


async def every(redis: Any, ledger: str) -> list[Token]:
    """Return all tokens ever issued, oldest first."""
    fields = await redis.hgetall(key(ledger, "tokens"))
    tokens = [_read(name, value) for name, value in fields.items()]
    return sorted(tokens, key=lambda token: (token.terms.made is not None, token.terms.made, token.id))


async def source_of(redis: Any, ledger: str, authorization: str | None, now: datetime) -> str | None:
    """Return the source of a valid token in an `Authorization: Bearer …` header, else None; one round trip."""
    hash = bearer_hash(authorization)
    known = await _find(redis, ledger, hash) if hash is not None else None
    return known.source if known is not None and known.fault(now) is None else None


def bearer_hash(authorization: str | None) -> str | None:
    """Return the hash of the token in an `Authorization: Bearer …` header, None where there is none."""
    scheme, _, token = (authorization or "").partition(" ")
    return hash_of(token.strip()) if scheme.lower() == "bearer" and token.strip() else None


async def find(redis: Any, ledger: str, hashes: Sequence[str]) -> list[Token | None]:
    """Return the tokens with these hashes, valid or not, in their order; None where there is none; one round trip."""
    names = [name for hash in hashes for name in (hash[:ID_DIGITS], hash)]
    values = await redis.hmget(key(ledger, "tokens"), names) if names else []
    pairs = zip(values[::2], values[1::2], strict=True)
    return [_matching(hash, *pair) for hash, pair in zip(hashes, pairs, strict=True)]


def hash_of(token: str) -> str:
    """Return the SHA-256 of a token in hex, which is also what Redis keeps of a password."""
    return hashlib.sha256(token.encode()).hexdigest()


async def _find(redis: Any, ledger: str, hash: str) -> Token | None:
    (token,) = await find(redis, ledger, [hash])
    return token


def _matching(hash: str, *values: bytes | None) -> Token | None:
    """Return the token in the record under its id, or else under its hash, if it is the one with this hash."""
    for name, value in zip((hash[:ID_DIGITS], hash), values, strict=True):
        if value is not None:
            token = _read(name.encode(), value)
            return token if hmac.compare_digest(token.hash, hash) else None
    return None


async def _add(redis: Any, ledger: str, token: Token) -> bool:
    """Keep a new token, and record it; False where another has its id."""
    if not await redis.hsetnx(key(ledger, "tokens"), token.id, msgspec.json.encode(token)):
        return False
    terms = token.terms
    await record(redis, COMMANDS, ledger, TokenMade(token.source, token.id, terms.by or NOBODY, terms.expires))
    return True


def _read(name: bytes, value: bytes) -> Token:
    if value.startswith(b"{"):  # no source does
        return msgspec.json.decode(value, type=Token)
    return Token(value.decode(), name.decode())
