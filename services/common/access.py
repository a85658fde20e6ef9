"""Access: a guard of every path of a ledger, which admits those who may read it, and no page of another site."""

from collections.abc import Callable, Mapping
from typing import Any

from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.handlers import BaseRouteHandler
from msgspec import Struct

from events.ledger import Ledger, Source
from events.operations import OPS, READER
from services.common.callers import CALLER, SAFE, caller_of, source_of
from services.common.endpoints import endpoint_of
from services.common.identity import Identity, has_cookie

OPEN = "open to everybody"
"""The `opt` of a handler that needs no token: signing in, and links that carry a secret of their own."""

BY_LINK = "its link is its own authority"
"""The `opt` of an open handler whose requests carry a secret that no other page knows: a session adds nothing to it, so
no page can have a browser send one on behalf of somebody who is signed in."""

PUBLIC = "opened by the ledger"
"""The `opt` of a handler that something else than `[reading] public` opens to everybody: a function of the ledger."""

ADMITS = "admits its sources itself"
"""The `opt` of a handler whose own guard refuses those without a token, as it keeps a trace of them."""

LEDGERS = "/v1/{ledger"
"""What the paths of a ledger begin with, as handlers have them."""

CHALLENGE = {"WWW-Authenticate": "Bearer"}


class Access(Struct, frozen=True):
    """Who may read: the ledgers with their sources, and where people find the deployment, if that is set.

    `loopback` is whether the service listens to its own machine alone, whose programs may read its metrics.
    """

    ledgers: Mapping[str, Ledger]
    public_url: str | None = None
    loopback: bool = False

    @property
    def secure(self) -> bool:
        """Whether cookies are sent over TLS only."""
        return self.public_url is not None and self.public_url.startswith("https:")

    def is_public(self, ledger: str, opens: Callable[[Ledger], bool] | None = None) -> bool:
        """Return whether everybody may read a ledger; `opens` decides, or its `[reading]`."""
        if ledger not in self.ledgers:
            return False
        return opens(self.ledgers[ledger]) if opens is not None else self.ledgers[ledger].reading.public

    def has_source(self, ledger: str, source: str | None) -> bool:
        """Return whether a source may read a ledger: one that was removed from its file may no longer."""
        return self.source(ledger, source) is not None

    def source(self, ledger: str, name: str | None) -> Source | None:
        """Return a source that may read a ledger; of operations, an auditor `<ledger>.<source>` of any other."""
        if ledger == OPS:
            own, _, name = (name or "").partition(".")
            found = self.source(own, name) if own != OPS else None
            return found if found is not None and found.role == READER else None
        return self.ledgers[ledger].sources.get(name or "") if ledger in self.ledgers else None

    def is_overlong(self, ledger: str, identity: Identity | None) -> bool:
        """Return whether a session has a dashboard's days, though its source is none any more: its role was changed."""
        if identity is None or identity.session is None or not identity.session.days:
            return False
        return not (
            self.has_source(ledger, identity.token.source)
            and self.ledgers[ledger].sources[identity.token.source].role == "dashboard"
        )


CLOSED = Access({})
"""Without ledgers, nobody may read."""


async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Admit a request to a path of a ledger; raises the exception whose problem refuses it."""
    if not connection.scope["path_template"].startswith(LEDGERS):
        return
    access: Access = connection.app.state.access
    method = dict(connection.scope)["method"]
    headers = list(connection.scope["headers"])
    if BY_LINK in handler.opt:
        return
    if method not in SAFE and has_cookie(headers) and not from_own_page(connection.scope, access.public_url):
        raise PermissionDeniedException(FORGED)
    ledger = connection.path_params["ledger"]
    if OPEN in handler.opt:
        return
    if ADMITS in handler.opt:
        caller: Any = dict(connection.scope)[CALLER]  # whose look-up may have failed: that is the handler's to answer
        if access.is_overlong(ledger, caller.identity):
            raise NotAuthorizedException(OVERLONG, headers=CHALLENGE)
        return
    endpoint_of(connection, ledger)  # 404 where there is no such ledger
    if access.is_public(ledger, handler.opt.get(PUBLIC)) and method in SAFE:
        return
    if access.is_overlong(ledger, caller_of(connection).identity):
        raise NotAuthorizedException(OVERLONG, headers=CHALLENGE)
    if not access.has_source(ledger, source := source_of(connection)):
        if ledger == OPS and source is not None:
            raise PermissionDeniedException(f"what operators do is read by sources with the role {READER}")
        detail = "a valid token is needed (Authorization: Bearer <token>), or a session that has not ended"
        raise NotAuthorizedException(detail, headers=CHALLENGE)


OVERLONG = "only a dashboard's session may last for days, and this source is no dashboard any more; sign in again"

FORGED = (
    "a browser with a session may send this from the page of this deployment only:"
    " with Sec-Fetch-Site: same-origin, or with its own address as Origin"
)


def from_own_page(scope: Any, public_url: str | None) -> bool:
    """Return whether a browser sent a request for a page of this deployment.

    Browsers leave `Sec-Fetch-Site` out at addresses without TLS. The deployment's own address is its public URL; where
    none is set, it is the one that the request was sent to, which no page of another site or port can have as its own.
    """
    given = {name: value.decode("latin-1") for name, value in scope["headers"]}
    own = public_url or f"{scope['scheme']}://{given.get(b'host', '')}"
    return given.get(b"sec-fetch-site") == "same-origin" or given.get(b"origin") == own
