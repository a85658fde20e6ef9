"""The endpoints of a service: what answers requests for one ledger, by the ledger's name in the path."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Protocol

import msgspec
from litestar import Request, Response
from litestar.connection import ASGIConnection
from litestar.di import Provide
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from services.common.clock import Clock
from services.common.sample import Sample


class Endpoint(Protocol):
    """One ledger as a service answers for it: the connection to its data, and its clock."""

    @property
    def redis(self) -> Any: ...

    @property
    def clock(self) -> Clock: ...

    def samples(self) -> Iterable[Sample]:
        """Return what is measured of the ledger."""


def endpoint_of(connection: ASGIConnection[Any, Any, Any, Any], ledger: str) -> Any:
    """Return a ledger's endpoint; raises NotFoundException where the service has no such ledger."""
    endpoints = connection.app.state.endpoints
    if ledger not in endpoints:
        raise NotFoundException(f"there is no ledger {ledger!r} here")
    return endpoints[ledger]


def _endpoint(request: Request[Any, Any, Any], ledger: FromPath[str]) -> Any:
    return endpoint_of(request, ledger)


ENDPOINT = {"endpoint": Provide(_endpoint, sync_to_thread=False)}
"""The `dependencies` of a handler with `endpoint`: the endpoint of the ledger in its path."""


def answer_at(position: int, body: object) -> Response[bytes]:
    """Return a JSON answer whose header `Duban-Position` has the position of the log that it reflects."""
    return Response(msgspec.json.encode(body), media_type="application/json", headers={"Duban-Position": str(position)})


async def unloaded(ledgers: Collection[str], endpoints: Mapping[str, Endpoint]) -> str | None:
    """Return why a service of read models cannot be used, None once the rows of every ledger are loaded."""
    return None if set(endpoints) == set(ledgers) else "the rows are not loaded"
