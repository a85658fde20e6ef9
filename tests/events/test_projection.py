import asyncio
from typing import Any

import msgspec
import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from events.entries import Stored, event_hash
from events.envelope import Event
from events.log import Log
from events.projection import Projection, SupersededError
from events.rules import Change, Rules
from events.saved_rows import Checkpoint, Stale
from tests.events.appending import append
from tests.events.counting import Announced, Count, announced, entries, evolve, expected, fade, happening, loaded, rules
from tests.events.driver import contents
from tests.events.story import AFTER, CHANGES, LEDGER, STORY
from tests.patience import PATIENCE
from tests.servers import Server


async def test_rows_are_folded_saved_and_announced(redis: Any, log: Log) -> None:
    """Waking folds the log to its tail; rows, position, announcements and histories are saved together."""
    projection = await loaded(redis, log, rules())
    assert await projection.catch_up() == 6
    assert projection.rows == AFTER[6]
    assert projection.position == projection.saved == 6
    assert await announced(redis, projection) == CHANGES
    assert await projection.history("t1") == [1, 4, 5]
    assert await projection.history("t2") == [2, 6]
    assert await projection.history("unassigned") == []
    again = await loaded(redis, log, rules())
    assert (again.rows, again.position) == (AFTER[6], 6)


async def test_waking_at_the_tail_changes_nothing(redis: Any, log: Log) -> None:
    """Waking again folds nothing and writes nothing, in this instance or a new one."""
    projection = await loaded(redis, log, rules())
    await projection.catch_up()
    before = await contents(redis)
    assert await projection.catch_up() == 0
    assert await projection.catch_up(await log.read(0)) == 0
    assert await (await loaded(redis, log, rules())).catch_up() == 0
    assert await contents(redis) == before


WAKINGS = {
    "the next ones": [3, 4, 5, 6],
    "the next one": [3],
    "what was folded": [1, 2],
    "everything": [1, 2, 3, 4, 5, 6],
    "a gap": [4, 5, 6],
    "a gap further on": [3, 5, 6],
    "doubles": [3, 3, 4, 4],
    "backwards": [6, 5, 4, 3],
    "out of order further on": [3, 5, 4, 6],
    "nothing": [],
}


@pytest.mark.parametrize("positions", WAKINGS.values(), ids=WAKINGS)
async def test_messages_only_wake(redis: Any, log: Log, positions: list[int]) -> None:
    """Whichever entries a message brings, missing, doubled or out of order, the rows come from the log alone."""
    projection = await loaded(redis, log, rules())
    projection.advance([found async for batch in log.scan(0, 2) for found in batch])
    await projection.save()
    await projection.catch_up(await log.read_at(positions))
    assert (projection.rows, projection.saved) == (AFTER[6], 6)
    assert await announced(redis, projection) == CHANGES


async def test_a_gap_is_an_error(redis: Any, log: Log) -> None:
    """Folding an event that does not follow raises ValueError; no event can be left out unnoticed."""
    projection = await loaded(redis, log, rules())
    with pytest.raises(ValueError, match="at position 0; 2 does not follow"):
        projection.advance([found async for batch in log.scan(1) for found in batch])


async def test_a_crash_before_the_save_repeats_the_work_only(redis: Any, log: Log) -> None:
    """What was folded but not saved is folded again by the next instance, and announced once."""
    crashed = await loaded(redis, log, rules())
    crashed.advance([found async for batch in log.scan(0, 4) for found in batch])
    del crashed
    projection = await loaded(redis, log, rules())
    assert projection.position == 0
    await projection.catch_up()
    assert projection.rows == AFTER[6]
    assert await announced(redis, projection) == CHANGES


async def test_a_lost_connection_delays_the_announcements_only(redis: Any, server: Server, log: Log) -> None:
    """A save that failed is made up for by the next waking, even if no event came since."""
    projection = await loaded(redis, log, rules())
    batch = await log.read(0)
    server.kill()
    await redis.connection_pool.disconnect()
    with pytest.raises(RedisConnectionError):
        await projection.catch_up(batch)
    server.start()
    await redis.connection_pool.disconnect()
    await projection.catch_up()
    assert projection.saved == 6
    assert await announced(redis, projection) == CHANGES
    assert await projection.history("t1") == [1, 4, 5]


@pytest.mark.parametrize("each", [True, False], ids=["each change is announced", "the latest of a row is kept"])
async def test_what_is_adopted_during_a_save_is_left_for_the_next(redis: Any, log: Log, *, each: bool) -> None:
    """A save covers the position at which it began, so that what comes meanwhile is neither lost nor folded again."""
    own = rules() if each else Rules("counting", "1", Count, evolve)
    projection = await loaded(redis, log, own)
    recorded = [found async for batch in log.scan() for found in batch]
    projection.advance(recorded[:4])
    saving = asyncio.create_task(projection.save())
    await asyncio.sleep(0)  # it has sent what it saves
    projection.advance(recorded[4:])
    await saving
    assert (projection.saved, projection.position) == (4, 6)
    await projection.save()
    assert (projection.saved, projection.position) == (6, 6)
    again = await loaded(redis, log, own)
    assert (again.rows, again.position) == (AFTER[6], 6)
    assert await announced(redis, projection) == (CHANGES if each else [])


async def test_two_instances_announce_each_change_once(redis: Any, log: Log) -> None:
    """Two instances that fold the same log at once hold equal rows and announce every change once."""
    one, other = await loaded(redis, log, rules()), await loaded(redis, log, rules())
    more = [happening("t3", number) for number in range(50)]
    for start in range(0, 50, 5):
        await append(log, 6 + start, entries(more[start : start + 5]))
        await asyncio.gather(one.catch_up(), other.catch_up(), one.catch_up(), other.catch_up())
    assert one.rows == other.rows == expected(STORY + more)[-1]
    feed = await announced(redis, one)
    assert [position for position, _ in feed] == [1, 2, 4, 5, 6, *range(7, 57)]
    assert await one.history("t3") == list(range(7, 57))


def fail_once(log: Log, events: int) -> None:
    """Let the next scan of a log fail after a batch of so many events."""
    scan = log.scan

    async def failing(after: int, *_: Any) -> Any:
        log.scan = scan  # type: ignore[method-assign]
        if events:
            async for batch in scan(after, after + events):
                yield batch
        raise RedisConnectionError("the server is away")

    log.scan = failing  # type: ignore[method-assign, assignment]


@pytest.mark.parametrize("read", range(4))
@pytest.mark.parametrize("more", range(3))
async def test_a_read_that_fails_while_following_another_instance(
    redis: Any, log: Log, *, read: int, more: int
) -> None:
    """An instance that catches up with the rows of another, and cannot read all, goes on later as if it had."""
    own = Log(redis, LEDGER)
    behind, ahead = await loaded(redis, own, rules()), await loaded(redis, log, rules())
    behind.advance([found async for batch in log.scan(0, 2) for found in batch])
    await ahead.catch_up()
    fail_once(own, read)
    with pytest.raises(RedisConnectionError):
        await behind.save()
    assert behind.saved <= behind.position
    events = [happening("t3", number) for number in range(more)]
    await append(log, 6, entries(events))
    await behind.catch_up()
    assert (behind.rows, behind.position, behind.saved) == (expected(STORY + events)[-1], 6 + more, 6 + more)
    assert await announced(redis, ahead) == CHANGES + [
        (7 + number, Announced("t3", expected(STORY + events)[7 + number]["t3"], by_event=True))
        for number in range(more)
    ]
    assert await behind.history("t1") == [1, 4, 5]
    again = await loaded(redis, log, rules())
    assert (again.rows, again.position) == (behind.rows, behind.position)


async def test_rows_are_never_saved_before_those_that_are_saved(redis: Any, log: Log) -> None:
    """A save that would move the position back is refused, and nothing is written."""
    projection = await loaded(redis, log, rules())
    await projection.catch_up()
    before = await contents(redis)
    saved = await projection._stored.checkpoint()
    change = Change(5, "t1", AFTER[5]["t1"], STORY[4])
    packed = projection._stored.pack(saved, Checkpoint(0, 5, event_hash((await log.read_at([5]))[0].raw)), [change], {})
    assert await projection._stored.save(0, packed) == Stale(saved, "1")
    assert await contents(redis) == before


async def test_time_alone_changes_rows(redis: Any, log: Log) -> None:
    """Rows that time changed are saved and announced at the position they reflect, after the events' changes."""
    projection = await loaded(redis, log, rules())
    await projection.catch_up()
    faded = {name: fade(row, 8) for name, row in projection.rows.items()}
    assert [row.light for row in faded.values()] == ["off", "on"]
    await projection.update({"t1": faded["t1"]})
    assert projection.rows["t1"].light == "off"
    assert (await loaded(redis, log, rules())).rows == projection.rows
    assert await announced(redis, projection) == [*CHANGES, (6, Announced("t1", faded["t1"], by_event=False))]
    assert await projection.history("t1") == [1, 4, 5]


async def test_time_comes_after_what_was_not_yet_saved(redis: Any, log: Log) -> None:
    """Where events are folded but not saved, they are announced before what time changed."""
    projection = await loaded(redis, log, rules(coalesced=True))
    projection.advance([found async for batch in log.scan() for found in batch])
    faded = fade(projection.rows["t2"], 99)
    await projection.update({"t2": faded})
    assert projection.saved == 6
    assert [(position, change.task, change.by_event) for position, change in await announced(redis, projection)] == [
        (5, "t1", True),
        (6, "t2", True),
        (6, "t2", False),
    ]


async def test_time_never_undoes_an_event(redis: Any, log: Log) -> None:
    """A row revised while its next event is being folded keeps that event; time has to look at it again."""
    projection = await loaded(redis, log, rules())
    await projection.catch_up()
    await append(log, 6, entries([happening("t1", 3)]))
    waking = asyncio.create_task(projection.catch_up())
    await asyncio.sleep(0)
    assert projection._lock.locked()
    await projection.update({"t1": fade(projection.rows["t1"], 99)})
    await waking
    assert projection.rows["t1"].events == 4
    assert (await loaded(redis, log, rules())).rows == projection.rows


async def test_time_is_not_forgotten_where_another_instance_is_ahead(redis: Any, log: Log) -> None:
    """What time changed in an instance that lags behind is saved, or it still shows as unchanged and is tried again."""
    behind, ahead = await loaded(redis, log, rules()), await loaded(redis, log, rules())
    await behind.catch_up()
    await ahead.catch_up()
    await append(log, 6, entries([happening("t3", 0)]))
    await ahead.catch_up()
    for _ in range(2):
        faded = {name: fade(row, 99) for name, row in behind.rows.items()}
        await behind.update({name: row for name, row in faded.items() if row != behind.rows[name]})
    await behind.catch_up()
    assert {row.light for row in behind.rows.values()} == {"off"}
    assert (await loaded(redis, log, rules())).rows == behind.rows


async def test_rebuilding_gives_equal_rows_and_announces_nothing(redis: Any, log: Log) -> None:
    """A rebuild folds the whole log into a new generation, finds no difference, and leaves feed and histories alone."""
    projection = await loaded(redis, log, rules())
    await projection.catch_up()
    generation = projection.generation
    assert await projection.rebuild() == {}
    assert projection.generation > generation
    assert (projection.rows, projection.position) == (AFTER[6], 6)
    assert await announced(redis, projection) == CHANGES
    assert await projection.history("t1") == [1, 4, 5]
    left = [name for name in await redis.keys() if b":rows:" in name]
    assert left == [projection._stored.rows_key(projection.generation).encode()]


async def test_rebuilding_mends_what_was_changed_behind_its_back(redis: Any, log: Log) -> None:
    """A row that is not what the log says is found, shown before and after, and put right."""
    projection = await loaded(redis, log, rules())
    await projection.catch_up()
    forged = Count(99, 6, ())
    await redis.hset(projection._stored.rows_key(projection.generation), "t1", msgspec.json.encode(forged))
    await redis.hset(projection._stored.rows_key(projection.generation), "t9", msgspec.json.encode(forged))
    assert await projection.rebuild() == {"t1": (forged, AFTER[6]["t1"]), "t9": (forged, None)}
    assert (await loaded(redis, log, rules())).rows == AFTER[6]


async def test_a_switch_that_is_sent_twice_keeps_the_rows(redis: Any, log: Log) -> None:
    """A client that lost the answer and asks again is told that it is done: no other rows are left by then."""
    projection = await loaded(redis, log, rules())
    await projection.catch_up()
    switch = projection._stored._switch

    async def again(**words: Any) -> Any:
        projection._stored._switch = switch
        await switch(**words)
        return await switch(**words)

    projection._stored._switch = again
    assert await projection.rebuild() == {}
    other = await loaded(redis, log, rules())
    assert (other.rows, other.position, other.generation) == (AFTER[6], 6, 1)


async def test_a_rebuild_behind_the_tail_leaves_the_rest_to_be_announced(redis: Any, log: Log) -> None:
    """A rebuild stays at the position that is saved, so that later events are announced as ever, once."""
    projection = await loaded(redis, log, rules())
    projection.advance([found async for batch in log.scan(0, 4) for found in batch])
    await projection.save()
    projection.advance([found async for batch in log.scan(4, 5) for found in batch])
    await projection.rebuild()
    assert projection.position == 4
    await projection.catch_up()
    assert await announced(redis, projection) == CHANGES
    assert await projection.history("t1") == [1, 4, 5]


async def test_another_instance_goes_on_after_a_rebuild(redis: Any, log: Log) -> None:
    """An instance that held the generation before takes up the new one, and nothing is announced twice or left out."""
    one, other = await loaded(redis, log, rules()), await loaded(redis, log, rules())
    await one.catch_up()
    await other.catch_up()
    await one.rebuild()
    await append(log, 6, entries([happening("t3", 0)]))
    await other.catch_up()
    await one.catch_up()
    assert one.rows == other.rows == expected([*STORY, happening("t3", 0)])[-1]
    assert [position for position, _ in await announced(redis, one)] == [1, 2, 4, 5, 6, 7]


async def test_two_rebuilds_at_once_do_no_harm(redis: Any, log: Log) -> None:
    """Two instances that rebuild at the same time both end, on the rows of the log, with one generation left."""
    one, other = await loaded(redis, log, rules()), await loaded(redis, log, rules())
    await one.catch_up()
    await other.catch_up()
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(one.rebuild(), other.rebuild(), one.rebuild(), other.rebuild())
    final = await loaded(redis, log, rules())
    assert final.rows == AFTER[6]
    assert [name for name in await redis.keys() if b":rows:" in name] == [
        final._stored.rows_key(final.generation).encode()
    ]


async def test_other_rules_rebuild_on_load(redis: Any, log: Log) -> None:
    """Rows that another version of the rules folded are rebuilt when a projection loads, in silence."""
    await (await loaded(redis, log, rules("1"))).catch_up()

    def count_double(row: Count | None, entry: Any) -> Count | None:
        after = evolve(row, entry)
        return msgspec.structs.replace(after, events=2 * len(after.ids)) if after is not None else None

    doubled = msgspec.structs.replace(rules("2"), evolve=count_double)
    projection = await loaded(redis, log, doubled)
    assert {name: row.events for name, row in projection.rows.items()} == {"t1": 6, "t2": 4}
    assert await announced(redis, projection) == CHANGES
    await projection.catch_up()
    assert (await loaded(redis, log, doubled)).rows == projection.rows


class Renamed(msgspec.Struct, frozen=True):
    """A row of another shape."""

    count: int


async def test_rules_that_begin_at_once_do_not_overwrite_each_other(redis: Any, log: Log) -> None:
    """Of two instances that found nothing saved, the one whose rules are not those that saved first is superseded."""
    first, second = Projection(redis, log, rules("1")), Projection(redis, log, rules("2"))
    await first.load()
    await second.load()
    await second.catch_up()
    with pytest.raises(SupersededError, match="'2' took over '1'"):
        await first.catch_up()
    saved = await loaded(redis, log, rules("2"))
    assert (saved.generation, saved.rows) == (0, second.rows)


async def test_rules_with_another_row_rebuild_too(redis: Any, log: Log) -> None:
    """New rules may have rows of another shape: those of the old rules need not be readable."""
    await (await loaded(redis, log, rules("1"))).catch_up()

    def recount(row: Renamed | None, entry: Any) -> Renamed | None:
        return Renamed(row.count + 1 if row is not None else 1)

    projection = Projection(redis, log, Rules("counting", "2", Renamed, recount))
    await projection.load()
    assert projection.rows == {"t1": Renamed(3), "t2": Renamed(2), "unassigned": Renamed(1)}
    assert projection.position == 6


async def test_any_past_position_can_be_folded(redis: Any, log: Log) -> None:
    """`fresh` folds the log up to a position, in memory only: the rows as they stood then, and nothing is written."""
    projection = await loaded(redis, log, rules())
    await projection.catch_up()
    before = await contents(redis)
    for position, rows in enumerate(AFTER):
        past = await projection.replay(position)
        assert (past.rows, past.position) == (rows, position)
    assert (await projection.replay()).rows == AFTER[6]
    assert await contents(redis) == before


async def test_saved_rows_can_be_looked_at(redis: Any, log: Log) -> None:
    """`read_saved` takes up the rows as they are, whatever rules folded them, and rebuilds nothing."""
    await (await loaded(redis, log, rules("1"))).catch_up()
    before = await contents(redis)
    projection = Projection(redis, log, rules("2"))
    await projection.read_saved()
    assert (projection.rows, projection.position) == (AFTER[6], 6)
    assert await contents(redis) == before


async def test_a_capped_feed_keeps_the_latest(redis: Any, log: Log) -> None:
    """A feed with a cap keeps about that many announcements, the latest ones."""
    projection = await loaded(redis, log, msgspec.structs.replace(rules(), cap=10))
    await append(log, 6, entries([happening("t3", number) for number in range(1_000)]))
    await projection.catch_up()
    positions = [position for position, _ in await announced(redis, projection)]
    assert 10 <= len(positions) <= 300
    assert positions == list(range(1_007 - len(positions), 1_007))


async def test_long_logs_are_folded_in_parts(redis: Any) -> None:
    """A log longer than one batch is folded and saved part by part, with the same rows at the end."""
    log = Log(redis, LEDGER)
    events: list[Event] = [happening(f"t{number % 7}", number // 7) for number in range(2_500)]
    await append(log, 0, entries(events))
    projection = await loaded(redis, log, rules(coalesced=True))
    assert await projection.catch_up() == 2_500
    assert projection.rows == expected(events)[-1]
    histories = [await projection.history(f"t{number}") for number in range(7)]
    assert sorted(position for positions in histories for position in positions) == list(range(1, 2_501))


@pytest.mark.parametrize("coalesced", [True, False])
async def test_two_instances_fold_a_long_log_at_once(redis: Any, *, coalesced: bool) -> None:
    """Each may find that the other has saved first, also while it folds on: all is announced once, in order."""
    log = Log(redis, LEDGER)
    events: list[Event] = [happening(f"t{number % 3_000}", number // 3_000) for number in range(9_000)]
    await append(log, 0, entries(events))
    instances = [await loaded(redis, log, rules(coalesced=coalesced)) for _ in range(2)]
    await asyncio.gather(*(instance.catch_up() for instance in instances))
    for instance in instances:
        assert (instance.rows, instance.position) == (expected(events)[-1], 9_000)
    positions = [position for position, _ in await announced(redis, instances[0])]
    assert positions == sorted(set(positions))
    assert positions[-3_000:] == list(range(6_001, 9_001))
    assert coalesced or len(positions) == 9_000
    assert await instances[0].history("t1") == [2, 3_002, 6_002]


async def test_a_message_that_is_no_event_stops_the_fold(redis: Any, log: Log) -> None:
    """Bytes in the log that are no event raise; nothing after them is folded as if they were not there."""
    projection = await loaded(redis, log, rules())
    await projection.catch_up()
    with pytest.raises(Exception, match="does not decode"):
        await projection.catch_up([Stored(7, b"{}")])
    assert projection.position == 6
