"""One ledger in ingest: what its HTTP endpoints share, and which requests they admit."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeAlias

import msgspec
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency, Provide
from litestar.exceptions import HTTPException, NotAuthorizedException, PermissionDeniedException
from litestar.handlers import BaseRouteHandler
from litestar.params import SkipValidation
from litestar.types import Guard
from redis.exceptions import RedisError

from events.envelope import InvalidEvent
from events.operations import OPS
from services.common.callers import source_of
from services.common.clock import Clock
from services.common.endpoints import ENDPOINT, endpoint_of
from services.common.problems import RETRY_AFTER
from services.common.sample import Sample
from services.ingest.budget import RequestBudget
from services.ingest.documents import Documents
from services.ingest.draft import Submission
from services.ingest.request import UnavailableError
from services.ingest.sealing.ledger_sealing import LedgerSealing
from services.ingest.unauthenticated import keep_unauthenticated
from services.ingest.writer import Writer

BODY_SECONDS = 60.0
"""The time limit for a client to send a request."""

LATE = f"the body did not arrive within {BODY_SECONDS:g} seconds"

_KEPT_HEADERS = ("content-type", "content-encoding", "content-length", "user-agent")


class IngestEndpoint(NamedTuple):
    """The writer of one ledger, its documents, and the budget that its requests share with those of other ledgers.

    `sealing` is what seals its log and record, if anything does.
    """

    writer: Writer
    documents: Documents
    budget: RequestBudget
    redis: Any
    clock: Clock
    sealing: LedgerSealing | None = None

    def samples(self) -> Iterator[Sample]:
        """Yield the position, how many submissions had which outcome, and whether acknowledged events are lacking.

        Where it is sealed, also how far.
        """
        yield Sample("duban_position", "Position of the log that is reflected", self.writer.model.state.position)
        for (source, outcome), number in self.writer.outcomes.items():
            labels = {"source": source, "outcome": outcome}
            yield Sample("duban_outcomes", "Submissions that were answered", number, labels, counts=True)
        lost = self.writer.loss is not None
        yield Sample("duban_log_lacks_events", "1 while the log lacks acknowledged events", float(lost))
        if self.sealing is not None:
            yield from self.sealing.samples()


def _source(request: Request[Any, Any, Any]) -> str:
    source = source_of(request)
    assert source is not None  # `admits` refuses requests without one
    return source


ADMITTED = {**ENDPOINT, "source": Provide(_source, sync_to_thread=False)}
"""The `dependencies` of a handler with `endpoint` and `source`, whose guard `admits` its requests."""

Ingest: TypeAlias = NamedDependency[SkipValidation[IngestEndpoint]]
Admitted: TypeAlias = NamedDependency[str]


def admits(roles: Collection[str], wrong: str, again: str) -> Guard:
    """Return a guard that admits sources of these roles, before the body is read; the head of others' requests is kept.

    `wrong` is what is wrong with a source of another role, `again` what to do where the head cannot be kept now.
    """

    async def guard(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        endpoint: IngestEndpoint = endpoint_of(connection, connection.path_params["ledger"])
        with writing(again):
            await _admit(endpoint, connection, roles, wrong)

    return guard


@contextmanager
def writing(again: str) -> Iterator[None]:
    """Answer 503 where the log cannot be written; `again` is what the client does then."""
    try:
        yield
    except (UnavailableError, RedisError, OSError) as error:
        detail = f"the log cannot be written now; {again}: {error}"
        raise HTTPException(status_code=503, detail=detail, headers={"Retry-After": RETRY_AFTER}) from error


async def keep_head(
    endpoint: IngestEndpoint, connection: ASGIConnection[Any, Any, Any, Any], source: str, wrong: InvalidEvent
) -> None:
    """Keep a request among the refused whose body is not read; raises UnavailableError."""
    await endpoint.writer.submit([Submission(_head(connection), source, wrong, is_head=True)])


async def _admit(
    endpoint: IngestEndpoint, connection: ASGIConnection[Any, Any, Any, Any], roles: Collection[str], wrong: str
) -> None:
    if endpoint.writer.name == OPS:
        raise PermissionDeniedException("the ledger ops takes nothing over HTTP: duban's own parts submit to it")
    name = source_of(connection)
    source = endpoint.writer.ledger.sources.get(name) if name is not None else None
    if name is None or source is None:
        address = connection.client.host if connection.client else ""
        await keep_unauthenticated(endpoint.redis, endpoint.writer.name, address, _head(connection))
        detail = "a valid token is needed: Authorization: Bearer <token>"
        raise NotAuthorizedException(detail, headers={"WWW-Authenticate": "Bearer"})
    if source.role not in roles:
        refused = InvalidEvent("not-permitted", f"{name!r} is {source.role}; {wrong}")
        await keep_head(endpoint, connection, name, refused)
        raise PermissionDeniedException(refused.detail)


def _head(connection: ASGIConnection[Any, Any, Any, Any]) -> bytes:
    """Return what is kept of a request that is refused before its body is read."""
    headers = {name: connection.headers[name][:200] for name in _KEPT_HEADERS if name in connection.headers}
    path = connection.scope["path"][:200]
    return msgspec.json.encode({"method": dict(connection.scope)["method"], "path": path, "headers": headers})
