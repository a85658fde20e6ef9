"""The network as channels use it: checked addresses, no redirects, no proxies, bounded times and bodies.

An address is checked when it is connected to: a name is resolved once, and the connection goes to the addresses that
were checked, so that a name which resolves to another address a moment later (DNS rebinding) gains nothing.
"""

import asyncio
from collections.abc import Callable, Mapping
from ssl import create_default_context
from types import TracebackType
from typing import Any, NamedTuple, Self

import httpx
from msgspec import Struct

from events.alerting import AlertRules
from services.common.clock import Clock, real_time
from services.notify.channels.reach import Reach
from services.notify.channels.transport import FAILURES, CheckedTransport

BODY_MOST = 4_096
"""Bytes of an answer's body that are read: a robot's answer has a few hundred."""

BODY_SECONDS = 2.0
"""The longest time that a body is read whose status has decided already."""

UNLIMITED = httpx.Timeout(None)
"""For the client: `post` limits each attempt as a whole."""


class Times(Struct, frozen=True):
    """Time limits in seconds: of an attempt over HTTP or by Apprise, and of SMTP.

    SMTP has limits for one command, for all before the message (`envelope`), and for the answer to the message.

    20 s are those of https://www.standardwebhooks.com (15 to 30 s). RFC 5321, 4.5.3.2 names 5 minutes for commands; as
    nothing is handed over by then, a shorter limit costs a repeat at most. Its 10 minutes for the answer to the message
    (4.5.3.2.6) stand: a sender that gives up earlier does not know whether the mail was taken.
    """

    attempt: float = 20.0
    command: float = 60.0
    envelope: float = 300.0
    delivered: float = 600.0


class HttpAnswer(NamedTuple):
    """An answer over HTTP: `body` has at most its first BODY_MOST bytes."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_success(self) -> bool:
        return httpx.codes.is_success(self.status)


class NoAnswerError(Exception):
    """No status came; `handed_over` is whether the request had been written, so that it may have been acted on."""

    def __init__(self, detail: str, *, handed_over: bool) -> None:
        super().__init__(detail)
        self.handed_over = handed_over


class Network:
    """A ledger's network; a context that closes its connections at the end."""

    def __init__(
        self, alerts: AlertRules, clock: Clock, times: Times | None = None, now: Callable[[], float] = real_time
    ) -> None:
        """`clock` dates mail, `now` (Unix seconds) signs and reads dates of answers: receivers have real clocks."""
        self.reach = Reach(alerts.allow, allow_private=alerts.allow_private)
        self.mail = alerts.mail
        self.clock = clock
        self.times = times or Times()
        self.now = now
        self.tls = create_default_context()
        self._client = httpx.AsyncClient(
            transport=CheckedTransport(self.reach, self.tls), follow_redirects=False, timeout=UNLIMITED, trust_env=False
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], *, needs_body: bool = False) -> HttpAnswer:
        """Post within the time limit; the body of the answer is read as far as it comes, in full where it is needed.

        Raises NoAnswerError where no status (or no body that is needed) came, RefusedAddressError.
        """
        written = False

        async def trace(event: str, _info: Mapping[str, Any]) -> None:
            nonlocal written
            written = written or event.endswith(".send_request_body.complete")

        sent = {"User-Agent": "duban", "Accept-Encoding": "identity", "Content-Type": "application/json", **headers}
        request = self._client.build_request("POST", url, content=body, headers=sent, extensions={"trace": trace})
        try:
            async with asyncio.timeout(self.times.attempt):
                response = await self._client.send(request, stream=True)
                try:
                    return await _read(response, None if needs_body else BODY_SECONDS)
                finally:
                    await response.aclose()
        except TimeoutError:
            raise NoAnswerError(f"no answer within {self.times.attempt:g} s", handed_over=written) from None
        except (httpx.HTTPError, *FAILURES) as error:
            raise NoAnswerError(f"{type(error).__name__}: {error}", handed_over=written) from None


async def _read(response: httpx.Response, seconds: float | None) -> HttpAnswer:
    """Return an answer with the first bytes of its body; without `seconds`, a body that does not come raises."""
    read = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in response.aiter_raw():
                read += chunk
                if len(read) > BODY_MOST:
                    break
    except (TimeoutError, httpx.HTTPError, *FAILURES):
        if seconds is None:
            raise
    return HttpAnswer(response.status_code, response.reason_phrase, response.headers, bytes(read[:BODY_MOST]))
