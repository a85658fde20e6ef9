"""The feed of changes as its clients meet it: resuming, resets, restarts, lights that time changes."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from events.deadline import Fixed, Ongoing
from services.common.clock import FileClock, sleep
from services.status.store import CHANGES_KEPT
from tests.examples import TASK, assigned, reported
from tests.servers import Server
from tests.status.status_client import (
    CHANGES,
    LEDGER,
    PLENTY,
    STILL,
    History,
    StatusClient,
    StatusService,
    applied,
    batch,
    machine_feed,
    problem,
)
from tests.status.tracked_tasks import COUNTIES, at


async def test_changes_come_as_they_happen(service: StatusService, history: History, redis: Any) -> None:
    """/changes has each new row as an event of its position; machines read the same from the stream."""
    async with service.running(STILL) as client, client.following() as follower:
        assert follower.answer.headers["content-type"].startswith("text/event-stream")
        assert follower.answer.headers["cache-control"] == "no-store, no-transform"
        for event in (assigned(deadline=PLENTY), reported()):
            position = await history.append(event)
            told = await follower.next()
            row = (await client.get(f"tasks/{TASK}")).json()
            assert (told.id, told.event, told.json()) == (position, "task", row)
            assert row["position"] == position
        assert await follower.silent()
        assert await machine_feed(redis) == [(f"{told.id}-0", told.json()) for told in follower.received]


async def test_a_batch_tells_the_last_row_of_each_task(service: StatusService, history: History) -> None:
    """Events that are folded together produce each task's newest row once, in the order of positions."""
    await history.append(*batch(range(3)), *batch(range(2), 1), *batch(range(1), 2))
    async with service.running(STILL) as client, client.following(after=0) as follower:
        told = await follower.until(6)
        assert [(one.id, one.json()["task"], one.json()["percent"]) for one in told] == [
            (3, "t-0002", None),
            (5, "t-0001", 51),
            (6, "t-0000", 52),
        ]


@pytest.mark.parametrize("form", ["after", "last"])
async def test_a_client_resumes_from_where_it_was(service: StatusService, history: History, form: str) -> None:
    """A client that was away gets what it missed, by `after=` or by the Last-Event-ID a browser sends."""
    async with service.running(STILL) as client:
        async with client.following(after=0) as follower:
            for number in range(3):
                await history.append(*batch(range(number, number + 1)))
            assert [told.id for told in await follower.until(3)] == [1, 2, 3]
        for number in range(3, 6):
            await client.until(await history.append(*batch(range(number, number + 1))))
        place: dict[str, Any] = {"after": 3} if form == "after" else {"last": "3"}
        async with client.following(**place) as follower:
            assert [told.id for told in await follower.until(6)] == [4, 5, 6]
            assert await follower.silent()


async def test_the_last_event_id_is_newer_than_the_address(service: StatusService, history: History) -> None:
    """A browser repeats its first address: its Last-Event-ID takes precedence; an invalid one is ignored."""
    async with service.running(STILL) as client:
        for number in range(4):
            await client.until(await history.append(*batch(range(number, number + 1))))
        for last, told in (("3", [4]), ("", [1, 2, 3, 4]), ("x", [1, 2, 3, 4]), ("9" * 5_000, [1, 2, 3, 4])):
            async with client.following(after=0, last=last) as follower:
                assert [one.id for one in await follower.until(4)] == told


async def test_a_last_event_id_that_says_nothing_asks_for_a_snapshot(service: StatusService, history: History) -> None:
    """Going on from now would miss what was in between; an id of the machines' feed is understood."""
    async with service.running(STILL) as client:
        for number in range(3):
            await client.until(await history.append(*batch(range(number, number + 1))))
        for last, told in (("x", ("reset", 3)), ("-1", ("reset", 3)), ("2-0", ("task", 3))):
            async with client.following(last=last) as follower:
                first = await follower.next()
                assert (first.event, first.id) == told


async def test_a_bad_place_is_a_problem(service: StatusService) -> None:
    """400 where `after` is no position."""
    async with service.running() as client:
        for after in ("-1", "x"):
            assert problem(await client.http.get(f"changes?after={after}"), 400)


async def test_a_client_ahead_of_the_log_is_reset(service: StatusService, history: History) -> None:
    """A client whose id is ahead of the log followed another log: it is reset to a new snapshot."""
    await history.append(*batch(range(2)))
    async with service.running(STILL) as client, client.following(after=9) as follower:
        told = await follower.next()
        assert (told.id, told.event, told.json()) == (2, "reset", {"position": 2})
        await history.append(*batch(range(2, 3)))
        assert (await follower.next()).id == 3


async def test_a_snapshot_and_its_changes_are_the_board(service: StatusService, history: History) -> None:
    """A client that takes a snapshot at N and follows from N on misses and repeats no change."""
    rounds = 30

    async def write() -> None:
        for round in range(1, rounds):
            await history.append(*batch(range(10), round))
            await sleep(0.01)

    async def read(client: StatusClient, delay: float) -> dict[str, Any]:
        await sleep(delay)
        position, rows = await client.rows()
        async with client.following(after=position) as follower:
            told = await follower.until(rounds * 10) if position < rounds * 10 else []
        ids = [one.id for one in told]
        assert all(id > position for id in ids)
        assert ids == sorted(set(ids))
        return applied(rows, told)

    async with service.running(STILL) as client:
        await history.append(*batch(range(10)))
        readers = [asyncio.create_task(read(client, number * 0.02)) for number in range(12)]
        await write()
        _, rows = await client.rows()
        await client.until(rounds * 10)
        _, rows = await client.rows()
        for found in await asyncio.gather(*readers):
            assert found == rows


async def test_a_restart_in_between_is_not_noticed(service: StatusService, history: History) -> None:
    """A client resumes over a restart of status and ends with the rows of /tasks, whatever came while it was down."""
    await history.append(*batch(range(20)))
    async with service.running(STILL) as client:
        position, rows = await client.rows()
        async with client.following(after=position) as follower:
            for round in (1, 2):
                await history.append(*batch(range(0, 20, round), round))
            rows = applied(rows, await follower.until(history.tail))
            last = follower.received[-1].id
    await history.append(*batch(range(5), 3), *batch(range(20, 25)))
    async with service.running(STILL) as client:
        async with client.following(last=str(last)) as follower:
            missed = await follower.until(history.tail)
            assert sorted(one.json()["task"] for one in missed) == [
                f"t-{number:04}" for number in (*range(5), *range(20, 25))
            ]
            await history.append(*batch(range(3), 4))
            await follower.until(history.tail)
            rows = applied(rows, follower.received)
        assert await client.rows() == (history.tail, rows)


async def test_other_rules_are_told_as_changes(service: StatusService, history: History, redis: Any) -> None:
    """After a restart with other rules, a client that resumes gets the rows that differ, and no other.

    The machines' feed has them too, as changes that no event made.
    """
    await history.append(assigned("t-1", others=("各县（市、区）政府",), deadline=PLENTY))
    await history.append(assigned("t-2", deadline=PLENTY))
    async with service.running(STILL) as client:
        position, rows = await client.rows()
    file = service.ledgers / f"{LEDGER}.toml"
    file.write_text(file.read_text(encoding="utf-8").replace('"赤坎区", ', ""), encoding="utf-8")
    async with service.running(STILL) as client, client.following(after=position) as follower:
        told = await follower.next()
        assert (told.id, told.json()["task"], len(told.json()["units"])) == (2, "t-1", len(COUNTIES))
        assert await client.rows() == (position, applied(rows, [told]))
        assert await follower.silent()
    assert (await machine_feed(redis))[2:] == [("2-1", told.json())]


async def test_a_client_too_far_behind_is_reset(service: StatusService, history: History) -> None:
    """A client behind the kept changes is reset to a new snapshot, also after a restart; others get the newest rows."""
    tasks = range(1_000)
    async with service.running(STILL) as client:
        async with client.following() as follower:
            for round in range(CHANGES_KEPT // len(tasks) + 1):
                await history.append(*batch(tasks, round))
                await follower.until(history.tail)  # it is announced: a task's changes may not be sent as one
        tail = history.tail
        async with client.following(after=tail - 1) as follower:
            await follower.until(tail)
        for after, behind in ((0, True), (tail - CHANGES_KEPT - 1, True), (tail - CHANGES_KEPT + 1, False)):
            async with client.following(after=after) as follower:
                told = await follower.next()
                assert (told.event, told.id) == (("reset", tail) if behind else ("task", tail - len(tasks) + 1))
    async with service.running(STILL) as client, client.following(last="5") as follower:
        assert (await follower.next()).event == "reset"
        position, rows = await client.rows()
        assert (position, len(rows)) == (tail, 1_000)
        await history.append(*batch(range(1), 12))
        assert [(told.id, told.json()["percent"]) for told in await follower.until(tail + 1)] == [(tail + 1, 62)]


async def test_lights_that_time_changes_reach_clients(
    service: StatusService, history: History, redis: Any, tmp_path: Path
) -> None:
    """Time alone turns a light; the row comes over the feed at the position it reflects, and nothing else changes."""
    due = Fixed("2018年12月15日前", at("2018-12-15"))
    await history.append(assigned(deadline=due), reported(percent=100), recorded="2018-11-01T00:00:00Z")
    await history.append(assigned("t-2", deadline=Ongoing("长期")), recorded="2018-11-01T00:00:00Z")
    clock = FileClock(tmp_path / "clock")
    clock.set(at("2018-11-10"))
    async with service.running(f"file:{clock.path}") as client:
        async with client.following(after=0) as follower:
            for day, position, light in (
                ("2018-11-10", 2, ("green", "on-track")),
                ("2018-12-14", 3, ("yellow", "due-soon")),
                ("2018-12-16", 3, ("red", "overdue")),
            ):
                clock.set(at(day))
                told = await follower.next()
                while told.json()["task"] != TASK:
                    told = await follower.next()
                assert (told.event, told.id, told.json()["position"]) == ("task", position, 2)
                assert (told.json()["light"], told.json()["light_reason"]) == light
        _, rows = await client.rows()
        assert rows[TASK] == told.json()
        assert rows[TASK]["overdue_since"] is None, "the clock's event says since when"
        ids = [id for id, row in await machine_feed(redis) if row["task"] == TASK]
        assert ids[0] == "2-0"
        assert all(id.startswith("3-") and id != "3-0" for id in ids[1:])


async def test_a_new_log_feed_numbers_what_time_changed_from_one(
    service: StatusService, history: History, redis: Any
) -> None:
    """Number 0 is an event's: what time changes has a higher one, also where the event's change is no longer kept."""
    await history.append(assigned(deadline=PLENTY), reported(percent=100))
    async with service.running(STILL) as client:
        await client.until(2)
    await redis.delete(CHANGES)
    async with service.running("2030-01-01T00:00:00+08:00") as client, client.following(after=2) as follower:
        told = await follower.next()
        assert (told.id, told.json()["light"]) == (2, "red")
    assert [id for id, _ in await machine_feed(redis)] == ["2-1"]


async def test_two_instances_serve_the_same(service: StatusService, history: History, redis: Any) -> None:
    """Two instances have equal rows, bring their clients to them by the same changes, and announce each change once."""
    async with service.running(STILL) as one, service.running(STILL) as two:
        async with one.following(after=0) as first, two.following(after=0) as second:
            for round in range(20):
                await history.append(*batch(range(5), round))
                await sleep(0.01)
            told = await first.until(100), await second.until(100)
        await one.until(100)
        await two.until(100)
        position, rows = await one.rows()
        assert await two.rows() == (position, rows)
    announced = await machine_feed(redis)
    assert len({id for id, _ in announced}) == len(announced)
    for changes in told:
        assert applied({}, changes) == rows
        steps = [(f"{change.id}-0", change.json()) for change in changes]
        assert steps == [step for step in announced if step in steps]


async def test_status_outlives_its_server(service: StatusService, history: History, server: Server) -> None:
    """Where the server is killed and comes back, rows and followers go on as if nothing had been."""
    await history.append(*batch(range(3)))
    async with service.running(STILL) as client, client.following(after=0) as follower:
        await follower.until(3)
        server.kill()
        assert (await client.get("tasks")).headers["duban-position"] == "3"
        server.start()
        await history.append(*batch(range(3), 1))
        told = await follower.until(6)
        assert [one.id for one in told] == [4, 5, 6]
        assert (await client.rows())[1] == applied({}, follower.received)
