"""A record of alerts that was trimmed is one record to everybody: readers, the script that numbers it, the sealer."""

import asyncio
import contextlib
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events import record_trimming
from events.entries import Stored
from events.envelope import parse
from events.keys import key
from events.log import Log
from events.operations import OPS
from events.record import Record, TrimmedMark
from events.record_trimming import RecordTrimming
from events.schema import RecordTrimmed
from events.seal.bucket import BucketUrl
from events.seal.eras import sealed_eras
from events.seal.errors import TrimmedError
from events.seal.roots import storage_of
from events.seal.storage import DirectoryStorage
from events.seal.tiles import ENTRIES, WIDTH, Tile
from events.trimming import NotTrimmedError
from services.cli.checks.record import check_record
from services.common.stream_trimming import trimmings
from services.ingest.sealing import trimmer
from services.ingest.sealing.record_stream import RecordStream
from services.ingest.sealing.trimmer import Trimmer
from tests.events.seal.stopping import StoppedError
from tests.ingest.sealed import NAME, sealing
from tests.ingest.trimmed_record import (
    RECORD,
    add,
    archive,
    back,
    entry,
    first,
    rewritten,
    scanned,
    seal,
    sealed_record,
    trim,
    whole,
)


async def check_one_record(redis: Any, record: Record, count: int) -> None:
    """Check that every way of reading gives all entries, and that a check finds nothing."""
    wanted = [Stored(number, entry(number)) for number in range(1, count + 1)]
    assert await whole(record) == wanted
    assert await back(record) == wanted[::-1]
    assert await scanned(record) == [(b"%d-0" % number, raw) for number, raw in wanted]
    assert await record.read_at([count, 1, 999_999, 257, 0]) == [wanted[count - 1], wanted[0], wanted[256]]
    assert (await check_record(redis, record))[0] == []


@pytest.mark.parametrize(("keep", "left"), [(600, 1), (345, 1), (344, 257), (89, 257), (88, 513), (0, 513)])
async def test_what_is_sealed_leaves_the_server_by_whole_bundles(
    redis: Any, tmp_path: Path, keep: int, left: int
) -> None:
    """600 entries: the newest stay; readers see all of them, forwards and backwards, and a check finds nothing."""
    await add(redis, *range(1, 601))
    await seal(redis, tmp_path)
    done = await trim(redis, tmp_path, keep)
    assert (done.first, done.last) == (1, left - 1)
    assert (await first(redis), await redis.xlen(RECORD)) == (left, 601 - left)
    await check_one_record(redis, sealed_record(redis, tmp_path), 600)
    assert (await trim(redis, tmp_path, keep)).size == 0


async def test_a_record_in_a_bucket(redis: Any, bucket: BucketUrl, tmp_path: Path) -> None:
    """What was trimmed is read there as in a directory, in every way."""
    place = bucket / NAME / "record"
    await add(redis, *range(1, 601))
    async with sealing(tmp_path, RecordStream(redis, Log(redis, NAME), "record"), archive=place) as sealer:
        await sealer.seal()
    record = Record(redis, NAME, sealed_eras(bucket / NAME, "record"))
    assert (await RecordTrimming(redis, record, storage_of(place)).trim(80, 1_000_000)).last == 512
    assert await first(redis) == 513
    await check_one_record(redis, record, 600)


async def test_what_is_not_sealed_or_not_read_by_the_sender_stays(redis: Any, tmp_path: Path) -> None:
    """The checkpoint that is published counts, and how far notify has read; the last sealed entry stays too."""
    await add(redis, *range(1, 513))
    assert (await trim(redis, tmp_path, 1)).size == 0
    await seal(redis, tmp_path)
    await add(redis, *range(513, 901))
    assert (await trim(redis, tmp_path, 1, 255)).size == 0
    assert (await trim(redis, tmp_path, 1)).last == 256
    await seal(redis, tmp_path)
    assert (await trim(redis, tmp_path, 1)).last == 768
    await check_one_record(redis, sealed_record(redis, tmp_path), 900)


async def test_the_numbering_goes_on(redis: Any, tmp_path: Path) -> None:
    """After a trimming, and where nothing is left in the stream."""
    await add(redis, *range(1, 301))
    await seal(redis, tmp_path)
    await trim(redis, tmp_path, 1)
    assert await add(redis, 301) == [301]
    await redis.xtrim(RECORD, maxlen=0, approximate=False)
    assert await add(redis, 302) == [302]


async def test_a_record_of_which_nothing_is_left_is_read_from_the_archive(redis: Any, tmp_path: Path) -> None:
    """As far as it was trimmed; what was deleted besides is found."""
    await add(redis, *range(1, 601))
    await seal(redis, tmp_path)
    await trim(redis, tmp_path, 1)
    await redis.xtrim(RECORD, maxlen=0, approximate=False)
    record, wanted = sealed_record(redis, tmp_path), [Stored(number, entry(number)) for number in range(1, 513)]
    assert await whole(record) == wanted
    assert await back(record) == wanted[::-1]
    assert [raw for _, raw in await scanned(record)] == [raw for _, raw in wanted]
    ((finding,), _) = await check_record(redis, record)
    assert finding.detail == "600 entries were added, 512 trimmed, 0 are left"


async def test_without_the_archive_it_is_said_what_is_missing(redis: Any, tmp_path: Path) -> None:
    """A reader fails with the numbers and the setting; what is still in the stream is read."""
    await add(redis, *range(1, 301))
    await seal(redis, tmp_path)
    await trim(redis, tmp_path, 1)
    record = Record(redis, NAME)
    assert len(await record.read_back()) == 44
    for reading in (record.read(0), record.read_back(257), record.read_at([256]), scanned(record)):
        with pytest.raises(TrimmedError, match="entries 1 to 256 of the record of zhanjiang are in its archive: set D"):
            await reading
    (archive(tmp_path) / Tile(ENTRIES, 0).name).unlink()
    with pytest.raises(TrimmedError, match="were trimmed, and the archive does not have them"):
        await sealed_record(redis, tmp_path).read(0)


@pytest.mark.parametrize("file", [Tile(ENTRIES, 0).name, Tile(0, 0).name, "checkpoint", "no note"])
async def test_a_damaged_archive_is_not_trimmed_against(redis: Any, tmp_path: Path, file: str) -> None:
    """Nothing leaves the server unless the published archive is proved to have it."""
    await add(redis, *range(1, 601))
    await seal(redis, tmp_path)
    path = archive(tmp_path) / file.replace("no note", "checkpoint")
    data = path.read_bytes()
    at = data.index(b"\n600\n") + 5 if file == "checkpoint" else 40
    other = data[:at] + (b"A" if data[at : at + 1] != b"A" else b"B") + data[at + 1 :]
    path.write_bytes(other if file != "no note" else b"{}")
    with pytest.raises(NotTrimmedError, match=r"the archive of the record of zhanjiang: .*`duban audit fsck`"):
        await trim(redis, tmp_path, 1)
    assert (await first(redis), await sealed_record(redis, tmp_path).trimmed()) == (1, TrimmedMark())


@pytest.mark.parametrize(
    ("raw", "said"), [(b"{}", "entry 300 of .* is not what was sealed"), (None, "entry 300 of .* is missing")]
)
async def test_a_record_that_differs_from_the_archive_is_not_trimmed(
    redis: Any, tmp_path: Path, raw: bytes | None, said: str
) -> None:
    """The number is named; what comes before it in the same step stays as well."""
    await add(redis, *range(1, 601))
    await seal(redis, tmp_path)
    await rewritten(redis, 300, raw)
    with pytest.raises(NotTrimmedError, match=said):
        await trim(redis, tmp_path, 1)
    assert await first(redis) == 1


async def test_an_entry_that_was_slipped_in_is_not_trimmed(redis: Any, tmp_path: Path) -> None:
    """Its id is named."""
    await add(redis, *range(1, 601))
    await seal(redis, tmp_path)
    entries = await redis.xrange(RECORD)
    await redis.delete(RECORD)
    for id, fields in [*entries[:257], (b"257-1", {b"e": b"{}"}), *entries[257:]]:
        await redis.xadd(RECORD, fields, id)
    with pytest.raises(NotTrimmedError, match="has the entry 257-1, which was not sealed"):
        await trim(redis, tmp_path, 1)


async def test_what_was_deleted_by_hand_is_not_taken_for_trimmed(redis: Any, tmp_path: Path) -> None:
    """Entries after those that were trimmed are missed by the next trimming, and by a check."""
    await add(redis, *range(1, 901))
    await seal(redis, tmp_path)
    await trim(redis, tmp_path, 600)
    await redis.xtrim(RECORD, minid="300-0", approximate=False)
    with pytest.raises(NotTrimmedError, match="entry 257 of the record of zhanjiang is missing"):
        await trim(redis, tmp_path, 1)
    found, _ = await check_record(redis, sealed_record(redis, tmp_path))
    assert [one.detail for one in found] == [
        "900 entries were added, 256 trimmed, 601 are left",
        "entry 257 of the record has this id",
    ]


async def test_sealing_continues_after_a_trimming(redis: Any, tmp_path: Path) -> None:
    """A sealer that starts anew compares what is left, and seals what comes; a change of that is still found."""
    await add(redis, *range(1, 513))
    await seal(redis, tmp_path)
    await add(redis, *range(513, 601))
    await trim(redis, tmp_path, 1)
    await seal(redis, tmp_path)
    assert (await trim(redis, tmp_path, 1)).last == 512
    await add(redis, *range(601, 701))
    await seal(redis, tmp_path)
    await check_one_record(redis, sealed_record(redis, tmp_path), 700)
    await rewritten(redis, 600, b"{}")
    stream = RecordStream(redis, Log(redis, NAME), "record")
    async with sealing(tmp_path, stream, archive=archive(tmp_path)) as sealer:
        await sealer.turn()
        assert sealer.stopped is not None
        assert sealer.stopped.position == 600


async def test_readers_go_on_in_the_archive_of_a_later_era(redis: Any, tmp_path: Path) -> None:
    """It begins with what had left the server before, so the next trimming names it for all."""
    await add(redis, *range(1, 601))
    await seal(redis, tmp_path)
    await trim(redis, tmp_path, 300)
    shutil.copytree(archive(tmp_path), later := archive(tmp_path).parent / "2/record")
    record = sealed_record(redis, tmp_path)
    assert await record.trimmed() == TrimmedMark(256)
    await RecordTrimming(redis, record, DirectoryStorage(tmp_path / "not begun"), 2).trim(1, 1_000)
    assert await record.trimmed() == TrimmedMark(256)
    await RecordTrimming(redis, record, DirectoryStorage(later), 2).trim(600, 1_000)
    assert await record.trimmed() == TrimmedMark(256, 2)
    with pytest.raises(NotTrimmedError, match="has ended; era 2 is being sealed"):
        await trim(redis, tmp_path, 1)
    shutil.rmtree(archive(tmp_path))
    await check_one_record(redis, sealed_record(redis, tmp_path), 600)
    assert (await RecordTrimming(redis, record, DirectoryStorage(later), 2).trim(1, 1_000)).first == 257
    await check_one_record(redis, sealed_record(redis, tmp_path), 600)


async def test_the_schedule_reports_why_it_does_not_trim(
    redis: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a warning, until it can; what it trims is recorded in `ops`. Who does not seal does not trim."""
    monkeypatch.setattr(trimmer, "STEP", WIDTH)
    await add(redis, *range(1, 601))
    await seal(redis, tmp_path)
    await redis.set(key(NAME, "notify", "reached"), 600)
    trimmed = trimmings(redis, Log(redis, NAME), Record(redis, NAME), archive(tmp_path).parent, 1)[1]
    await Trimmer(trimmed, 80, lambda: False).turn()
    schedule = Trimmer(trimmed, 80, lambda: True)
    await rewritten(redis, 300, b"{}")
    await schedule.turn()
    assert schedule.warnings == [
        "the record is not trimmed: entry 300 of the record of zhanjiang is not what was sealed there"
    ]
    assert await first(redis) == 1
    await rewritten(redis, 300, entry(300))
    await schedule.turn()
    assert (schedule.warnings, await first(redis)) == ([], 513)
    ((_, fields),) = await redis.xrevrange(key(OPS, "inbox", "ingest"), count=1)
    done = parse(fields[b"e"])
    assert (done.type, done.subject, done.data) == (
        "duban.ops.record.trimmed.v1",
        NAME,
        RecordTrimmed("ingest", 1, 512, 512),
    )


async def test_two_at_once_do_no_harm(redis: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each compares what the other has left, in any order, while entries are added."""
    monkeypatch.setattr(record_trimming, "STEP", WIDTH)
    await add(redis, *range(1, 2_001))
    await seal(redis, tmp_path)
    await asyncio.gather(*(trim(redis, tmp_path, keep) for keep in (300, 700, 300)), add(redis, *range(2_001, 2_101)))
    assert await first(redis) in {1_537, 1_793}  # the last 300 entries are those of before, or with what was added
    await check_one_record(redis, sealed_record(redis, tmp_path), 2_100)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_trimming_stops_anywhere_and_goes_on(redis: Any, tmp_path_factory: Any, data: st.DataObject) -> None:
    """After a crash before or after any step one record is read, and the next trimming takes the rest."""
    await redis.flushall()
    folder = tmp_path_factory.mktemp("record")
    await add(redis, *range(1, 1_101))
    await seal(redis, folder)
    trimming = RecordTrimming(redis, sealed_record(redis, folder), DirectoryStorage(archive(folder)))
    left, drop = data.draw(st.integers(0, 4), label="steps"), trimming._drop
    done = data.draw(st.booleans(), label="the last one is written")

    async def dropping(until: int) -> None:
        nonlocal left
        left -= 1
        if left >= 0 or done:
            await drop(until)
        if left < 0:
            raise StoppedError

    trimming._drop = dropping  # type: ignore[method-assign]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(record_trimming, "STEP", WIDTH)
        with contextlib.suppress(StoppedError):
            await trimming.trim(data.draw(st.integers(1, 1_000), label="keep"), 1_100)
    await check_one_record(redis, sealed_record(redis, folder), 1_100)
    assert await add(redis, 1_101) == [1_101]
    await seal(redis, folder)
    await trim(redis, folder, 50)
    assert await first(redis) == 1_025
    await check_one_record(redis, sealed_record(redis, folder), 1_101)
