"""The bounds of what waits in memory, at both doors."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis.exceptions import ResponseError

from events.envelope import encode
from events.keys import key
from services.common import runtime
from services.common.clock import sleep
from services.common.settings import Settings
from services.common.sizes import MIB
from services.ingest import inbox
from services.ingest.app import build
from services.ingest.budget import LEAST, MOST, MOST_REQUEST, SHARE, OverBudgetError, RequestBudget
from services.ingest.inbox import LAST_ID
from tests.examples import assigned, reported
from tests.fixed_clock import FixedClock
from tests.ingest.ingest_client import ONE, PATH, opened, problem
from tests.ingest.running_writer import NAME, START, RunningWriter, receipts
from tests.patience import PATIENCE
from tests.webserver import serving


def test_a_source_has_its_share_and_leaves_the_others_theirs() -> None:
    """Short requests count for what each needs, long ones for their bytes; what is answered makes room."""
    budget = RequestBudget()
    with ExitStack() as reserved:
        for _ in range(SHARE // LEAST):
            reserved.enter_context(budget.reserve(NAME, "units", "10"))
        with (
            pytest.raises(OverBudgetError, match="'units' has 33,554,432 bytes waiting"),
            budget.reserve(NAME, "units", "10"),
        ):
            pass
        with budget.reserve(NAME, "office", None), budget.reserve("elsewhere", "units", None):
            pass
    with budget.reserve(NAME, "units", str(MOST_REQUEST)):
        pass


def test_all_sources_together_have_a_bound() -> None:
    """When all sources together have reserved the whole budget, a source without a reservation is refused, too."""
    budget = RequestBudget()
    with ExitStack() as reserved:
        for number in range(MOST // SHARE):
            for _ in range(SHARE // MOST_REQUEST):
                reserved.enter_context(budget.reserve(NAME, f"source-{number}", str(MOST_REQUEST)))
        with pytest.raises(OverBudgetError, match="of all sources"), budget.reserve(NAME, "another", "10"):
            pass


@pytest.mark.parametrize("length", [None, "", "-1", "x"])
def test_a_request_that_does_not_say_its_length_counts_as_the_largest(length: str | None) -> None:
    """Chunks can become as many as may be."""
    budget = RequestBudget()
    large = budget.reserve(NAME, "units", length), budget.reserve(NAME, "units", length)
    with large[0], large[1], pytest.raises(OverBudgetError), budget.reserve(NAME, "units", "1"):
        pass


async def test_who_floods_is_refused_and_others_are_served(redis: Any, server_url: str, tmp_path: Path) -> None:
    """While a source has its share under way, its next request is a 503 before its body is read; others' are not."""
    async with opened(redis, server_url, tmp_path) as client:
        issued = client.tokens
    settings = Settings(redis_url=server_url, ledgers=tmp_path)
    begun, go_on = asyncio.Semaphore(0), asyncio.Event()

    async def large() -> AsyncIterator[bytes]:
        yield b"\n" * (MOST_REQUEST - MIB)  # more than lies in buffers, so that somebody reads it
        begun.release()
        await go_on.wait()
        yield b"\n" * MIB

    def headers(source: str, form: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {issued[source]}", "Content-Type": form}

    async with serving(build(settings)) as base, httpx.AsyncClient(base_url=base, timeout=PATIENCE) as http:
        long = headers("units", "application/x-ndjson") | {"Content-Length": str(MOST_REQUEST)}
        flood = [asyncio.create_task(http.post(PATH, content=large(), headers=long)) for _ in range(2)]
        for _ in flood:  # both have their room: a short request between them would take that of the second
            await asyncio.wait_for(begun.acquire(), PATIENCE)
        body = encode(reported())
        full = await http.post(PATH, content=body, headers=headers("units", ONE))
        assert (full.status_code, full.headers["retry-after"]) == (503, "1")
        assert "'units'" in problem(full)["detail"]
        assert (await http.post(PATH, content=encode(assigned()), headers=headers("office", ONE))).status_code == 201
        go_on.set()
        assert [(await one).status_code for one in flood] == [413, 413]  # so many lines are no request
        assert (await http.post(PATH, content=body, headers=headers("units", ONE))).status_code in {200, 201}


async def test_an_inbox_that_is_too_full_takes_nothing_until_it_is_decided(
    redis: Any, server_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server itself refuses what is added then; all that it took is decided, and the inbox is open again."""
    monkeypatch.setattr(inbox, "MOST_BYTES", 200_000)
    name = key(NAME, "inbox", "units")
    raws = [encode(reported(number=number)) for number in range(5_000)]
    taken = [(await redis.xadd(name, {"e": raw})).decode() for raw in raws]
    await redis.execute_command("XSETID", name, LAST_ID)  # as one that ended while it was closed has left it
    with pytest.raises(ResponseError, match="exhausted the last possible ID"):
        await redis.xadd(name, {"e": encode(reported())})
    async with opened(redis, server_url, tmp_path) as client:
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    (after,) = await client.add("units", reported(number=5_000))
                    break
                except ResponseError:
                    await sleep(0.05)
        await client.receipt(after, "units")
    assert [entry for entry, _ in await receipts(redis, "units")] == [*taken, after]


def follow(*_: Any) -> runtime.Follower:
    """Return the follower of a stream that nobody reads."""

    async def handle(_: list[runtime.StreamEntry]) -> None: ...

    return runtime.Follower(None, handle)


async def test_an_inbox_is_closed_when_it_becomes_too_full(redis: Any) -> None:
    """More than it may hold closes it, whoever adds: what one source sends must not fill the memory of all."""
    name = key(NAME, "inbox", "units")
    one = inbox.Inbox(redis, RunningWriter(redis, FixedClock(START)).writer, "units", "0-0", follow)
    large = encode(reported(), note="x" * 50_000)
    async with redis.pipeline(transaction=False) as pipe:
        for _ in range(inbox.MOST_BYTES // len(large) + 100):
            pipe.xadd(name, {"e": large})
        await pipe.execute()
    await one.look()
    with pytest.raises(ResponseError, match="exhausted the last possible ID"):
        await redis.xadd(name, {"e": large})
