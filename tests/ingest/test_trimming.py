"""A log that was trimmed is one log to everybody: readers, publishers that repeat themselves, folds, the sealer."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from events.envelope import encode
from events.keys import key
from events.log import Log
from events.projection import Projection
from events.seal.checkpoint import parse_checkpoint
from events.seal.errors import TrimmedError
from events.seal.merkle import Tree
from events.seal.notes import parse_note
from events.seal.tiles import ENTRIES, Tile
from events.trimming import NotTrimmedError, Trimmed, Trimming
from services.cli.checks.log import check_log
from services.ingest.sealing.dense_stream import LogStream
from services.ingest.write_model import rules
from tests.events.seal.stopping import Steps, StoppedError, StoppingStorage
from tests.examples import assigned, reported
from tests.ingest.running_writer import LEDGER, NAME, short, working
from tests.ingest.sealed import archive_in, sealing
from tests.ingest.test_corrections import corrected
from tests.ingest.trimmed_log import eras, first, record, seal, sealed_log, storage, trim, whole

SEEN = key(NAME, "seen")


async def followed(_: object) -> None:
    """Do nothing with events that a check has read."""


async def findings(redis: Any, folder: Path) -> list[object]:
    """Return what a check of the log finds."""
    return [*await check_log(redis, sealed_log(redis, folder), LEDGER, lambda _: None, Tree(), None, followed)]


@pytest.mark.parametrize(("keep", "left"), [(600, 1), (346, 1), (345, 257), (90, 257), (89, 513), (1, 513)])
async def test_what_is_sealed_leaves_the_server_by_whole_bundles(
    redis: Any, tmp_path: Path, keep: int, left: int
) -> None:
    """601 events: the newest stay, with their ids; readers see all of them in order, and a check finds nothing."""
    await record(redis, tmp_path, range(600))
    before = await whole(Log(redis, NAME))
    await seal(redis, tmp_path)
    done = await trim(redis, tmp_path, keep)
    assert (done.first, done.last) == (1, left - 1)
    assert (await first(redis), await redis.hlen(SEEN)) == (left, 602 - left)
    log = sealed_log(redis, tmp_path)
    assert await whole(log) == before
    assert [one.position for one in await log.read_at([0, 1, 600, 257, 2, 999])] == [1, 600, 257, 2]
    assert await findings(redis, tmp_path) == []
    assert (await trim(redis, tmp_path, keep)).size == 0


async def test_what_is_not_sealed_or_not_folded_stays(redis: Any, tmp_path: Path) -> None:
    """The checkpoint that is published counts, and the reader that is furthest behind."""
    await record(redis, tmp_path, range(300))
    await seal(redis, tmp_path)
    await record(redis, tmp_path, range(1_000, 1_600))
    assert (await trim(redis, tmp_path, 1)).last == 256
    await seal(redis, tmp_path)
    log = sealed_log(redis, tmp_path)
    assert (await Trimming(redis, log, storage(tmp_path)).trim(1, 600)).last == 512
    assert (await Trimming(redis, log, storage(tmp_path)).trim(1, 100)).size == 0
    assert await first(redis) == 513


async def test_repetitions_of_what_was_trimmed_are_duplicates_for_ever(redis: Any, tmp_path: Path) -> None:
    """With their positions; other bytes are `id-reused`; a correction finds its report; new events are accepted."""
    await record(redis, tmp_path, range(600))
    await seal(redis, tmp_path)
    await trim(redis, tmp_path, 50)
    async with working(redis, archive=eras(tmp_path)) as running:
        again = await running.submit(assigned(), reported(number=7), reported(number=599), reported(number=600))
        assert short(again) == [("duplicate", 1), ("duplicate", 9), ("duplicate", 601), ("accepted", 602)]
        other = encode(replace(reported(number=7), time=reported().time.replace(hour=1)))
        assert short(await running.submit(other, authid="units")) == [("refused", "id-reused")]
        assert short(await running.submit(corrected(reported(number=7).id))) == [("accepted", 603)]


async def test_a_writer_finds_out_that_the_log_was_trimmed(redis: Any, tmp_path: Path) -> None:
    """Two writers run while ids leave the server: each decides again with the new segment, and misses none."""
    archive = eras(tmp_path)
    async with working(redis, archive=archive) as one, working(redis, archive=archive) as two:
        await one.submit(assigned(), *(reported(number=number) for number in range(600)))
        await two.submit(reported(number=600))
        await one.writer.save()
        await seal(redis, tmp_path)
        await trim(redis, tmp_path, 50)
        for running in (one, two):
            again = await running.submit(reported(number=3), reported(number=300))
            assert short(again) == [("duplicate", 5), ("duplicate", 302)]
        assert short(await two.submit(reported(number=601))) == [("accepted", 603)]
        assert short(await one.submit(reported(number=601), reported(number=602))) == [
            ("duplicate", 603),
            ("accepted", 604),
        ]


async def test_a_batch_that_was_looked_up_before_the_trimming_is_decided_again(redis: Any, tmp_path: Path) -> None:
    """The script takes no batch whose writer has not loaded the segments that the server names."""
    await record(redis, tmp_path, range(300))
    await seal(redis, tmp_path)
    async with working(redis, archive=eras(tmp_path)) as running:
        await running.submit(reported(number=300))
        log = running.writer.log
        append, trimmed = log.append, list[Trimmed]()

        async def trimming(packed: Any) -> Any:
            if not trimmed:  # between the look-up and the append
                trimmed.append(await trim(redis, tmp_path, 1))
            return await append(packed)

        log.append = trimming  # type: ignore[method-assign]
        assert short(await running.submit(reported(number=5), reported(number=301))) == [
            ("duplicate", 7),
            ("accepted", 303),
        ]
        assert trimmed[0].last == 256


async def test_folds_cross_the_seam(redis: Any, tmp_path: Path) -> None:
    """From scratch, from rows that were saved before the seam, and as of a position before it."""
    await record(redis, tmp_path, range(600))
    wanted = (await Projection(redis, Log(redis, NAME), rules(LEDGER)).replay()).rows
    past = (await Projection(redis, Log(redis, NAME), rules(LEDGER)).replay(300)).rows
    await seal(redis, tmp_path)
    await trim(redis, tmp_path, 50)
    log = sealed_log(redis, tmp_path)
    await redis.delete(key(NAME, "ingest", "checkpoint"))
    behind = Projection(redis, log, rules(LEDGER))
    await behind.load()
    behind.advance([entry async for batch in log.scan(0, 100) for entry in batch])
    await behind.save()
    again = Projection(redis, log, rules(LEDGER))
    await again.load()
    assert again.position == 100
    await again.catch_up()
    assert (again.rows, again.saved) == (wanted, 601)
    assert await again.rebuild() == {}
    assert (await again.replay(300)).rows == past


async def test_without_the_archive_it_is_said_what_is_missing(redis: Any, tmp_path: Path) -> None:
    """A reader fails with the positions and the setting; nothing is taken for new."""
    await record(redis, tmp_path, range(300))
    await seal(redis, tmp_path)
    await trim(redis, tmp_path, 1)
    with pytest.raises(TrimmedError, match="entries 1 to 256 of the log of zhanjiang are in its archive: set DUBAN_"):
        await Log(redis, NAME).read(0)
    async with working(redis) as running:
        with pytest.raises(Exception, match="DUBAN_ARCHIVE"):
            await running.submit(reported(number=5))
    assert await Log(redis, NAME).tail() == 301


@pytest.mark.parametrize("file", [Tile(ENTRIES, 0).name, Tile(0, 0).name, "index"])
async def test_a_damaged_archive_is_not_trimmed_against(redis: Any, tmp_path: Path, file: str) -> None:
    """Nothing leaves the server unless the published archive is proved to have it."""
    await record(redis, tmp_path, range(600))
    await seal(redis, tmp_path)
    if file == "index":
        await redis.set(key(NAME, "index"), "1-256")
        with pytest.raises(TrimmedError, match="index/1-256 is missing"):
            await trim(redis, tmp_path, 1)
    else:
        path = archive_in(tmp_path) / file
        data = path.read_bytes()
        path.write_bytes(data[:40] + bytes([data[40] ^ 1]) + data[41:])
        with pytest.raises(NotTrimmedError, match="duban audit fsck"):
            await trim(redis, tmp_path, 1)
    assert (await first(redis), await redis.hlen(SEEN)) == (1, 601)


async def test_segments_that_a_copy_of_the_archive_lacks_are_made_again(redis: Any, tmp_path: Path) -> None:
    """The same files, from the entries alone."""
    await record(redis, tmp_path, range(900))
    await seal(redis, tmp_path)
    await trim(redis, tmp_path, 600)
    await trim(redis, tmp_path, 1)
    index = archive_in(tmp_path) / "index"
    before = {path.name: path.read_bytes() for path in index.iterdir()}
    named = (await redis.get(key(NAME, "index"))).decode().split()
    shutil.rmtree(index)
    trimming = Trimming(redis, sealed_log(redis, tmp_path), storage(tmp_path))
    await trimming.mend(parse_checkpoint(parse_note((archive_in(tmp_path) / "checkpoint").read_bytes()).text))
    assert {path.name: path.read_bytes() for path in index.iterdir()} == {name: before[name] for name in named}
    assert await findings(redis, tmp_path) == []


async def test_a_log_that_differs_from_the_archive_is_not_trimmed(redis: Any, tmp_path: Path) -> None:
    """The position is named; it is what `verify` would find too."""
    await record(redis, tmp_path, range(300))
    await seal(redis, tmp_path)
    entries = await whole(Log(redis, NAME))
    await redis.delete(key(NAME, "log"))
    for position, raw in entries:
        await redis.xadd(key(NAME, "log"), {"e": raw + b" " if position == 9 else raw}, f"{position}-0")
    with pytest.raises(NotTrimmedError, match="position 9 of zhanjiang is not what was sealed there"):
        await trim(redis, tmp_path, 1)


async def test_sealing_continues_after_a_trimming(redis: Any, tmp_path: Path) -> None:
    """A sealer that starts anew compares what is left, and seals what comes; a change of that is still found."""
    await record(redis, tmp_path, range(600))
    await seal(redis, tmp_path)
    await trim(redis, tmp_path, 300)
    await record(redis, tmp_path, range(1_000, 1_100))
    await seal(redis, tmp_path)
    (entry,) = await redis.xrange(key(NAME, "log"), "600-0", "600-0")
    later = await redis.xrange(key(NAME, "log"), "601-0")
    await redis.xtrim(key(NAME, "log"), minid="257-0")
    kept = await redis.xrange(key(NAME, "log"), "257-0", "599-0")
    await redis.delete(key(NAME, "log"))
    for id, fields in [*kept, (entry[0], {b"e": b"{}"}), *later]:
        await redis.xadd(key(NAME, "log"), fields, id)
    async with sealing(tmp_path, LogStream(redis, Log(redis, NAME), "log")) as sealer:
        await sealer.turn()
        assert sealer.stopped is not None
        assert sealer.stopped.position == 600


async def test_sealing_continues_where_all_that_was_sealed_could_be_trimmed(redis: Any, tmp_path: Path) -> None:
    """The last sealed event stays, as the sealer compares it with what it reads next."""
    await record(redis, tmp_path, range(511))
    await seal(redis, tmp_path)
    await record(redis, tmp_path, range(1_000, 1_100))
    assert (await trim(redis, tmp_path, 1)).last == 256
    await seal(redis, tmp_path)
    assert (await trim(redis, tmp_path, 1)).last == 512


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_trimming_stops_anywhere_and_goes_on(redis: Any, tmp_path_factory: Any, data: st.DataObject) -> None:
    """After a crash at any step, of the archive or of the server, one log is read, and nothing is accepted twice."""
    await redis.flushall()
    folder = tmp_path_factory.mktemp("log")
    await record(redis, folder, range(600))
    before = await whole(Log(redis, NAME))
    await seal(redis, folder)
    stopping = StoppingStorage(archive_in(folder), Steps(data.draw(st.integers(1, 8), label="step of the archive")))
    log = sealed_log(redis, folder)
    trimming = Trimming(redis, log, stopping)
    left, write = data.draw(st.integers(0, 5), label="writes to the server"), trimming._write

    async def writing(*args: Any, **more: Any) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise StoppedError
        await write(*args, **more)

    trimming._write = writing  # type: ignore[method-assign]
    try:
        await trimming.trim(data.draw(st.integers(1, 400), label="keep"), 601)
    except StoppedError:
        stopping.lose(lambda: data.draw(st.booleans(), label="kept by chance"))
    assert await whole(sealed_log(redis, folder)) == before
    assert await findings(redis, folder) == []
    async with working(redis, archive=eras(folder)) as running:
        again = await running.submit(*(reported(number=number) for number in (0, 100, 300, 599)))
        assert short(again) == [("duplicate", position) for position in (2, 102, 302, 601)]
    await trim(redis, folder, 50)
    assert (await first(redis), await redis.hlen(SEEN)) == (513, 89)
    assert await whole(sealed_log(redis, folder)) == before
    assert await findings(redis, folder) == []
