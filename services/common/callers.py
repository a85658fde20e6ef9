"""Who calls: the source of a token, else an address."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from redis.exceptions import RedisError

from services.common import tokens
from services.common.clock import ClockError
from services.common.networks import Networks, origin, site
from services.common.quota import Holder

_LEDGER = re.compile(r"/v1/([^/]+)/")

CALLER = "duban.caller"
"""Where a request's scope has its Caller."""


class Caller(NamedTuple):
    """Who sent a request; `known` where it is certain that there is no source if `source` is None."""

    address: str
    holder: Holder
    scheme: str | None
    source: str | None
    known: bool


class Callers:
    """The sources of the ledgers that a service has opened."""

    def __init__(self) -> None:
        self._ledgers: dict[str, tuple[Any, Callable[[], datetime]]] = {}

    def open(self, ledger: str, redis: Any, now: Callable[[], datetime]) -> None:
        """Know the tokens of one more ledger."""
        self._ledgers[ledger] = (redis, now)

    async def caller(self, scope: Any, trusted: Networks) -> Caller:
        """Return who sent a request; where tokens cannot be looked up now, it counts for its address."""
        peer = scope["client"][0] if scope.get("client") else ""
        found = origin(peer, scope["headers"], trusted)
        path = _LEDGER.match(scope["path"])
        authorization = next((value for name, value in scope["headers"] if name == b"authorization"), None)
        source, known = None, True
        if path is not None and authorization is not None and path[1] in self._ledgers:
            redis, now = self._ledgers[path[1]]
            try:
                source = await tokens.source_of(redis, path[1], authorization.decode("latin-1"), now())
            except (RedisError, ClockError, OSError):  # a handler that needs the source asks again, and answers 503
                known = False
        holder = (path[1], source) if path is not None and source is not None else (site(found.address),)
        return Caller(found.address, holder, found.scheme, source, known)
