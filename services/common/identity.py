"""Who a request is from: the token that it carries, or the one that its browser's session was started with."""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple, TypeAlias

from services.common import sessions, tokens
from services.common.clock import monotonic, real_time
from services.common.endpoints import Endpoint
from services.common.sessions import BrowserSession
from services.common.tokens import Token, hash_of

HOST_PREFIX = "__Host-"
"""Of a cookie that browsers take only over TLS, from this very host, for all of it (RFC 6265bis, 4.1.3.2)."""

MOST_REMEMBERED = 10_000
"""Identities that a service remembers: about 10 MB."""

MOST_REVIEWED = 250
"""Remembered identities that one review reads again, those first that were read longest ago: a millisecond's work. At
two reviews a second, each of the most is read again every 20 s, and each of a few hundred within a second."""

RECALL_SECONDS = 60.0
"""Before the server's last answer, within which an identity must have been found good to be recalled."""

_COOKIE = re.compile(r"(?P<prefix>__Host-)?duban-(?P<installation>[0-9a-f]{16})-(?P<ledger>[a-z0-9-]{1,64})")


Headers: TypeAlias = Sequence[tuple[bytes, bytes]]
"""The headers of a request as its scope has them, names in lower case."""


class Identity(NamedTuple):
    """A token as it is kept, and the session that stands for it, if the request carries that."""

    token: Token
    session: BrowserSession | None = None

    def is_good(self, now: datetime, real: float) -> bool:
        """Return whether it is valid at an instant of the ledger's clock, and a real one, in Unix seconds."""
        return self.token.fault(now) is None and (self.session is None or real < self.session.until)

    @property
    def name(self) -> "Name":
        """What no other has: the hash of the token, and the id of the session, if there is one."""
        return self.token.hash, self.session.id if self.session is not None else ""


Name: TypeAlias = tuple[str, str]


class Presented(NamedTuple):
    """What a request presents: a token's hash, or else the secrets of sessions, each with its deployment.

    Browsers send the cookies of all ports and paths of a host: there may be several of one name.
    """

    token_hash: str | None
    secrets: tuple[tuple[str, str], ...] = ()

    @property
    def digest(self) -> str:
        """What it is remembered by: neither a secret nor longer the more there are."""
        return self.token_hash or hash_of(repr(self.secrets))


def cookie_name(installation: str, ledger: str, *, secure: bool) -> str:
    """Return the name of a ledger's cookie; no other deployment at the same host has it, whatever its port."""
    return f"{HOST_PREFIX if secure else ''}duban-{installation}-{ledger}"


def presented(headers: Headers, ledger: str, *, secure: bool) -> Presented | None:
    """Return what a request's headers present for a ledger, None where that is nothing; a token goes first."""
    for name, value in headers:
        if name == b"authorization":
            hash = tokens.bearer_hash(value.decode("latin-1"))
            return Presented(hash) if hash is not None else None
    secrets = tuple(
        (match["installation"], value)
        for match, value in _cookies(headers)
        if match["ledger"] == ledger and (match["prefix"] is not None) == secure
    )
    return Presented(None, secrets) if secrets else None


def has_cookie(headers: Headers) -> bool:
    """Return whether a request has the cookie of any session, of whatever ledger or deployment."""
    return any(True for _ in _cookies(headers))


async def identify(redis: Any, ledger: str, given: Presented, now: datetime, real: float) -> Identity | None:
    """Return whose a token is, or the first session that is valid; else a known one that is not, None without any."""
    if given.token_hash is not None:
        (token,) = await tokens.find(redis, ledger, [given.token_hash])
        return Identity(token) if token is not None else None
    found = await sessions.find(redis, ledger, given.secrets)
    started_by = await tokens.find(redis, ledger, [session.token_hash for session in found])
    pairs = zip(started_by, found, strict=True)
    known = [Identity(token, session) for token, session in pairs if token is not None]
    return next((one for one in known if one.is_good(now, real)), known[0] if known else None)


async def read_again(redis: Any, ledger: str, known: Sequence[Identity]) -> list[Identity | None]:
    """Return identities as they are kept now, in their order, None where one is gone; two round trips for all."""
    hashes = list({one.token.hash for one in known})  # many sessions are of one token
    found = dict(zip(hashes, await tokens.find(redis, ledger, hashes), strict=True))
    ids = [one.session.id for one in known if one.session is not None]
    open_sessions = dict(zip(ids, await sessions.read(redis, ledger, ids), strict=True))
    return [_kept(one, found[one.token.hash], open_sessions) for one in known]


class _Entry(NamedTuple):
    identity: Identity
    found: float


class Remembered:
    """The identities that are good, for reads while the server is away: who was good when it was last there may read.

    They are read again all the time, as one can be revoked or ended without being used any more.
    """

    def __init__(self, endpoints: Mapping[str, Endpoint], most: int = MOST_REMEMBERED) -> None:
        self._endpoints = endpoints
        self._most = most
        self._known: OrderedDict[tuple[str, str], _Entry] = OrderedDict()
        self._answered: dict[str, float] = {}

    def note(self, ledger: str, given: Presented, identity: Identity | None) -> None:
        """Remember what was found, or that nothing was."""
        self._answered[ledger] = monotonic()
        self._put((ledger, given.digest), identity)

    def recall(self, ledger: str, given: Presented) -> Identity | None:
        """Return what was found last."""
        entry = self._known.get((ledger, given.digest))
        return entry.identity if entry and self._answered[ledger] - entry.found < RECALL_SECONDS else None

    def forget(self, ledger: str, names: Collection[Name]) -> None:
        """Forget identities that are no longer good, however a request presented them."""
        gone = [one for one, entry in self._known.items() if one[0] == ledger and entry.identity.name in names]
        for one in gone:
            del self._known[one]

    async def review(self) -> None:
        """Forget some that are no longer good; raises RedisError or ClockError where that is unknown now."""
        oldest: dict[str, list[tuple[str, str]]] = {}
        for one in islice(self._known, MOST_REVIEWED):
            oldest.setdefault(one[0], []).append(one)
        await asyncio.gather(*(self._review(ledger, part) for ledger, part in oldest.items()))

    async def _review(self, ledger: str, part: Sequence[tuple[str, str]]) -> None:
        endpoint, entries = self._endpoints[ledger], [self._known[one] for one in part]
        found = await read_again(endpoint.redis, ledger, [entry.identity for entry in entries])
        now, real = endpoint.clock.now(), real_time()
        self._answered[ledger] = monotonic()
        for one, entry, identity in zip(part, entries, found, strict=True):
            if self._known.get(one) is entry:  # unless it was replaced or removed during the look-up
                self._put(one, identity if identity is not None and identity.is_good(now, real) else None)

    def _put(self, one: tuple[str, str], identity: Identity | None) -> None:
        self._known.pop(one, None)
        if identity is not None:
            self._known[one] = _Entry(identity, monotonic())
            if len(self._known) > self._most:
                self._known.popitem(last=False)


def _kept(one: Identity, token: Token | None, open_sessions: dict[str, BrowserSession | None]) -> Identity | None:
    if token is None or one.session is None:
        return Identity(token) if token is not None else None
    session = open_sessions[one.session.id]
    return Identity(token, session) if session is not None else None


def _cookies(headers: Headers) -> Iterator[tuple[re.Match[str], str]]:
    for name, value in headers:
        if name == b"cookie":
            for pair in value.decode("latin-1").split(";"):
                cookie, _, content = pair.strip().partition("=")
                if (match := _COOKIE.fullmatch(cookie)) is not None and content:
                    yield match, content
