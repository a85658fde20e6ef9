"""Projections after a failover: rows folded from events that the log has lost, or has others in place of."""

import asyncio
from typing import Any

import pytest

from events.entries import Stored
from events.log import READ_BATCH, Log
from tests.events.appending import append
from tests.events.counting import announced, entries, expected, fade, happening, loaded, rules
from tests.events.failover import promote, replica_of
from tests.events.story import AFTER, CHANGES, LEDGER, STORY
from tests.patience import PATIENCE


async def test_what_a_failover_takes_back_is_given_up(redis: Any, log: Log) -> None:
    """Where the log ends before what was folded, rows are those that are saved beside that log, and go on there."""
    projection = await loaded(redis, log, rules())
    await projection.catch_up()
    replica = await replica_of(redis)
    await append(log, 6, entries([happening("t3", 0), happening("t3", 1)]))
    await projection.catch_up()
    await promote(redis, replica)
    assert await projection.catch_up() == 0
    assert (projection.rows, projection.position, projection.rollbacks) == (AFTER[6], 6, [(6, 8)])
    await append(log, 6, entries([happening("t4", 0)]))
    assert await projection.catch_up() == 1
    assert (projection.rows, projection.rollbacks) == (expected([*STORY, happening("t4", 0)])[7], [(6, 8)])


@pytest.mark.parametrize("more", range(4))
@pytest.mark.parametrize("handed", [True, False], ids=["handed", "read"])
@pytest.mark.parametrize("second", [True, False], ids=["another instance went on", "alone"])
async def test_other_events_at_the_same_positions_are_noticed(
    redis: Any, log: Log, *, more: int, handed: bool, second: bool
) -> None:
    """After a failover the log may be as long as before, or longer, with others' events: rows are folded from those."""
    projection = await loaded(redis, log, rules())
    await projection.catch_up()
    replica = await replica_of(redis)
    await append(log, 6, entries([happening("t3", 0), happening("t3", 1)]))
    await projection.catch_up()
    await promote(redis, replica)
    others = [happening(f"t{number}", 0) for number in range(4, 6 + more)]
    await append(log, 6, entries(others))
    if second:
        await (await loaded(redis, log, rules())).catch_up()
    await projection.catch_up(await log.read(8) if handed else [])
    await projection.catch_up()
    assert (projection.rows, projection.position) == (expected([*STORY, *others])[8 + more], 8 + more)
    assert len(projection.rollbacks) == 1
    again = await loaded(redis, log, rules())
    assert (again.rows, again.position) == (projection.rows, projection.position)


async def test_a_change_by_time_is_not_saved_beside_another_log(redis: Any, log: Log) -> None:
    """Rows that time alone changes are not written over those of others, where a failover has brought other events."""
    projection = await loaded(redis, log, rules())
    replica = await replica_of(redis)
    await projection.catch_up()
    await promote(redis, replica)
    await redis.delete(log.key)
    others = [happening(f"t{number}", 0) for number in range(4, 10)]
    await redis.delete(f"duban:{{{LEDGER}}}:seen")
    await append(log, 0, entries(others))
    await (await loaded(redis, log, rules())).catch_up()
    await projection.update({name: fade(row, 1) for name, row in projection.rows.items()})
    assert projection.rows == expected(others)[6]


@pytest.mark.parametrize("more", range(4))
@pytest.mark.parametrize("second", [True, False], ids=["another instance went on", "alone"])
@pytest.mark.parametrize("when", ["while it reads", "before it switches", "after a switch that is refused"])
async def test_a_rebuild_that_a_failover_interrupts(
    redis: Any, log: Log, *, more: int, second: bool, when: str
) -> None:
    """It ends, on the rows of the log that is left, whether that is shorter, as long, or longer."""
    projection = await loaded(redis, log, rules())
    await projection.catch_up()
    replica = await replica_of(redis)
    await append(log, 6, entries([happening("t3", 0), happening("t3", 1)]))
    await projection.catch_up()
    others = [happening(f"t{number}", 0) for number in range(4, 4 + more)]
    scan, switch = log.scan, projection._stored.switch

    async def fail_over() -> None:
        log.scan, projection._stored.switch = scan, switch  # type: ignore[method-assign]
        await promote(redis, replica)
        if others:
            await append(log, 6, entries(others))
        if second:
            await (await loaded(redis, log, rules())).catch_up()

    async def scan_later(after: int = 0, until: Any = None) -> Any:
        await fail_over()
        async for batch in scan(after, until):
            yield batch

    async def switch_later(*what: Any) -> bool:
        await fail_over()
        return await switch(*what)

    async def refused(*what: Any) -> bool:
        await redis.hincrby(projection._stored._checkpoint, "generation", 50)  # as other rebuilds do
        done = await switch(*what)
        await fail_over()
        return done

    if when == "while it reads":
        log.scan = scan_later  # type: ignore[method-assign]
    else:
        later = switch_later if when == "before it switches" else refused
        projection._stored.switch = later  # type: ignore[method-assign, assignment]
    async with asyncio.timeout(PATIENCE):
        await projection.rebuild()
    for _ in range(2):
        await projection.catch_up()
    assert (projection.rows, projection.position) == (expected([*STORY, *others])[-1], 6 + more)
    again = await loaded(redis, log, rules())
    assert (again.rows, again.position) == (projection.rows, projection.position)


async def test_a_log_that_ends_while_following_another_instance(redis: Any, log: Log) -> None:
    """Where a failover takes away the events up to the rows of another, before they are read, the saved rows hold."""
    own = Log(redis, LEDGER)
    behind, ahead = await loaded(redis, own, rules()), await loaded(redis, log, rules())
    behind.advance([found async for batch in log.scan(0, 2) for found in batch])
    replica = await replica_of(redis)
    await append(log, 6, entries([happening("t3", 0)]))
    await ahead.catch_up()
    scan = own.scan

    async def scan_later(after: int = 0, until: Any = None) -> Any:
        own.scan = scan  # type: ignore[method-assign]
        await promote(redis, replica)
        async for batch in scan(after, until):
            yield batch

    own.scan = scan_later  # type: ignore[method-assign]
    await behind.save()
    assert len(behind.rollbacks) == 1
    await behind.catch_up()
    assert (behind.rows, behind.position, behind.saved) == (AFTER[6], 6, 6)
    assert await announced(redis, behind) == CHANGES


async def test_a_failover_in_the_middle_of_a_long_fold(redis: Any) -> None:
    """Where a save that runs meanwhile finds another log, the fold goes on from the rows that fit that one."""
    replica: dict[bytes, bytes] = {}
    kept = [happening(f"kept-{number}", 0) for number in range(1_500)]
    others = [happening(f"other-{number}", 0) for number in range(1_500)]

    class Interrupted(Log):
        async def read(self, after: int, count: int = READ_BATCH) -> list[Stored]:
            found = await super().read(after, count)
            if after == 4_000 and replica:
                await promote(redis, replica)
                replica.clear()
                await append(self, 1_500, entries(others))
            return found

    log = Interrupted(redis, LEDGER)
    await append(log, 0, entries(kept))
    replica.update(await replica_of(redis))
    await append(log, 1_500, entries([happening(f"lost-{number}", 0) for number in range(4_500)]))
    projection = await loaded(redis, log, rules(coalesced=True))
    for _ in range(3):
        await projection.catch_up()
    assert (projection.rows, projection.position) == (expected([*kept, *others])[-1], 3_000)
    assert [position for position, _ in await announced(redis, projection)] == list(range(1, 3_001))
    assert projection.rollbacks
