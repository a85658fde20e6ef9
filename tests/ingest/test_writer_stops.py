"""What becomes of those who wait, and of what was acknowledged, where the writer or its server ends."""

import asyncio
import contextlib
from typing import Any

import pytest

from events.keys import key
from services.ingest.request import UnavailableError
from tests.events.failover import promote, replica_of
from tests.examples import TASK, assigned, reported
from tests.ingest.running_writer import NAME, accept_loss, history, ids, short, working
from tests.patience import PATIENCE
from tests.servers import Server


async def test_who_waits_is_told_when_the_writer_stops(redis: Any) -> None:
    """When ingest stops, nobody waits for ever: each call has outcomes or UnavailableError, and all can be resent."""
    events = [reported(number=number) for number in range(2_000)]
    async with working(redis) as running:
        await running.submit(assigned())
        calls = [asyncio.create_task(running.submit(*events[start : start + 150])) for start in range(0, 2_000, 150)]
        await calls[0]
    async with asyncio.timeout(PATIENCE):
        answers = await asyncio.gather(*calls, return_exceptions=True)
    told = [answer for answer in answers if isinstance(answer, BaseException)]
    assert all(isinstance(answer, UnavailableError) for answer in told)
    async with working(redis) as running:
        again = await running.submit(*events)
    assert [one.position for one in again] == list(range(2, 2_002))
    for answer in answers:
        assert isinstance(answer, BaseException) or {one.outcome for one in answer} == {"accepted"}


async def test_a_log_that_was_cut_is_not_written(redis: Any) -> None:
    """Where the log ends before what the write model knows, a wrong backup was put back: nothing is accepted."""
    async with working(redis) as running:
        await running.submit(assigned(), reported())
        await running.writer.save()
    await redis.delete(key(NAME, "log"))
    async with working(redis) as running:
        with pytest.raises(UnavailableError, match="the log ends at 0, the write model knows 2"):
            await running.submit(reported(number=2))
        assert not running.writer.ready


@pytest.mark.parametrize("others", range(3))
async def test_after_a_failover_that_lost_something_nothing_is_accepted_until_a_person_says_so(
    redis: Any, others: int
) -> None:
    """Where the log ends earlier, or has others' events at the same positions; then decisions rest on that log."""
    async with working(redis) as running:
        await running.submit(assigned())
        await running.writer.save()
        replica = await replica_of(redis)
        await running.submit(assigned("lost"), assigned("lost-2"))
        await promote(redis, replica)
        async with working(redis) as other:
            await other.submit(*(assigned(f"other-{number}") for number in range(others)))
        for _ in range(2):
            with pytest.raises(UnavailableError, match=f"duban doctor --accept-loss {1 + others}`"):
                await running.submit(reported("lost"), assigned("lost"))
        await running.writer.tick()
        await accept_loss(redis, running)
        assert short(await running.submit(reported("lost"), assigned("lost"))) == [
            ("refused", "unknown-task"),
            ("accepted", 2 + others),
        ]
    assert await ids(redis) == [assigned(name).id for name in (TASK, *(f"other-{n}" for n in range(others)), "lost")]


@pytest.mark.parametrize("others", range(3))
async def test_a_failover_that_lost_nothing_acknowledged_is_gone_on_from(redis: Any, others: int) -> None:
    """Unacknowledged events of another instance may be lost: decisions use the log as it is."""
    async with working(redis) as running:
        await running.submit(assigned())
        await running.writer.save()
        replica = await replica_of(redis)
        async with working(redis) as other:
            await other.submit(assigned("unknown-here"))
        await running.writer.save()
        await promote(redis, replica)
        async with working(redis) as other:
            await other.submit(*(assigned(f"other-{number}") for number in range(others)))
        assert short(await running.submit(reported(), assigned("new"))) == [
            ("accepted", 2 + others),
            ("accepted", 3 + others),
        ]


async def test_a_server_that_is_away_is_told(redis: Any, server: Server) -> None:
    """Without the server a submission raises UnavailableError and the writer is not ready; with it, it resumes."""
    async with working(redis) as running:
        await running.submit(assigned())
        assert running.writer.ready
        server.kill()
        try:
            with pytest.raises(UnavailableError):
                await running.submit(reported())
            assert not running.writer.ready
            with pytest.raises(UnavailableError):
                await running.writer.tick()
        finally:
            server.start()
        assert short(await running.submit(assigned(), reported())) == [("duplicate", 1), ("accepted", 2)]
        assert running.writer.ready


async def test_what_was_acknowledged_survives_a_killed_server(redis: Any, server: Server) -> None:
    """With sources that send on over a crash of the server, all that was acknowledged is there, once, in its place."""
    acknowledged: dict[str, int] = {}
    killed = asyncio.Event()

    async def send(task: str) -> None:
        """Send reports one by one, again and again until each is answered, some of them after the crash."""
        number = left = 0
        while left < 5:
            number += 1
            left += killed.is_set()
            event = reported(task, number)
            while event.id not in acknowledged:
                with contextlib.suppress(UnavailableError):
                    (outcome,) = await running.submit(event)
                    assert outcome.position is not None
                    acknowledged[event.id] = outcome.position

    def crash() -> None:
        server.kill()
        server.start()

    async with working(redis) as running:
        tasks = [f"t{number}" for number in range(8)]
        await running.submit(*(assigned(task) for task in tasks))
        sources = [asyncio.create_task(send(task)) for task in tasks]
        await asyncio.sleep(0.3)
        await asyncio.to_thread(crash)
        killed.set()
        await asyncio.gather(*sources)
    places = {entry.event.id: entry.position for entry in await history(redis) if entry.position > len(tasks)}
    assert places == acknowledged
    for task in tasks:
        own = [id for id in places if id.startswith(f"report-{task}-")]
        assert own == [reported(task, number).id for number in range(1, len(own) + 1)]
