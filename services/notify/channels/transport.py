"""HTTP/1.1 over connections to checked addresses, which are kept for a moment and used again."""

import asyncio
import socket
import ssl
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpcore
import httpx

from services.notify.channels.reach import Reach

IDLE_SECONDS = 4.0
"""For which an unused connection is kept; servers close theirs after 5 s or more."""

IDLE_MOST = 64
"""Unused connections kept for one receiver: as many as its messages under way."""

CONNECT_SECONDS = 4.0
"""How long one address of several is tried, so that a broken IPv6 leaves time for IPv4."""

FAILURES = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, httpcore.ConnectionNotAvailable)
"""What a request raises that gets no answer."""


RESOLVERS = ThreadPoolExecutor(64, "resolve")
"""Threads of their own, so that name servers that do not answer delay no other receiver's name."""


class RefusedAddressError(Exception):
    """The ledger's file does not allow to send to an address; says what to set."""


class CheckedTransport(httpx.AsyncBaseTransport):
    """Sends requests; raises FAILURES and RefusedAddressError.

    httpcore's pool looks at every connection for each request; this one takes the connection that was used last.
    """

    def __init__(self, reach: Reach, tls: ssl.SSLContext) -> None:
        self._tls = tls
        self._backend = _CheckedBackend(reach)
        self._idle: defaultdict[str, list[httpcore.AsyncHTTPConnection]] = defaultdict(list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = httpcore.URL(
            scheme=request.url.raw_scheme, host=request.url.raw_host, port=request.url.port, target=request.url.raw_path
        )
        connection = await self._take(url.origin)
        assert isinstance(request.stream, httpx.AsyncByteStream)
        sent = httpcore.Request(
            request.method, url, headers=request.headers.raw, content=request.stream, extensions=request.extensions
        )
        try:
            response = await connection.handle_async_request(sent)
        except BaseException:
            await _closed(connection)
            raise
        return httpx.Response(
            response.status,
            headers=response.headers,
            stream=_Body(self, url.origin, connection, response),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        """Close the unused connections."""
        for connections in self._idle.values():
            for connection in connections:
                await _closed(connection)
        self._idle.clear()

    async def give_back(self, origin: httpcore.Origin, connection: httpcore.AsyncHTTPConnection) -> None:
        """Keep a connection for the next request to its origin, or close it where it cannot be used again."""
        if connection.is_idle() and len(self._idle[str(origin)]) < IDLE_MOST:
            self._idle[str(origin)].append(connection)
        else:
            await _closed(connection)

    async def _take(self, origin: httpcore.Origin) -> httpcore.AsyncHTTPConnection:
        while connections := self._idle[str(origin)]:
            connection = connections.pop()
            if connection.is_idle() and not connection.has_expired():
                return connection
            await _closed(connection)
        return httpcore.AsyncHTTPConnection(
            origin, ssl_context=self._tls, keepalive_expiry=IDLE_SECONDS, network_backend=self._backend
        )


class _Body(httpx.AsyncByteStream):
    """The body of an answer; closing it gives the connection back."""

    def __init__(
        self,
        transport: CheckedTransport,
        origin: httpcore.Origin,
        connection: httpcore.AsyncHTTPConnection,
        response: httpcore.Response,
    ) -> None:
        self._transport = transport
        self._origin = origin
        self._connection = connection
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._response.aiter_stream():
            yield chunk

    async def aclose(self) -> None:
        try:
            await self._response.aclose()
        finally:
            await self._transport.give_back(self._origin, self._connection)


async def _closed(connection: httpcore.AsyncHTTPConnection) -> None:
    with suppress(*FAILURES, OSError):
        await connection.aclose()


class _CheckedBackend(httpcore.AsyncNetworkBackend):
    """Connects to the addresses of a name that are allowed, one after another."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's interface; the whole attempt has a limit
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        addresses = await checked(self._reach, host, port)
        for address in addresses[:-1]:
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return await self._inner.connect_tcp(address, port, CONNECT_SECONDS, local_address, socket_options)
        return await self._inner.connect_tcp(addresses[-1], port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


async def checked(reach: Reach, host: str, port: int) -> list[str]:
    """Return the addresses of a host that may be connected to; raises RefusedAddressError where none may."""
    try:
        found = await asyncio.get_running_loop().run_in_executor(RESOLVERS, _resolve, host, port)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(f"{host} cannot be resolved: {error}") from error
    refusals = {address: reach.refusal(host, address, port) for address in found}
    allowed = [address for address, refusal in refusals.items() if refusal is None]
    if not allowed:
        raise RefusedAddressError(next(iter(refusals.values()), f"{host} has no address"))
    return allowed


def _resolve(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))
