"""Sessions of browsers, hashed at rest: what stands for a token, so that no page has to keep one.

    duban:installation     string  the id of this deployment, in the names of its cookies and the origins of its logs;
                                   made by `duban init` and `duban up`, or with the first use
    duban:{L}:sessions     hash    id -> record as JSON, id being the first 16 digits of the secret's SHA-256 in hex;
                                   added by status with a sign-in, removed when the session is ended, or found over by
                                   a later sign-in; no other service can write it, and so make a session
    duban:{L}:sessions:used
                           hash    id -> the instant of its last use, in Unix seconds; added and removed with the
                                   session, refreshed by every service that is used with it
    duban:{L}:codes:<hash> string  a one-time sign-in code: the session that it starts, as JSON; removed with its use,
                                   or by the server after CODE_SECONDS
    duban:{L}:codes:open:<source>
                           hash    the codes of a source that can still be used: the first digits of the hash -> the
                                   instant from which it is too old; found too old, it goes with the next code

A session is about a person who walks away from a screen, not about what a ledger records. So it runs by real time,
whatever the ledger's clock is set to. The token that it was started with runs by the ledger's clock as always, and a
session is over when its token is.
"""

import hmac
import secrets
from collections.abc import Sequence
from math import ceil
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from events.keys import key
from events.scripts import script
from services.common.tokens import ID_DIGITS, hash_of

IDLE_SECONDS = 30 * 60
"""Without a request or an open stream, after which a session is over."""

WHOLE_SECONDS = 8 * 3_600
"""From the sign-in on, a working day: after it a session is over, however it is used."""

DAY_SECONDS = 86_400

MOST_DAYS = 90
"""Of a session that a dashboard's token asks for: a screen in a corridor, at which nobody signs in each morning."""

USE_SECONDS = 60
"""Between two writes of a session's last use: each is a flush to disk."""

CODE_SECONDS = 300
"""For which a sign-in code is good: long enough to carry it from a terminal to a browser."""

MOST_CODES = 100
"""Codes of one source that can be used at once: a script must not fill the server with them."""

MOST_OF_SOURCE = 1_000
"""Sessions of one source: beyond them, a sign-in ends the one that was used longest ago."""

MOST_USES = 1_000
"""Sessions whose use is recorded at once: Redis does nothing else meanwhile, for about a millisecond."""

INSTALLATION = "duban:installation"


class BrowserSession(Struct, frozen=True, omit_defaults=True):
    """What is kept of a session; instants are real ones, in Unix seconds.

    `days` is how long a dashboard's session lasts, used or not; 0 for every other one.
    """

    hash: str
    source: str
    token_hash: str
    made: float
    used: float
    days: int = 0

    @property
    def id(self) -> str:
        return self.hash[:ID_DIGITS]

    @property
    def token(self) -> str:
        """The id of the token that it was started with."""
        return self.token_hash[:ID_DIGITS]

    @property
    def ends(self) -> float:
        """The instant at which it is over at the latest."""
        return self.made + (self.days * DAY_SECONDS or WHOLE_SECONDS)

    @property
    def until(self) -> float:
        """The instant at which it is over unless it is used again."""
        return self.ends if self.days else min(self.ends, self.used + IDLE_SECONDS)


class SignInCode(Struct, frozen=True, omit_defaults=True):
    """The session that a code starts."""

    source: str
    token_hash: str
    days: int = 0


class TooManyCodesError(Exception):
    """A source has as many codes that were not used as it may have; one is too old after so many `seconds`."""

    def __init__(self, source: str, seconds: int) -> None:
        super().__init__(f"{source!r} has {MOST_CODES} sign-in codes that nobody has used yet, which are the most")
        self.seconds = seconds


class UnknownSessionError(Exception):
    """There is no session with this id."""


async def installation(redis: Any) -> str:
    """Return the id of this deployment; it is made with the first use."""
    known = await redis.get(INSTALLATION)
    if known is None:
        await redis.set(INSTALLATION, secrets.token_hex(8), nx=True)
        known = await redis.get(INSTALLATION)
    return str(known.decode())


async def start(redis: Any, ledger: str, signed: SignInCode, now: float) -> tuple[str, BrowserSession]:
    """Start a session and return its secret, of which only the hash is kept, and its record."""
    await _prune(redis, ledger, signed.source, now)
    while True:
        secret = secrets.token_urlsafe(32)
        session = BrowserSession(hash_of(secret), signed.source, signed.token_hash, now, now, signed.days)
        async with redis.pipeline(transaction=True) as pipe:
            pipe.hsetnx(key(ledger, "sessions"), session.id, msgspec.json.encode(session))
            pipe.hset(_used(ledger), session.id, repr(now))
            added, _ = await pipe.execute()
        if added:
            return secret, session


async def find(redis: Any, ledger: str, secrets: Sequence[tuple[str, str]]) -> list[BrowserSession]:
    """Return this deployment's sessions, over or not, among pairs of a deployment and a secret; one round trip."""
    hashes = [hash_of(secret) for _, secret in secrets]
    ids = [hash[:ID_DIGITS] for hash in hashes]
    async with redis.pipeline(transaction=False) as pipe:
        pipe.get(INSTALLATION).hmget(key(ledger, "sessions"), ids).hmget(_used(ledger), ids)
        own, values, uses = await pipe.execute()
    found = [_read(*pair) for pair in zip(values, uses, strict=True)]
    return [
        session
        for (deployment, _), hash, session in zip(secrets, hashes, found, strict=True)
        if session is not None
        and own is not None
        and own.decode() == deployment
        and hmac.compare_digest(session.hash, hash)
    ]


async def read(redis: Any, ledger: str, ids: Sequence[str]) -> list[BrowserSession | None]:
    """Return the sessions with these ids, in their order; None where there is none."""
    if not ids:
        return []
    async with redis.pipeline(transaction=False) as pipe:
        values, uses = await pipe.hmget(key(ledger, "sessions"), ids).hmget(_used(ledger), ids).execute()
    return [_read(*pair) for pair in zip(values, uses, strict=True)]


async def every(redis: Any, ledger: str) -> list[BrowserSession]:
    """Return all sessions that were not ended, over or not, the latest sign-in last."""
    async with redis.pipeline(transaction=False) as pipe:
        values, uses = await pipe.hgetall(key(ledger, "sessions")).hgetall(_used(ledger)).execute()
    found = (_read(value, uses.get(id)) for id, value in values.items())
    return sorted((one for one in found if one is not None), key=lambda one: one.made)


async def use(redis: Any, ledger: str, used: Sequence[BrowserSession], now: float) -> None:
    """Record that sessions are used, each at most once in USE_SECONDS; one that was ended meanwhile stays ended."""
    due = [one.id for one in used if not 0 <= now - one.used < USE_SECONDS]
    for start in range(0, len(due), MOST_USES):
        part = due[start : start + MOST_USES]
        await script(redis, __file__, "use.lua")(keys=[_used(ledger)], args=[repr(now), *part])


async def end(redis: Any, ledger: str, id: str) -> None:
    """End a session: the next request with it is refused. Raises UnknownSessionError."""
    if not await _remove(redis, ledger, [id]):
        raise UnknownSessionError(id)


async def issue_code(redis: Any, ledger: str, signed: SignInCode, now: float) -> str:
    """Issue a code that starts a session once, within CODE_SECONDS; only its hash is kept. Raises TooManyCodesError."""
    code = secrets.token_urlsafe(16)  # 128 bits
    hash, of_source = hash_of(code), key(ledger, "codes", "open", signed.source)
    async with redis.pipeline(transaction=True) as pipe:  # added before counting: others at the same time see it, too
        pipe.hset(of_source, hash[:ID_DIGITS], repr(now + CODE_SECONDS))
        _, known = await pipe.hgetall(of_source).execute()
    left = {id: float(end) - now for id, end in known.items()}
    over = [id for id, seconds in left.items() if not 0 < seconds <= CODE_SECONDS]
    if len(left) - len(over) > MOST_CODES:
        await redis.hdel(of_source, hash[:ID_DIGITS], *over)
        raise TooManyCodesError(signed.source, ceil(min(left[id] for id in left.keys() - set(over))))
    if over:
        await redis.hdel(of_source, *over)
    await redis.set(key(ledger, "codes", hash), msgspec.json.encode(signed), ex=CODE_SECONDS)
    return code


async def redeem(redis: Any, ledger: str, code: str) -> SignInCode | None:
    """Return what a code is good for, and remove it; None where it was used, is too old, or never was."""
    hash = hash_of(code)
    value = await redis.getdel(key(ledger, "codes", hash))
    if value is None:
        return None
    signed = msgspec.json.decode(value, type=SignInCode)
    await redis.hdel(key(ledger, "codes", "open", signed.source), hash[:ID_DIGITS])
    return signed


async def _prune(redis: Any, ledger: str, source: str, now: float) -> None:
    """Remove the sessions that are over, and of a source with the most the one that was used longest ago."""
    known = await every(redis, ledger)
    over = [one.id for one in known if one.until <= now]
    if over:
        await _remove(redis, ledger, over)
    left = sorted((one for one in known if one.source == source and one.until > now), key=lambda one: one.used)
    if len(left) >= MOST_OF_SOURCE:
        await _remove(redis, ledger, [one.id for one in left[: len(left) - MOST_OF_SOURCE + 1]])


async def _remove(redis: Any, ledger: str, ids: Sequence[str]) -> int:
    """Remove sessions, with their use; return how many there were."""
    async with redis.pipeline(transaction=True) as pipe:
        removed, _ = await pipe.hdel(key(ledger, "sessions"), *ids).hdel(_used(ledger), *ids).execute()
    return int(removed)


def _read(value: bytes | None, used: bytes | None) -> BrowserSession | None:
    """Return a session as it was made, with its last use."""
    if value is None:
        return None
    session = msgspec.json.decode(value, type=BrowserSession)
    return replace(session, used=float(used)) if used is not None else session


def _used(ledger: str) -> str:
    return key(ledger, "sessions", "used")
