"""What was acknowledged, noted outside of the server: a log that lacks some of it is not written."""

import os
import stat
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.exceptions import RedisError

from events.keys import key
from events.log import Log
from events.seal.merkle import Tree
from services.common.accepted import LossAccepted, accept
from services.common.settings import SettingsError
from services.ingest.acknowledged import Acknowledged
from services.ingest.request import UnavailableError
from services.ingest.state import MARK, load, own
from tests.events.driver import Driver
from tests.events.failover import promote, replica_of
from tests.examples import assigned, reported, store
from tests.ingest.running_writer import NAME, START, RunningWriter, accept_loss, history, short, working
from tests.servers import Server

AT = datetime(2018, 4, 1, tzinfo=UTC)


@asynccontextmanager
async def noting(redis: Any, directory: Path) -> AsyncIterator[RunningWriter]:
    """Run a writer that notes what it acknowledges, until the block ends: as abruptly as a crash, nothing is noted."""
    async with working(redis, noted=Acknowledged(directory, Log(redis, NAME))) as running:
        yield running


async def note(running: RunningWriter) -> None:
    assert running.writer.noted is not None
    await running.writer.noted.save()


async def cut(redis: Any, tail: int) -> None:
    """Have the server as it was when the log ended at a position: with its index, without the rows of later."""
    events = [entry async for batch in Log(redis, NAME).scan() for entry in batch][:tail]
    raws = [raw for _, raw in await Log(redis, NAME).read(0, tail)] if tail else []
    await redis.flushall()
    for entry, raw in zip(events, raws, strict=True):
        await redis.xadd(key(NAME, "log"), {"e": raw}, id=f"{entry.position}-0")


async def flip(redis: Any, position: int) -> None:
    """Flip a bit of a stored event, as a disk may: the server takes it for what it is."""
    raws = [raw for _, raw in await Log(redis, NAME).read(0)]
    await redis.delete(key(NAME, "log"))
    for number, raw in enumerate(raws, 1):
        bad = raw.replace(b'"percent":50', b'"percent":10')
        assert number != position or bad != raw
        await redis.xadd(key(NAME, "log"), {"e": bad if number == position else raw}, id=f"{number}-0")


def events(count: int) -> list[Any]:
    return [assigned(), *(reported(number=number) for number in range(2, count + 1))]


async def test_the_note_is_the_tree_that_audit_prints(redis: Any, tmp_path: Path) -> None:
    """It is written after the acknowledgement, for its owner alone, and only where something is new."""
    async with noting(redis, tmp_path) as running:
        await running.submit(*events(5))
        assert load(tmp_path, NAME) is None
        await note(running)
        path = tmp_path / f"{NAME}.json"
        written = path.stat()
        assert stat.S_IMODE(written.st_mode) == 0o600
        await running.submit(*events(5))
        await note(running)
        assert path.stat().st_mtime_ns == written.st_mtime_ns
        await running.submit(*events(7))
        await note(running)
    tree = Tree()
    for _, raw in await Log(redis, NAME).read(0):
        tree.add(raw)
    noted = load(tmp_path, NAME)
    assert noted is not None
    assert (noted.position, noted.heads, noted.recorded) == (7, tree.heads, START)
    assert os.listdir(tmp_path) == [f"{NAME}.json"]  # noqa: PTH208 - the blocking call is meant


@pytest.mark.parametrize("tail", [0, 1, 3, 4, 6])
async def test_a_shorter_log_is_not_written_until_it_is_accepted(redis: Any, tmp_path: Path, tail: int) -> None:
    """What is missing is named; an acceptance of another loss changes nothing; the right one is the log's new end."""
    async with noting(redis, tmp_path) as running:
        await running.submit(*events(7))
        await note(running)
    await cut(redis, tail)
    async with noting(redis, tmp_path) as running:
        with pytest.raises(
            UnavailableError, match=f"positions {tail + 1} to 7 .*missing" if tail < 6 else "position 7"
        ):
            await running.submit(assigned("another"))
        await running.writer.tick()
        await note(running)
        noted = load(tmp_path, NAME)
        assert noted is not None
        assert noted.position == 7
        assert running.writer.loss is not None
        assert (running.writer.loss.tail, running.writer.loss.acknowledged) == (tail, 7)
        assert running.writer.loss.since == (START if tail else None)
        assert running.writer.loss.until == START
        assert len(await history(redis)) == tail
        other = LossAccepted("li", AT, running.writer.loss.__class__(tail, 8, tail + 1, 8, None, None, "x"))
        await accept(redis, NAME, other)
        await running.writer.look_for_acceptance()
        with pytest.raises(UnavailableError):
            await running.submit(assigned("another"))
        await accept_loss(redis, running)
        assert short(await running.submit(assigned("another"))) == [("accepted", tail + 1)]
        await note(running)
    async with noting(redis, tmp_path) as running:
        assert short(await running.submit(assigned("third"))) == [("accepted", tail + 2)]


@pytest.mark.parametrize(("position", "first", "last"), [(3, 1, 4), (5, 5, 6), (7, 7, 7)])
async def test_a_flipped_bit_is_found_wherever_it_is(
    redis: Any, tmp_path: Path, position: int, first: int, last: int
) -> None:
    """The log is as long as it was; the subtree that holds the event is named."""
    async with noting(redis, tmp_path) as running:
        await running.submit(*events(7))
        await note(running)
    await flip(redis, position)
    async with noting(redis, tmp_path) as running:
        with pytest.raises(UnavailableError, match=r"not (all )?as"):
            await running.submit(assigned("another"))
        assert running.writer.loss is not None
        assert (running.writer.loss.first, running.writer.loss.last) == (first, last)


async def test_a_longer_log_is_fine(redis: Any, tmp_path: Path) -> None:
    """A crash can come between acknowledgement and note; what is noted next includes it, also what others appended."""
    async with noting(redis, tmp_path) as running:
        await running.submit(*events(4))
        await note(running)
        await running.submit(*events(6))
    async with noting(redis, tmp_path) as running:
        assert short(await running.submit(reported(number=7))) == [("accepted", 7)]
        await note(running)
        noted = load(tmp_path, NAME)
        assert noted is not None
        assert noted.position == 7
    await cut(redis, 6)
    async with noting(redis, tmp_path) as running:
        with pytest.raises(UnavailableError, match=r"position 7 .*missing"):
            await running.submit(reported(number=7))


async def test_a_log_that_was_there_before_is_noted_as_it_is(redis: Any, tmp_path: Path) -> None:
    """The first start with a directory takes the whole log for acknowledged, whether or not anything is submitted."""
    async with noting(redis, tmp_path / "elsewhere") as running:
        await running.submit(*events(5))
    async with noting(redis, tmp_path) as running:
        await running.writer.tick()
        await note(running)
    noted = load(tmp_path, NAME)
    assert noted is not None
    assert noted.position == 5


async def test_what_comes_back_is_gone_on_from(redis: Any, tmp_path: Path) -> None:
    """If the server's data are restored while ingest waits, it resumes without an acceptance."""
    async with noting(redis, tmp_path) as running:
        await running.submit(*events(7))
        await note(running)
        whole = await replica_of(redis)
    await cut(redis, 3)
    async with noting(redis, tmp_path) as running:
        with pytest.raises(UnavailableError):
            await running.submit(reported(number=8))
        await promote(redis, whole)
        running.writer._loss_check.server = "the one before"
        await running.writer.look_for_acceptance()
        assert short(await running.submit(reported(number=8))) == [("accepted", 8)]


async def test_a_server_that_was_started_again_is_compared_as_a_whole(
    redis: Any, server: Server, tmp_path: Path
) -> None:
    """While ingest runs, and where the last event is as it was: what the server read from its disk may be another."""
    async with noting(redis, tmp_path) as running:
        await running.submit(*events(7))
        await flip(redis, 3)
        await running.writer.save()
        assert short(await running.submit(reported(number=8))) == [("accepted", 8)]
        server.kill()
        server.start()
        with pytest.raises(RedisError):
            await running.writer.save()
        await running.writer.save()
        with pytest.raises(UnavailableError, match=r"positions 1 to 8 .*not all as"):
            await running.submit(reported(number=9))


async def test_what_is_accepted_is_noted_at_once(redis: Any, tmp_path: Path) -> None:
    """Also of a log that is empty now: the next start has nothing left to compare with."""
    async with noting(redis, tmp_path) as running:
        await running.submit(*events(7))
        await note(running)
    await cut(redis, 0)
    async with noting(redis, tmp_path) as running:
        with pytest.raises(UnavailableError):
            await running.submit(assigned("another"))
        await accept_loss(redis, running)
    noted = load(tmp_path, NAME)
    assert noted is not None
    assert (noted.position, noted.heads) == (0, [])


@pytest.fixture
def driver(server_url: str) -> Iterator[Driver]:
    """Return a driver of the session's server, for properties."""
    driver = Driver(server_url)
    yield driver
    driver.close()


def test_notes_grow_in_any_portions(driver: Driver, tmp_path: Path) -> None:
    """However many are acknowledged at a time, by this process or another: the note is that of the whole tree."""

    async def grown(portions: list[tuple[int, bool, bool]]) -> None:
        await driver.redis.flushall()
        (tmp_path / f"{NAME}.json").unlink(missing_ok=True)
        log, tree = Log(driver.redis, NAME), Tree()
        noted = Acknowledged(tmp_path, log)
        assert await noted.compare() is None
        for size, here, saved in portions:
            raws = [store(reported(number=tree.size + number)) for number in range(size)]
            for raw in raws:
                tree.add(raw)
                await driver.redis.xadd(log.key, {"e": raw}, id=f"{tree.size}-0")
            noted.add(tree.size - (size if here else 0), raws if here else [])
            if saved:
                await noted.save()
        await noted.save()
        found = load(tmp_path, NAME)
        assert (found.position, found.heads) == (tree.size, tree.heads) if found is not None else tree.size == 0
        assert await noted.compare() is None
        assert await Acknowledged(tmp_path, log).compare() is None

    @settings(max_examples=40, deadline=None)
    @given(st.lists(st.tuples(st.integers(0, 9), st.booleans(), st.booleans()), max_size=8))
    def hold(portions: list[tuple[int, bool, bool]]) -> None:
        driver(grown(portions))

    hold()


def test_a_directory_of_others_is_not_written(tmp_path: Path) -> None:
    """One that is missing, empty or ingest's own already is taken; one that holds anything else is refused."""
    own(tmp_path / "new" / "state")
    own(tmp_path / "new" / "state")
    assert stat.S_IMODE((tmp_path / "new" / "state").stat().st_mode) == 0o700
    home = tmp_path / "home"
    home.mkdir()
    (home / "letter.txt").write_text("x")
    with pytest.raises(SettingsError, match=r"letter\.txt"):
        own(home)
    assert [one.name for one in home.iterdir()] == ["letter.txt"]
    with pytest.raises(SettingsError, match="DUBAN_STATE"):
        own(home / "letter.txt")
    (home / "letter.txt").unlink()
    own(home)
    assert [one.name for one in home.iterdir()] == [MARK]


@pytest.mark.parametrize(
    "text", ["", "{", '{"position":7,"heads":[]}', '{"position":-1,"heads":[]}', '{"position":"7","heads":["a"]}']
)
def test_a_broken_note_is_refused(tmp_path: Path, text: str) -> None:
    """With its path, and what to do; never taken for none."""
    (tmp_path / f"{NAME}.json").write_text(text)
    with pytest.raises(SettingsError, match=rf"{NAME}\.json: not what ingest writes"):
        load(tmp_path, NAME)


async def test_a_note_that_cannot_be_written_is_reported(redis: Any, tmp_path: Path) -> None:
    """Events are accepted all the same; the fault stands until it can be written."""
    async with noting(redis, tmp_path / "gone") as running:
        assert running.writer.noted is not None
        assert short(await running.submit(assigned())) == [("accepted", 1)]
        with pytest.raises(OSError, match="No such file"):
            await note(running)
        assert "cannot be noted" in (running.writer.noted.fault or "")
        (tmp_path / "gone").mkdir()
        await note(running)
        assert running.writer.noted.fault is None
