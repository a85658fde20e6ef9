"""The end of streams: one lasts no longer than the token or session that it was opened with."""

import asyncio
import contextlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import structlog
from redis.exceptions import RedisError

from services.common import sessions
from services.common.clock import real_time
from services.common.endpoints import Endpoint
from services.common.identity import Identity, Name, Remembered, read_again
from services.common.sessions import BrowserSession

CHECK_SECONDS = 0.5
"""Between two checks of all open streams: one whose token was revoked ends within a second."""

LAST_SECONDS = 0.5
"""Time limit for the end of a stream to be sent: a client that does not read is cut off instead."""

log = structlog.get_logger()


class _Watched(NamedTuple):
    identity: Identity
    ends: set[asyncio.Event]


class StreamWatch:
    """The open streams of a service, by what they were opened with; an open stream counts as use of its session."""

    def __init__(self, endpoints: Mapping[str, Endpoint], remembered: Remembered) -> None:
        self._endpoints = endpoints
        self._remembered = remembered
        self._open: dict[str, dict[Name, _Watched]] = {}
        self._unrecorded: set[str] = set()

    @contextmanager
    def watching(self, ledger: str, identity: Identity) -> Iterator[asyncio.Event]:
        """Watch a stream for as long as the block lasts; the event is set where its token or session has ended."""
        watched = self._open.setdefault(ledger, {})
        ended = asyncio.Event()
        watched.setdefault(identity.name, _Watched(identity, set())).ends.add(ended)
        try:
            yield ended
        finally:
            ends = watched[identity.name].ends
            ends.discard(ended)
            if not ends:
                del watched[identity.name]

    async def check(self) -> None:
        """End the streams of what has ended; raises RedisError or ClockError where that is unknown now."""
        await asyncio.gather(*(self._check(ledger) for ledger, watched in self._open.items() if watched))

    async def _check(self, ledger: str) -> None:
        watched, endpoint = self._open[ledger], self._endpoints[ledger]
        names = list(watched)
        found = await read_again(endpoint.redis, ledger, [watched[name].identity for name in names])
        now, real = endpoint.clock.now(), real_time()
        good = {one.name: one for one in found if one is not None and one.is_good(now, real)}
        gone = [name for name in names if name not in good]
        for ended in [ended for name in gone if name in watched for ended in watched[name].ends]:
            ended.set()
        if gone:
            self._remembered.forget(ledger, set(gone))
        await self._use(ledger, [one.session for one in good.values() if one.session is not None], real)

    async def _use(self, ledger: str, used: Sequence[BrowserSession], real: float) -> None:
        """Record the use of sessions. Where that fails, streams are still ended: it is logged once, and tried again."""
        try:
            await sessions.use(self._endpoints[ledger].redis, ledger, used, real)
            self._unrecorded.discard(ledger)
        except (RedisError, OSError) as error:
            if ledger not in self._unrecorded:
                log.warning(
                    "the use of sessions is not recorded", ledger=ledger, error=f"{type(error).__name__}: {error}"
                )
            self._unrecorded.add(ledger)


async def until_ended(ended: asyncio.Event, app: Any, scope: Any, receive: Any, send: Any) -> None:
    """Run an application until it has answered, or until the event is set: its answer is then complete."""
    unfinished = False

    async def sending(message: Any) -> None:
        nonlocal unfinished
        await send(message)
        unfinished = message["type"] == "http.response.start" or bool(message.get("more_body"))

    async def receiving() -> Any:
        message = asyncio.ensure_future(receive())
        end = asyncio.ensure_future(ended.wait())
        try:
            await asyncio.wait((message, end), return_when=asyncio.FIRST_COMPLETED)
            return message.result() if message.done() else {"type": "http.disconnect"}
        finally:
            message.cancel()
            end.cancel()

    await app(scope, receiving, sending)
    if unfinished and ended.is_set():
        with contextlib.suppress(TimeoutError):  # the server closes the connection of an answer that is not complete
            async with asyncio.timeout(LAST_SECONDS):
                await send({"type": "http.response.body", "body": b"", "more_body": False})
