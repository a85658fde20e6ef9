"""HTTP/1.1 as uvicorn speaks it, with bounds on what a client can make long or slow.

uvicorn sets no bound on the time or size of headers, on the time of a body, or on that of a client that does not read.
It closes a connection while the client still sends, so that the client gets a reset instead of the answer. It sends
chunks to HTTP/1.0, which does not have them.
"""

import asyncio
import math
import socket
from functools import partial
from http import HTTPStatus
from typing import Any

import msgspec
import uvicorn
from litestar import Litestar
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from services.common.edge import SLOT, Service
from services.common.limits import STALL_SECONDS
from services.common.networks import read_address, site
from services.common.problems import CROWDED_SECONDS
from services.common.quota import ConnectionSlot
from services.common.sizes import MIB
from services.contract.openapi import PROBLEM

MOST_HEAD = 65_536
"""Bytes of a request's line and headers, or of its trailers: about ten times what browsers and proxies send."""

HEAD_SECONDS = 10.0
"""From the connection, or from the first byte of a later request, to the end of its headers."""

KEEP_ALIVE_SECONDS = 20
"""How long an idle connection is kept: longer than clients keep theirs (httpx 5 s, undici 4 s, aiohttp 15 s), as one
that is closed just as it is used fails a request."""

SILENT_SECONDS = 10.0
"""Between two looks at a body that is still coming: one of which nothing came meanwhile is not waited for."""

BODY_LOOKS = 7
"""Looks after which a body must be there, however steadily it drips: 70 s, a little longer than ingest itself waits for
the largest one. What the application leaves unread does not count."""

LINGER_BYTES = 64 * MIB
"""Bytes of a body that are read and discarded after an answer that did not need it, so that the client can read the
answer (RFC 9112, 9.6): more than the largest body that any service accepts."""

LINGER_SECONDS = 15.0

UNSENT_BYTES = 64 * 1024
"""Bytes that the kernel takes of an answer before they are sent (Linux): otherwise it holds
megabytes of each stream, and a client that reads slowly is noticed much later."""

_REASONS = {408: "Request Timeout", 429: "Too Many Requests", 431: "Request Header Fields Too Large"}


class Protocol(HttpToolsProtocol):
    """One connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the class it extends
        super().connection_made(transport)
        self._stall_seconds = STALL_SECONDS
        self._slot: ConnectionSlot | None = None
        if isinstance(self.app, Service):
            self._stall_seconds = self.app.limits.stall_seconds
            peer = self.client[0] if self.client else ""
            if read_address(peer) not in self.app.limits.trusted_proxies:
                self._slot = self.app.slots.enter((site(peer),), self._evict)
        self._stalled: asyncio.TimerHandle | None = None
        transport.set_write_buffer_limits(high=0)  # an application makes the next piece once the previous one is sent
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):
            connected = transport.get_extra_info("socket")
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
        self._in_head = True
        self._in_body = False
        self._received = 0
        self._head_bytes = 0
        self._discarded = 0
        self._closing = False
        self._timer: asyncio.TimerHandle | None = None
        self._arm(HEAD_SECONDS, self._late)

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        self._watch_reading(reading=True)
        if self._slot is not None:
            self._slot.end()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch_reading(reading=False)

    def resume_writing(self) -> None:
        self._watch_reading(reading=True)
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        if self._in_body and self.cycle.response_complete:
            self._discard(len(data))
        super().data_received(data)
        if self._in_head and not self.transport.is_closing():
            self._head_bytes += len(data)
            if self._head_bytes > MOST_HEAD:
                self._refuse(431, f"the request's line and headers have more than {MOST_HEAD:,} bytes")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True
        self._head_bytes = 0
        if self._timer is None:
            self._arm(HEAD_SECONDS, self._late)

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._in_head:  # a trailer
            self._head_bytes += len(name) + len(value)
            if self._head_bytes > MOST_HEAD:
                self.transport.close()
                return
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._in_body = True
        self._head_bytes = 0
        self._await_body(BODY_LOOKS)
        super().on_headers_complete()
        if self._slot is not None:
            self._slot.request_arrived()
            self.scope.update({SLOT: self._slot})  # type: ignore[misc]  # more than ASGI's keys
        self.cycle.transport = _Closing(self)  # type: ignore[assignment]  # it is used as the transport it wraps

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._in_body = False
        self._disarm()
        if self._closing:
            self.transport.close()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._in_body:
            self._discarded = 0
            self._arm(LINGER_SECONDS, self.transport.close)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        plain = unchunked(cycle, app) if cycle.scope["http_version"] == "1.0" else app
        super()._start_asgi_task(cycle, plain)

    def close(self) -> None:
        """Close the connection, after the rest of a body that the client is still sending."""
        if self._in_body and not self.transport.is_closing():
            self._closing = True
            if self.transport.can_write_eof():
                self.transport.write_eof()
        else:
            self.transport.close()

    def _discard(self, size: int) -> None:
        self._discarded += size
        if self._discarded > LINGER_BYTES:
            self.transport.close()

    def _watch_reading(self, *, reading: bool) -> None:
        """Abort the connection where the client has read nothing for too long; until then, check repeatedly."""
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None
        if not reading:
            waiting = self.transport.get_write_buffer_size()
            self._stalled = self.loop.call_later(self._stall_seconds, self._check_reading, waiting)

    def _check_reading(self, before: int) -> None:
        self._stalled = None
        if self.transport.get_write_buffer_size() >= before:
            self.transport.abort()
        else:
            self._watch_reading(reading=False)

    def _late(self) -> None:
        self._timer = None
        self._refuse(408, f"the request's headers did not arrive within {HEAD_SECONDS:g} seconds")

    def _await_body(self, looks: int) -> None:
        self._arm(SILENT_SECONDS, partial(self._look_for_body, self._received, looks - 1))

    def _look_for_body(self, before: int, looks: int) -> None:
        """Refuse a request whose body does not come: it would hold its place among all requests for ever."""
        self._timer = None
        cycle = self.cycle
        if self.flow.read_paused or cycle.waiting_for_100_continue:
            self._await_body(BODY_LOOKS)
        elif not cycle.response_started and looks and self._received > before:
            self._await_body(looks)
        elif not cycle.response_started and not self.transport.is_closing():
            self._tell(408, "the request's body did not arrive in time")
            cycle.disconnected = True  # for the application, at once: it may be waiting for the body
            cycle.message_event.set()
            self.transport.close()

    def _evict(self) -> None:
        """Close a waiting connection for a newer one of the same address."""
        if self.cycle is None:
            most = self.app.limits.connections if isinstance(self.app, Service) else 0
            self._refuse(429, f"this address has {most:,} connections, which are the most at once; ask again later")
        else:
            self.transport.close()

    def _refuse(self, status: int, detail: str) -> None:
        """Answer with a problem from below the application, and close."""
        self._disarm()
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete:
            self._tell(status, detail)
        self.transport.close()

    def _tell(self, status: int, detail: str) -> None:
        title = _REASONS[status]
        body = msgspec.json.encode({"type": "about:blank", "title": title, "status": status, "detail": detail})
        later = f"retry-after: {CROWDED_SECONDS}\r\n" if status == HTTPStatus.TOO_MANY_REQUESTS else ""
        head = (
            f"HTTP/1.1 {status} {title}\r\ncontent-type: {PROBLEM}\r\ncontent-length: {len(body)}\r\n"
            f"{later}connection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)

    def _arm(self, seconds: float, work: Any) -> None:
        self._disarm()
        self._timer = self.loop.call_later(seconds, work)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class _Closing:
    """A connection's transport, whose `close` is the protocol's."""

    def __init__(self, protocol: Protocol) -> None:
        self._transport = protocol.transport
        self.close = protocol.close

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


def unchunked(cycle: RequestResponseCycle, app: Any) -> Any:
    """Return an application whose answers of unknown length end with the connection, as HTTP/1.0 requires."""

    async def run(scope: Any, receive: Any, send: Any) -> None:
        unsized = False

        async def plain(message: Any) -> None:
            nonlocal unsized
            if message["type"] == "http.response.start":
                unsized = not any(name.lower() == b"content-length" for name, _ in message.get("headers", ()))
                if unsized:
                    cycle.chunked_encoding = False
                    cycle.expected_content_length = math.inf  # type: ignore[assignment]  # it is only compared
            elif unsized and not message.get("more_body", False):
                await send({**message, "more_body": True})
                cycle.expected_content_length = 0
                message = {"type": "http.response.body", "body": b"", "more_body": False}
            await send(message)

        await app(scope, receive, plain)

    return run


def configured(app: Litestar, http: type[Protocol] = Protocol, **options: Any) -> uvicorn.Config:
    """Return the configuration of a web server that applies the bounds of this module."""
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        proxy_headers=False,  # uvicorn would trust any request from 127.0.0.1
        http=http,
        **options,
    )
