"""The live feed: who gets which changes, whenever they come."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.status import feed as module
from services.status import window
from services.status.feed import EVERYTHING, HEARTBEAT, RETRY, Feed
from services.status.window import Filter
from tests.status.sse import Happening, happenings

TURNS = 10
"""Turns of the event loop after which whoever has something to say has said it."""


class Change(NamedTuple):
    """A change as the stream names it: `number` counts what time alone changed at a position."""

    position: int
    number: int


def entry(change: Change) -> tuple[bytes, dict[bytes, bytes]]:
    """Return a change as the stream of changes has it; each is of a task of its own."""
    row = {"task": f"t-{change.position}-{change.number}", "units": []}
    data = msgspec.json.encode({**row, "position": change.position, "number": change.number})
    return f"{change.position}-{change.number}".encode(), {b"e": data}


def entries(*changes: Change) -> list[tuple[bytes, dict[bytes, bytes]]]:
    return [entry(change) for change in changes]


class Client:
    """Someone who follows a feed; `heard` is what came so far, resets as their position alone."""

    def __init__(self, stream: AsyncIterator[bytes]) -> None:
        self.heard: list[Change | int] = []
        self._stream = stream
        self._next: asyncio.Task[bytes] | None = None

    async def listen(self) -> "list[Change | int]":
        """Take all that is there now, and return all that ever came."""
        while True:
            if self._next is None:
                self._next = asyncio.ensure_future(anext(self._stream))
            for _ in range(TURNS):
                await asyncio.sleep(0)
            if not self._next.done():
                return self.heard
            self.heard += [self._told(happening) for happening in happenings(self._next.result())]
            self._next = None

    async def leave(self) -> None:
        if self._next is not None:
            self._next.cancel()
            await asyncio.gather(self._next, return_exceptions=True)

    def _told(self, happening: Happening) -> Change | int:
        told = happening.json()
        assert happening.id == told["position"]
        if happening.event == "reset":
            return happening.id
        assert happening.event == "task"
        return Change(told["position"], told["number"])


async def hear(feed: Feed, after: int | None, position: int, *later: Change) -> list[Change | int]:
    """Return what a client at `after` hears where the rows stand at `position` and these changes come in later."""
    client = Client(feed.follow(after, position))
    await client.listen()
    feed.push(entries(*later))
    heard = await client.listen()
    await client.leave()
    return heard


def filled(*changes: Change, kept: int = 100, trimmed: bool = False) -> Feed:
    feed = Feed(kept, gather_seconds=0)
    feed.load(entries(*changes), {}, trimmed=trimmed)
    return feed


A, B, C, D = Change(1, 0), Change(2, 0), Change(2, 1), Change(3, 0)


@pytest.mark.parametrize(("after", "heard"), [(0, [A, B, C, D]), (1, [B, C, D]), (2, [C, D]), (None, [D])])
async def test_a_client_hears_what_came_after_its_snapshot(after: int | None, heard: list[Change]) -> None:
    """Changes after the snapshot's position come in order, kept ones and new ones alike; without one, from now on."""
    assert await hear(filled(A, B, C), after, 2, D) == heard


async def test_what_time_changed_at_the_position_is_told_again() -> None:
    """A position cannot tell whether the client has seen what time alone changed at it: it is told, not left out."""
    assert await hear(filled(A, B, C), 2, 2) == [C]
    assert await hear(filled(A, B), 2, 2, C) == [C]


async def test_a_snapshot_ahead_of_its_announcements_is_not_repeated() -> None:
    """Rows show an event before its change comes over the stream: who has the rows does not hear it."""
    assert await hear(filled(A), 2, 2, B, D) == [D]
    assert await hear(filled(A), 2, 2, B, C, D) == [C, D]


async def test_an_empty_feed_has_missed_nothing() -> None:
    """Where no change was ever dropped, a client at 0 goes on without a reset."""
    assert await hear(filled(), 0, 0, A) == [A]


@pytest.mark.parametrize(
    ("after", "kept", "behind"),
    [
        (0, [A, B], False),
        (1, [Change(2, 0)], True),
        (2, [Change(2, 0)], False),
        (2, [Change(2, 1)], False),
        (2, [Change(2, 2)], True),
        (3, [Change(2, 2)], False),
    ],
)
async def test_a_client_too_far_behind_is_reset(after: int, kept: list[Change], behind: bool) -> None:  # noqa: FBT001
    """Where a change the client needs may have been dropped it is reset, and then hears what is new; else it is not."""
    trimmed = kept[0] != A
    heard = await hear(filled(*kept, trimmed=trimmed), after, 3, Change(4, 0))
    assert (heard[0] == 3) == behind
    assert heard[-1] == Change(4, 0)
    assert len([told for told in heard if told == 3]) == (1 if behind else 0)


async def test_a_client_of_another_log_is_reset() -> None:
    """A client ahead of the rows has seen another log (a backup was put back): it takes a new snapshot."""
    assert await hear(filled(A, B), 9, 2, D) == [2, D]


async def test_a_client_that_does_not_keep_up_is_reset() -> None:
    """Who is slower than the changes, by more than are kept, is reset at the last of them and goes on from there."""
    feed = filled(kept=3)
    client = Client(feed.follow(0, 0))
    await client.listen()
    feed.push(entries(*(Change(position, 0) for position in range(1, 9))))
    assert await client.listen() == [8]
    feed.push(entries(Change(9, 0)))
    assert await client.listen() == [8, Change(9, 0)]
    await client.leave()


async def test_all_clients_are_reset_when_the_rows_were_rebuilt() -> None:
    """A rebuild resets whoever is listening, once; a client that comes later is not."""
    feed = filled(A, B)
    clients = [Client(feed.follow(after, 2)) for after in (None, 0, 2)]
    for client in clients:
        await client.listen()
    feed.reset()
    assert [await client.listen() for client in clients] == [[2], [A, B, 2], [2]]
    feed.push(entries(D))
    assert [await client.listen() for client in clients] == [[2, D], [A, B, 2, D], [2, D]]
    assert await hear(feed, 2, 3) == [D]
    for client in clients:
        await client.leave()


async def test_an_idle_feed_gives_signs_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxies hang up on silence: an idle connection gets a comment, which is no event."""
    monkeypatch.setattr(module, "HEARTBEAT_SECONDS", 0.01)
    stream = filled(A).follow(1, 1)
    assert [await anext(stream) for _ in range(3)] == [RETRY, HEARTBEAT, HEARTBEAT]
    assert happenings(HEARTBEAT) == []


async def test_a_filtered_idle_feed_gives_the_place_to_resume_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Changes that do not match move a client on: it resumes after them, by an id without an event."""
    monkeypatch.setattr(module, "HEARTBEAT_SECONDS", 0.01)
    feed = filled(A)
    stream = feed.follow(1, 1, Filter(unit="市残联"))
    assert [await anext(stream) for _ in range(2)] == [RETRY, HEARTBEAT]
    feed.push(entries(B, D))
    passed_over = b"id: 3\n\n"
    assert [await anext(stream) for _ in range(2)] == [HEARTBEAT + passed_over, HEARTBEAT]
    assert happenings(HEARTBEAT + passed_over) == []


async def test_a_client_to_whom_no_change_matters_gets_signs_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection is idle, however many changes pass that do not match its filter."""
    monkeypatch.setattr(module, "HEARTBEAT_SECONDS", 0.05)
    feed = filled(A)
    stream = feed.follow(1, 1, Filter(unit="市残联"))
    assert await anext(stream) == RETRY
    heard = asyncio.ensure_future(anext(stream))
    for position in range(2, 30):
        feed.push(entries(Change(position, 0)))
        await asyncio.sleep(0.01)
        if heard.done():
            break
    assert heard.done()
    assert heard.result().startswith(HEARTBEAT)


async def test_a_change_that_is_read_twice_is_sent_once() -> None:
    """Reading the stream again changes nothing, and a unit that left is still gone for those behind."""
    feed = filled()
    for position, units in ((1, ["市残联"]), (2, [])):
        row = {"task": "t-1", "position": position, "units": [{"unit": unit} for unit in units]}
        change = (b"%d-0" % position, {b"e": msgspec.json.encode(row)})
        feed.push([change])
        feed.push([change])
    await asyncio.sleep(0.01)
    stream = feed.follow(1, 2, Filter(unit="市残联"))
    assert await anext(stream) == RETRY
    assert [(told.event, told.id) for told in happenings(await anext(stream))] == [("gone", 2)]


async def test_after_a_start_a_unit_may_have_left_by_the_first_change(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a task's units before its first kept change are unknown, it is gone for every unit that it does not have.

    Also for a client that gets another change before the task's latest one.
    """
    monkeypatch.setattr(window, "PIECE_BYTES", 1)
    rows = [("t-1", "市残联"), ("t-2", "市民政局"), ("t-3", "市残联"), ("t-2", "市民政局")]
    kept = [
        (b"%d-0" % position, {b"e": msgspec.json.encode({"task": task, "units": [{"unit": unit}]})})
        for position, (task, unit) in enumerate(rows, 2)
    ]
    feed = Feed(10, gather_seconds=0)
    feed.load(kept, {}, trimmed=True)
    stream = feed.follow(2, 5, Filter(unit="市残联"), resumed=True)
    assert await anext(stream) == RETRY
    told = [*happenings(await anext(stream)), *happenings(await anext(stream))]
    assert [(one.event, one.id, one.json()["task"]) for one in told] == [("gone", 3, "t-2"), ("task", 4, "t-3")]


async def test_a_lone_change_is_sent_at_once_and_further_ones_together() -> None:
    """Under load changes wait for those that come soon after; the first after a pause does not."""
    feed = Feed(10, gather_seconds=0.05)
    client = Client(feed.follow(0, 0))
    await client.listen()
    feed.push(entries(A))
    assert await client.listen() == [A]
    for change in (B, C, D):
        feed.push(entries(change))
        assert await client.listen() == [A]
    await asyncio.sleep(0.06)
    assert await client.listen() == [A, B, C, D]
    await asyncio.sleep(0.06)
    feed.push(entries(Change(4, 0)))
    assert await client.listen() == [A, B, C, D, Change(4, 0)]
    await client.leave()


async def test_clients_at_the_same_place_share_the_bytes() -> None:
    """What is sent to clients with the same filter at the same place is one object, however many there are."""
    feed = filled(A)
    streams = [feed.follow(1, 1, wanted) for wanted in (EVERYTHING, Filter(unit="市残联")) for _ in range(5)]
    for stream in streams:
        assert await anext(stream) == RETRY
    rows = [{"task": f"t-{position}", "units": [{"unit": "市残联"}]} for position in (2, 3)]
    feed.push([(b"2-0", {b"e": msgspec.json.encode(rows[0])}), (b"3-0", {b"e": msgspec.json.encode(rows[1])})])
    found = [await anext(stream) for stream in streams]
    assert found[0].count(b"event: task") == 2
    assert found == found[:1] * len(streams)
    assert len({id(events) for events in found[:5]}) == len({id(events) for events in found[5:]}) == 1


async def test_many_clients_are_served_in_turns_with_other_work() -> None:
    """Every client gets each change, also where the next comes before all have the last; other work has its turn."""
    feed = filled()
    clients = [Client(feed.follow(0, 0)) for _ in range(5 * module.WOKEN // 2)]
    streams = [client.listen() for client in clients]
    await asyncio.gather(*streams)
    served: list[int] = []

    def other_work() -> None:
        served.append(sum(future.done() for future in waited))
        if len(served) < TURNS:
            asyncio.get_running_loop().call_soon(other_work)

    waited = set(feed._waiting)
    asyncio.get_running_loop().call_soon(other_work)
    feed.push(entries(A))
    feed.push(entries(B))
    heard = await asyncio.gather(*(client.listen() for client in clients))
    assert heard == [[A, B]] * len(clients)
    assert served[:3] == [module.WOKEN, 2 * module.WOKEN, len(clients)]
    for client in clients:
        await client.leave()


async def test_the_kept_rows_have_a_bound_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Large rows are dropped earlier than by number; a client that needs a dropped one is reset, others are not."""
    monkeypatch.setattr(window, "KEPT_BYTES", 1_000)
    feed = filled()
    for position in range(1, 9):
        row = {"task": f"t-{position}", "units": [], "title": "x" * 300}
        feed.push([(b"%d-0" % position, {b"e": msgspec.json.encode(row)})])
    await asyncio.sleep(0.01)
    behind, near = feed.follow(5, 8), feed.follow(7, 8)
    for stream in (behind, near):
        assert await anext(stream) == RETRY
    assert [told.event for told in happenings(await anext(behind))] == ["reset"]
    assert [(told.event, told.id) for told in happenings(await anext(near))] == [("task", 8)]


@pytest.mark.parametrize(("changes", "last"), [((), "0-0"), ((A,), "1-0"), ((A, B, C), "2-1")])
def test_the_feed_knows_its_last_change(changes: tuple[Change, ...], last: str) -> None:
    """`last` is the id of the stream from which on the feed has to be read."""
    assert filled(*changes).last == last


@st.composite
def histories(draw: st.DrawFn) -> list[Change]:
    """Generate changes as they are announced: positions rise, and time changes rows in between."""
    changes = [Change(draw(st.integers(1, 3)), 0)]
    for step in draw(st.lists(st.integers(0, 2), max_size=14)):
        last = changes[-1]
        changes.append(Change(last.position + step, 0) if step else Change(last.position, last.number + 1))
    return changes


async def follow(
    changes: Sequence[Change], kept: int, loaded: int, pushed: int, after: int, position: int, chunk: int, pauses: int
) -> list[Change | int]:
    """Return what a client hears that comes after `loaded` + `pushed` changes and listens at every `pauses`th chunk."""
    feed = Feed(kept, gather_seconds=0)
    feed.load(entries(*changes[max(0, loaded - kept) : loaded]), {}, trimmed=loaded > kept)
    feed.push(entries(*changes[loaded:pushed]))
    client = Client(feed.follow(after, position))
    await client.listen()
    for number, start in enumerate(range(pushed, len(changes), chunk)):
        feed.push(entries(*changes[start : start + chunk]))
        if number % pauses == 0:
            await client.listen()
    heard = await client.listen()
    await client.leave()
    return heard


@settings(deadline=None)
@given(histories(), st.integers(1, 16), st.data())
def test_a_snapshot_and_its_changes_miss_and_repeat_nothing(changes: list[Change], kept: int, data: Any) -> None:
    """A snapshot at N followed by changes after N is all of them once, in order, or a reset that says where to go on.

    Wherever the client is, however much was kept and however slowly it listens, the rows being ahead of the stream.
    """
    draw = data.draw
    loaded = draw(st.integers(0, len(changes)), "loaded")
    pushed = draw(st.integers(loaded, len(changes)), "pushed")
    ahead = draw(st.integers(pushed, len(changes)), "ahead")
    position = changes[ahead - 1].position if ahead else 0
    after = draw(st.integers(0, position), "after")
    chunk, pauses = draw(st.integers(1, 5), "chunk"), draw(st.integers(1, 4), "pauses")
    heard = asyncio.run(follow(changes, kept, loaded, pushed, after, position, chunk, pauses))
    resets = [number for number, told in enumerate(heard) if isinstance(told, int)]
    if not resets:
        assert heard == [change for change in changes if change > (after, 0)]
        return
    assert len(changes) > kept, "nothing was ever dropped"
    snapshot, rest = heard[resets[-1]], heard[resets[-1] + 1 :]
    assert rest == changes[len(changes) - len(rest) :]
    assert isinstance(snapshot, int)
    assert all(change.position <= snapshot for change in changes[: len(changes) - len(rest)])
    told = [change for change in heard if not isinstance(change, int)]
    assert told == sorted(set(told))


async def test_what_a_failover_takes_back_is_told() -> None:
    """Who follows, and who comes back from a change that was taken back, takes a new snapshot; others need none."""
    feed = Feed(10, gather_seconds=0)
    feed.load(entries(Change(1, 0), Change(2, 0), Change(3, 0)), {}, trimmed=False)
    following = Client(feed.follow(3, 3))
    assert await following.listen() == []
    feed.roll_back(1, 3)
    feed.load(entries(Change(1, 0)), {}, trimmed=False)
    feed.push(entries(Change(2, 0), Change(3, 0), Change(4, 0)))
    back = [Client(feed.follow(after, 4, resumed=True)) for after in (1, 2, 3, 4)]
    fresh = Client(feed.follow(3, 4))
    later = [Change(2, 0), Change(3, 0), Change(4, 0)]
    assert [await client.listen() for client in back] == [later, [4], [4], []]
    assert await fresh.listen() == [Change(4, 0)]
    assert (await following.listen())[0] == 4
    for client in (following, fresh, *back):
        await client.leave()
