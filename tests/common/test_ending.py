"""The end of a stream whose session has ended, for clients that read and for one that does not."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from litestar import Litestar, Request
from litestar.response import Stream
from redis.exceptions import ResponseError

from services.common import sessions, tokens
from services.common.clock import monotonic, real_time
from services.common.ending import LAST_SECONDS, StreamWatch, until_ended
from services.common.identity import Identity, Presented, Remembered
from services.common.sessions import SignInCode
from tests.common.test_bounds import LEDGER, OneLedger
from tests.fixed_clock import FixedClock
from tests.patience import PATIENCE, stalls

SCOPE: Any = {
    "type": "http",
    "method": "GET",
    "path": "/",
    "headers": [],
    "query_string": b"",
    "http_version": "1.1",
    "app": None,
    "state": {},
}


async def endless() -> Any:
    """Yield for as long as anybody reads."""
    while True:
        yield b": still here\n\n"
        await asyncio.sleep(0.01)


def stream() -> Any:
    """Return an answer without an end, as handlers give one."""
    scope: Any = {**SCOPE, "litestar_app": Litestar(openapi_config=None)}
    return Stream(endless()).to_asgi_response(None, Request(scope))


async def silent() -> Any:
    """Wait for a message of a client that sends none."""
    await asyncio.Event().wait()


async def test_an_answer_is_complete_where_its_session_has_ended() -> None:
    """So that the client learns of it as of the end of any other answer."""
    sent: list[Any] = []
    ended = asyncio.Event()

    async def send(message: Any) -> None:
        sent.append(message)
        if len(sent) == 3:
            ended.set()

    async with asyncio.timeout(PATIENCE):
        await until_ended(ended, stream(), SCOPE, silent, send)
    assert sent[0]["type"] == "http.response.start"
    assert sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}


async def test_a_client_that_does_not_read_is_cut_off() -> None:
    """The end cannot be sent to it either, and is not waited for."""
    ended = asyncio.Event()

    async def send(message: Any) -> None:
        if message["type"] != "http.response.start":
            await asyncio.Event().wait()

    running = asyncio.create_task(until_ended(ended, stream(), SCOPE, silent, send))
    await asyncio.sleep(0.05)
    assert not running.done()
    async with stalls() as late:
        begun = monotonic()
        ended.set()
        await running
        assert monotonic() - begun - late.seconds < LAST_SECONDS + 0.5


@pytest.mark.parametrize("leaves", [True, False])
async def test_other_answers_are_as_they_were(leaves: bool) -> None:  # noqa: FBT001
    """One that ends by itself, and one whose client leaves."""
    sent: list[Any] = []

    async def app(_scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        if leaves:
            assert (await receive())["type"] == "http.disconnect"
        else:
            await send({"type": "http.response.body", "body": b"x", "more_body": False})

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await until_ended(asyncio.Event(), app, SCOPE, receive, send)
    assert len(sent) == (1 if leaves else 2)


async def test_streams_end_also_where_no_use_can_be_recorded(redis: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that takes no writes holds up no end; what has ended is not remembered either."""
    now = datetime(2018, 4, 1, tzinfo=UTC)
    endpoints = {LEDGER: OneLedger(redis, FixedClock(now))}
    remembered = Remembered(endpoints)
    watch = StreamWatch(endpoints, remembered)
    hashes = [tokens.hash_of(await tokens.issue(redis, LEDGER, source)) for source in ("board", "office")]
    board, office = [one for one in await tokens.find(redis, LEDGER, hashes) if one is not None]
    ago = real_time() - sessions.USE_SECONDS - 1
    _, session = await sessions.start(redis, LEDGER, SignInCode("board", board.hash), ago)
    remembered.note(LEDGER, Presented(office.hash), Identity(office))
    failures = []

    async def failing(*_: Any) -> None:
        failures.append(1)
        raise ResponseError("MISCONF")

    monkeypatch.setattr(sessions, "use", failing)
    with watch.watching(LEDGER, Identity(board, session)) as open_, watch.watching(LEDGER, Identity(office)) as ended:
        await watch.check()
        assert not ended.is_set()
        await tokens.revoke(redis, LEDGER, office.id, "李四", now)
        await watch.check()
        assert (ended.is_set(), open_.is_set(), len(failures)) == (True, False, 2)
    assert remembered.recall(LEDGER, Presented(office.hash)) is None
