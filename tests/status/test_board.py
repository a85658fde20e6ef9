"""The board: its index and its lights follow the rows, whatever changed them."""

import asyncio
import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from events.deadline import Deadline, Fixed, Ongoing
from events.envelope import Event
from services.status import store
from services.status.lights import relight
from services.status.row import TaskRow
from services.status.store import Board
from services.status.views import TaskQuery, select
from tests.examples import assigned, reported
from tests.status.status_client import LEDGER, History, batch, machine_feed
from tests.status.tracked_tasks import LEDGER as RULES
from tests.status.tracked_tasks import at

BEGIN = at("2018-01-01")

QUERIES = (
    TaskQuery(),
    TaskQuery(light="red"),
    TaskQuery(light="yellow", sort="-due"),
    TaskQuery(state="in-progress", sort="-position"),
    TaskQuery(due_before=at("2018-06-01"), sort="percent"),
    TaskQuery(q="1", sort="-percent", limit=3),
)


def rows_of(board: Board) -> dict[str, TaskRow]:
    return {name: task.row for name, task in board.projection.rows.items()}


def check(board: Board) -> None:
    """Assert that what is read is what the rows are."""
    snapshot, rows = board.live(), rows_of(board)
    assert snapshot.position == board.position
    assert dict(snapshot.rows) == rows
    for query in QUERIES:
        assert snapshot.select(query) == select(rows.values(), query)


def some_event(number: int, now: datetime, draws: random.Random, assigned_tasks: set[str]) -> Event:
    """Return an assignment or, of a task that is assigned, a report; both happen now."""
    task = f"t-{draws.randrange(12)}"
    if task in assigned_tasks:
        return reported(task, number, percent=draws.randrange(101), time=now)
    assigned_tasks.add(task)
    due = now + timedelta(days=draws.randrange(1, 200))
    deadline: Deadline = Fixed("某日前", due) if draws.random() < 0.7 else Ongoing("持续实施")
    return assigned(task, deadline=deadline, time=now)


@pytest.mark.parametrize("seed", range(4))
async def test_index_and_lights_follow_the_rows(redis: Any, history: History, seed: int) -> None:
    """After events, time, a rebuild and another instance's saves, lists are those of the rows, and lights of now.

    Lights are compared with those of every task, looked at one by one.
    """
    draws, assigned_tasks, now = random.Random(seed), set[str](), BEGIN
    lights = set[str]()
    board, other = Board(redis, LEDGER, RULES), Board(redis, LEDGER, RULES)
    await board.load(now)
    await other.load(now)
    for number in range(60):
        now += timedelta(days=draws.randrange(15))
        what = draws.choice(["events", "events", "time", "time", "rebuild", "other"])
        if what == "events":
            await history.append(some_event(number, now, draws, assigned_tasks), recorded=None)
            await board.projection.catch_up()
        elif what == "rebuild":
            await board.projection.rebuild()
        elif what == "other":
            await other.projection.catch_up()
            await other.relight(now)
            check(other)
        else:
            await board.relight(now)
            tasks = board.projection.rows.values()
            assert [task.row.task for task in tasks if relight(task, RULES.lights, now) is not None] == []
        check(board)
        lights |= {row.light for row in rows_of(board).values()}
    assert lights == {"red", "yellow", "green"}


async def test_a_change_by_time_that_is_not_saved_is_shown_and_saved_later(redis: Any, history: History) -> None:
    """Lights changed while the server was away are read at once with another edition, and saved when it is back."""
    await history.append(assigned("t-1", time=BEGIN), recorded=None)
    board = Board(redis, LEDGER, RULES)
    await board.load(BEGIN)
    await board.projection.catch_up()
    before = board.live().edition
    save = board.projection._stored.save

    async def fail(*_: Any) -> Any:
        raise ConnectionError("the server is away")

    board.projection._stored.save = fail  # type: ignore[assignment]
    with pytest.raises(ConnectionError):
        await board.relight(at("2030-01-01"))
    board.projection._stored.save = save  # type: ignore[method-assign]
    check(board)
    assert board.live().select(TaskQuery(light="red")).total == 1
    assert board.live().edition != before
    await board.projection.save()
    again = Board(redis, LEDGER, RULES)
    await again.load(BEGIN)
    assert again.live().select(TaskQuery(light="red")).total == 1


def parts_of(board: Board, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let time change few tasks in one save, and return the list that gets how many each save has."""
    monkeypatch.setattr(store, "MOST_CHANGES", 4)
    update, parts = board.projection.update, list[int]()

    async def counted(rows: dict[str, Any]) -> None:
        parts.append(len(rows))
        await update(rows)

    monkeypatch.setattr(board.projection, "update", counted)
    return parts


async def test_lights_that_change_at_one_instant_are_saved_in_parts(
    redis: Any, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many tasks time changes at once, a save has few of them, other work goes on, and each is announced."""
    await history.append(*batch(range(10)))
    board = Board(redis, LEDGER, RULES)
    await board.load(BEGIN)
    await board.projection.catch_up()
    parts, turns = parts_of(board, monkeypatch), list[int]()

    async def other_work() -> None:
        while True:
            turns.append(len(parts))
            await asyncio.sleep(0)

    working = asyncio.create_task(other_work())
    await board.relight(at("2030-01-01"))
    working.cancel()
    assert parts == [4, 4, 2]
    assert {1, 2} <= set(turns)
    check(board)
    assert board.live().select(TaskQuery(light="red")).total == 10
    announced = [(id, row["task"]) for id, row in await machine_feed(redis)][10:]
    assert announced == [(f"10-{number + 1}", f"t-{number:04}") for number in range(10)]


async def test_a_part_that_is_not_saved_leaves_the_others_for_later(
    redis: Any, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the server goes away between two saves, the next look at the lights changes the rest."""
    await history.append(*batch(range(10)))
    board = Board(redis, LEDGER, RULES)
    await board.load(BEGIN)
    await board.projection.catch_up()
    parts_of(board, monkeypatch)
    save, saves = board.projection._stored.save, list[bytes]()

    async def fail_once(generation: int, packed: bytes) -> Any:
        saves.append(packed)
        if len(saves) == 2:
            raise ConnectionError("the server is away")
        return await save(generation, packed)

    monkeypatch.setattr(board.projection._stored, "save", fail_once)
    with pytest.raises(ConnectionError):
        await board.relight(at("2030-01-01"))
    await board.relight(at("2030-01-01"))
    check(board)
    again = Board(redis, LEDGER, RULES)
    await again.load(BEGIN)
    assert again.live().select(TaskQuery(light="red")).total == 10


async def test_rows_that_other_lights_change_are_saved_in_parts(
    redis: Any, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So are those that other rules have changed since they were saved: each is announced once."""
    await history.append(*batch(range(10)))
    board = Board(redis, LEDGER, RULES)
    await board.load(BEGIN)
    await board.projection.catch_up()
    other = Board(redis, LEDGER, replace(RULES, lights=replace(RULES.lights, yellow_days=5_000)))
    parts = parts_of(other, monkeypatch)
    await other.load(at("2019-04-01"))
    assert parts == [4, 4, 2]
    assert other.live().select(TaskQuery(light="yellow")).total == 10
    announced = sorted(row["task"] for _, row in (await machine_feed(redis))[10:])
    assert announced == [f"t-{number:04}" for number in range(10)]
