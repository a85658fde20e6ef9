"""Authentication: the source of a request's token or session, and the client that the request counts for."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from litestar.connection import ASGIConnection
from redis.exceptions import ConnectionError as DisconnectedError
from redis.exceptions import RedisError

from events.operations import OPS, user_of
from services.common import sessions
from services.common.clock import ClockError, real_time
from services.common.endpoints import Endpoint
from services.common.identity import Identity, Presented, Remembered, identify, presented
from services.common.networks import Networks, origin, site
from services.common.quota import Holder

_LEDGER = re.compile(r"/v1/([^/]+)/")

CALLER = "duban.caller"
"""Where a request's scope has its Caller."""

SAFE = frozenset({"GET", "HEAD"})
"""Methods that only read."""


class Caller(NamedTuple):
    """The sender of a request; `failure` is why its token could not be looked up, if it could not."""

    address: str
    holder: Holder
    scheme: str | None
    source: str | None = None
    failure: Exception | None = None
    identity: Identity | None = None


class Authentication:
    """Finds who sends a request; `secure` is whether the deployment's cookies are those of TLS.

    The ledger of operations has no tokens of its own: those of the others count, of sources that it `admits`, which are
    called `<ledger>.<source>` there.
    """

    def __init__(
        self,
        trusted: Networks,
        endpoints: Mapping[str, Endpoint],
        remembered: Remembered,
        admits: Callable[[str, str], bool],
        *,
        secure: bool,
    ) -> None:
        self._trusted = trusted
        self._endpoints = endpoints
        self._remembered = remembered
        self._admits = admits
        self._secure = secure

    async def caller(self, scope: Any) -> Caller:
        """Return who sent a request; where the look-up of its token fails, it counts for its address."""
        peer = scope["client"][0] if scope.get("client") else ""
        found = origin(peer, scope["headers"], self._trusted)
        caller = Caller(found.address, (site(found.address),), found.scheme)
        ledger = ledger_in(scope["path"])
        if ledger is None or ledger not in self._endpoints:
            return caller
        if ledger != OPS:
            return await self._known(caller, scope, ledger)
        return await self._auditor(caller, scope)

    async def _auditor(self, caller: Caller, scope: Any) -> Caller:
        """Return the sender as `<ledger>.<source>`: one that may read what operators do, if it presents one."""
        found = caller
        for ledger in sorted(self._endpoints.keys() - {OPS}):
            known = await self._known(caller, scope, ledger)
            if known.source is not None:
                name = user_of(ledger, known.source)
                found = known._replace(source=name)
                if self._admits(OPS, name):
                    break
            elif found.source is None and known.failure is not None:
                found = known
        return found

    async def _known(self, caller: Caller, scope: Any, ledger: str) -> Caller:
        """Return the sender as a source of a ledger, if the request has a valid token or session of one."""
        given = presented(scope["headers"], ledger, secure=self._secure)
        if given is None:
            return caller
        try:
            identity = await self._identity(ledger, given, reads=scope["method"] in SAFE)
        except (RedisError, ClockError, OSError) as failure:
            return caller._replace(failure=failure)
        if identity is None:
            return caller
        source = identity.token.source
        browser = (identity.session.id,) if identity.session is not None else ()
        return caller._replace(holder=(ledger, source, *browser), source=source, identity=identity)

    async def has_token(self, scope: Any) -> bool:
        """Return whether a request that names no ledger has a valid token of any; raises where look-up fails."""
        for ledger in self._endpoints:
            given = presented(scope["headers"], ledger, secure=self._secure)
            if given is not None and await self._identity(ledger, given, reads=True) is not None:
                return True
        return False

    async def _identity(self, ledger: str, given: Presented, *, reads: bool) -> Identity | None:
        """Return a valid identity; for a read while the server is away, the one that was valid last, if it still is."""
        endpoint = self._endpoints[ledger]
        now, real = endpoint.clock.now(), real_time()
        try:
            identity = await _found(endpoint.redis, ledger, given, now, real)
            if identity is not None and not identity.is_good(now, real):
                identity = None
            self._remembered.note(ledger, given, identity)
            if identity is not None and identity.session is not None:
                await sessions.use(endpoint.redis, ledger, [identity.session], real)
        except (RedisError, OSError):
            identity = self._remembered.recall(ledger, given) if reads else None
            if identity is None:
                raise
            return identity if identity.is_good(now, real) else None
        return identity


def ledger_in(path: str) -> str | None:
    """Return the ledger that a path names, known or not; None where it names none."""
    match = _LEDGER.match(path)
    return match[1] if match is not None else None


def caller_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Caller:
    """Return who sent a request; raises the failure of the look-up of its token."""
    caller = dict(connection.scope)[CALLER]
    assert isinstance(caller, Caller)
    if caller.failure is not None:
        raise caller.failure
    return caller


def source_of(connection: ASGIConnection[Any, Any, Any, Any]) -> str | None:
    """Return the source of a request, None without a valid token; raises the failure of the token's look-up."""
    return caller_of(connection).source


async def _found(redis: Any, ledger: str, given: Presented, now: datetime, real: float) -> Identity | None:
    try:
        return await identify(redis, ledger, given, now, real)
    except DisconnectedError:  # a pooled connection that the server has closed fails once
        return await identify(redis, ledger, given, now, real)
