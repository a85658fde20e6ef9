"""The short form of `make faults`: a few seeds hold, every kind fires, and each invariant notices when it is broken."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from events.keys import key
from tests.faults import report, state
from tests.faults.points import KINDS, Faults, Points
from tests.faults.simulation import simulate
from tests.faults.state import Sitting
from tests.faults.world import NAME
from tests.notify.endpoint import Endpoint

SEEDS = range(1, 6)
"""Odd ones with one instance of each service, even ones with two of ingest and notify."""

LEAST = 300
"""Points that fire in these at least: about a third of what does on an idle machine."""


@pytest_asyncio.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    """Return a webhook that is listening."""
    async with Endpoint().listening() as endpoint:
        yield endpoint


async def test_what_is_acknowledged_holds_through_every_kind_of_fault(server_url: str, endpoint: Endpoint) -> None:
    """No seed has a finding; each component met each kind of fault that can happen to it."""
    points: Points = Points()
    for seed in SEEDS:
        run = await simulate(server_url, endpoint, seed)
        assert (run.seed, run.wrong) == (seed, [])
        points += run.points
    assert points.total() > LEAST
    met = {(component, kind) for component, _, kind in points}
    assert {(component, kind) for component in ("ingest", "status", "notify") for kind in KINDS} <= met


async def lost(redis: Any) -> None:
    """Take the last event from the log."""
    ((last, _),) = await redis.xrevrange(key(NAME, "log"), count=1)
    await redis.xdel(key(NAME, "log"), last)


async def altered(redis: Any) -> None:
    """Write the log anew with one more byte in an event that was acknowledged."""
    entries = await redis.xrange(key(NAME, "log"))
    await redis.delete(key(NAME, "log"))
    for id, fields in entries:
        raw = fields[b"e"].replace(b'"percent":3', b'"percent":4', 1)
        await redis.xadd(key(NAME, "log"), {"e": raw}, id=id)


async def moved(redis: Any) -> None:
    """Write the log anew with two acknowledged events in each other's place."""
    entries = await redis.xrange(key(NAME, "log"))
    await redis.delete(key(NAME, "log"))
    events = [fields[b"e"] for _, fields in entries]
    first, other, *_ = (number for number, raw in enumerate(events) if b"units/direct-0" in raw)
    events[first], events[other] = events[other], events[first]
    for (id, _), raw in zip(entries, events, strict=True):
        await redis.xadd(key(NAME, "log"), {"e": raw}, id=id)


async def unanswered(redis: Any) -> None:
    """Take a receipt away."""
    ((first, _),) = await redis.xrange(key(NAME, "receipts", "units"), count=1)
    await redis.xdel(key(NAME, "receipts", "units"), first)


async def unseen(redis: Any) -> None:
    """Take a row away from what is saved."""
    generation = (await redis.hget(key(NAME, "status", "checkpoint"), "generation") or b"0").decode()
    await redis.hdel(key(NAME, "status", "rows", generation), "t-0")


BREAKS: dict[str, tuple[Callable[[Any], Awaitable[None]], str]] = {
    "lost": (lost, "verify: dense"),
    "altered": (altered, "has other bytes than were sent"),
    "moved": (moved, "where it is not"),
    "unanswered": (unanswered, "the receipt of inbox entry"),
    "unseen": (unseen, "differs from the snapshot"),
}


@pytest.mark.parametrize("how", BREAKS)
async def test_what_is_broken_is_found(server_url: str, endpoint: Endpoint, how: str) -> None:
    """An event that is lost, altered or moved, a receipt or a row that is missing: each is a finding of the run."""
    change, said = BREAKS[how]
    run = await simulate(server_url, endpoint, 1, events=8, meddle=change)
    assert any(said in one for one in run.wrong), run.wrong


async def test_a_message_that_nobody_received_is_found(server_url: str, endpoint: Endpoint) -> None:
    """An alert that is recorded as sent counts only where the receiver has it."""

    async def forget(_: Any) -> None:
        endpoint.ids.clear()

    run = await simulate(server_url, endpoint, 1, events=8, meddle=forget)
    assert any("nobody received" in one for one in run.wrong), run.wrong


def test_sittings_add_up(tmp_path: Path) -> None:
    """A state file is gone on with after its last seed, and the page has the totals of all sittings."""
    path = tmp_path / "faults.json"
    for first in (1, 3):
        found = state.load(path)
        assert found.next_seed("simulation") == first
        sitting = Sitting("simulation", "embedded", "abc", first, first, 0, {}, [])
        for seed in (first, first + 1):
            wrong = ["a row is gone"] if seed == 4 else []
            sitting.add(seed, {"ingest append.lua cut": 2, "status XREAD delay": seed}, wrong, 10, 1.5)
            state.save(path, found.with_sitting(sitting))
    found = state.load(path)
    assert (found.count("simulation"), len(found.sittings)) == (18, 2)
    report.write(tmp_path / "faults.md", found)
    page = (tmp_path / "faults.md").read_text(encoding="utf-8")
    assert "| simulation | 1–4 | 18 | 40 | 6 | 1 |" in page
    assert "- simulation, seed 4: a row is gone" in page
    assert "- ingest: append.lua 8\n- status: XREAD 10" in page


def test_the_seed_alone_decides_what_is_drawn() -> None:
    """Two runs of a seed draw the same for each component, whatever the others do; another seed draws otherwise."""
    assert _drawn(7, "status") == _drawn(7, "ingest", "status")
    assert _drawn(7, "status") != _drawn(8, "status")


def _drawn(seed: int, *components: str) -> list[Any]:
    """Return what the last of these components draws, in turns with the others."""
    faults = Faults(seed)
    return [[faults.choose(component, "append.lua", KINDS) for component in components][-1] for _ in range(200)]
