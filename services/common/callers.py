"""Authentication: the source of a request's token, and the client that the request counts for."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from litestar.connection import ASGIConnection
from redis.exceptions import ConnectionError as DisconnectedError
from redis.exceptions import RedisError

from services.common import tokens
from services.common.clock import ClockError
from services.common.endpoints import Endpoint
from services.common.networks import Networks, origin, site
from services.common.quota import Holder

_LEDGER = re.compile(r"/v1/([^/]+)/")

CALLER = "duban.caller"
"""Where a request's scope has its Caller."""


class Caller(NamedTuple):
    """The sender of a request; `failure` is why its token could not be looked up, if it could not."""

    address: str
    holder: Holder
    scheme: str | None
    source: str | None = None
    failure: Exception | None = None


async def authenticate(scope: Any, trusted: Networks, endpoints: Mapping[str, Endpoint]) -> Caller:
    """Return who sent a request; where the look-up of its token fails, it counts for its address."""
    peer = scope["client"][0] if scope.get("client") else ""
    found = origin(peer, scope["headers"], trusted)
    caller = Caller(found.address, (site(found.address),), found.scheme)
    path = _LEDGER.match(scope["path"])
    authorization = next((value for name, value in scope["headers"] if name == b"authorization"), None)
    if path is None or authorization is None or path[1] not in endpoints:
        return caller
    try:
        source = await _source(endpoints[path[1]], path[1], authorization.decode("latin-1"))
    except (RedisError, ClockError, OSError) as failure:
        return caller._replace(failure=failure)
    return caller if source is None else caller._replace(holder=(path[1], source), source=source)


def source_of(connection: ASGIConnection[Any, Any, Any, Any]) -> str | None:
    """Return the source of a request, None without a valid token; raises the failure of the token's look-up."""
    caller = dict(connection.scope)[CALLER]
    assert isinstance(caller, Caller)
    if caller.failure is not None:
        raise caller.failure
    return caller.source


async def _source(endpoint: Endpoint, ledger: str, authorization: str) -> str | None:
    now = endpoint.clock.now()
    try:
        return await tokens.source_of(endpoint.redis, ledger, authorization, now)
    except DisconnectedError:  # a pooled connection that the server has closed fails once
        return await tokens.source_of(endpoint.redis, ledger, authorization, now)
