"""The sealer follows a log, and never signs what contradicts what it has sealed."""

import asyncio
import errno
import shutil
import stat
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.keys import key
from events.log import Log
from events.seal import archive as archive_module
from events.seal import durable
from events.seal.errors import ArchiveError
from events.seal.storage import DirectoryStorage
from services.ingest.sealing.dense_stream import DenseStream
from services.ingest.sealing.sealer import NotSealedError, Sealer
from tests.events.seal.logs import ORIGIN, entries, files, growth
from tests.events.seal.stopping import Steps, StoppedError, StoppingStorage
from tests.ingest.sealed import NAME, RARELY, MemoryStream, archive_in, extend, place, sealed, sealing, signed

MOST = 1_100

LOG = entries(MOST)

OTHER = [b"other" + entry for entry in LOG]


@pytest.fixture
def stream(redis: Any) -> DenseStream:
    """Return the log of an empty server."""
    return DenseStream(redis, Log(redis, NAME), "log")


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 600])
async def test_a_log_is_sealed_as_it_grows(redis: Any, stream: DenseStream, tmp_path: Path, size: int) -> None:
    """Entry n-1 is the stored bytes of position n; private files are for their owner alone."""
    async with sealing(tmp_path, stream) as sealer:
        await extend(redis, LOG[:size])
        await sealer.turn()
        assert sealed(tmp_path, LOG) == size
        await extend(redis, LOG[size : size + 3], size)
        await sealer.turn()
        assert sealed(tmp_path, LOG) == size + 3
        assert (sealer.stopped, sealer.fault) == (None, None)
    for path in (place(tmp_path).key, place(tmp_path).state):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_checkpoints_are_few_unless_one_is_asked_for(tmp_path: Path) -> None:
    """The first comes at once, the next after a while; on demand it comes now, and when sealing ends."""
    stream = MemoryStream(LOG[:10])
    async with sealing(tmp_path, stream, RARELY) as sealer:
        await sealer.turn()
        assert sealed(tmp_path, LOG) == 10
        stream.entries = LOG[:20]
        await sealer.turn()
        assert sealed(tmp_path, LOG) == 10
        assert {sample.name: sample.value for sample in sealer.samples("log")} == {
            "duban_sealed_position": 10,
            "duban_seal_lag": 10,
        }
        assert await sealer.seal() == 20 == sealed(tmp_path, LOG)
        stream.entries = LOG[:25]
        await sealer.close()
        assert sealed(tmp_path, LOG) == 25
        assert list(sealer.samples("log")) == []


async def test_one_process_seals_and_another_takes_over(tmp_path: Path) -> None:
    """The second waits without a fault; when the first is gone, it continues from its files."""
    async with sealing(tmp_path, MemoryStream(LOG[:300])) as first, sealing(tmp_path, MemoryStream(LOG)) as second:
        await first.turn()
        await second.turn()
        assert sealed(tmp_path, LOG) == 300
        assert (second.fault, second.stopped, list(second.samples("log"))) == (None, None, [])
        with pytest.raises(NotSealedError, match="another process"):
            await second.seal()
        first.files.close()
        await second.turn()
        assert sealed(tmp_path, LOG) == MOST


def _changed(*changes: tuple[int, bytes]) -> list[bytes]:
    changed = LOG[:600]
    for position, entry in changes:
        changed[position - 1] = entry
    return changed


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (LOG[:599], "position 600 is sealed, but missing"),
        (LOG[:300], "positions 301 to 600 are sealed, but missing"),
        ([], "positions 1 to 600 are sealed, but missing"),
        (LOG[:500] + OTHER[500:], r"position 501 is not what was sealed \(up to 600\)"),
        (_changed((600, b"x")), "position 600 is not what was sealed"),
    ],
)
async def test_a_log_that_was_rolled_back_is_not_signed(tmp_path: Path, now: list[bytes], said: str) -> None:
    """While it is followed, and after a restart; the archive stays. With the log restored, sealing continues."""
    stream = MemoryStream(LOG[:600])
    async with sealing(tmp_path, stream) as sealer:
        await sealer.turn()
        before = files(tmp_path)
        stream.entries = now
        await sealer.turn()
        await _stays_stopped(sealer, said)
        stream.entries, stream.run = LOG, "2"
        await sealer.turn()
        assert (sealer.stopped, sealed(tmp_path, LOG)) == (None, MOST)
    assert before.items() <= {**files(tmp_path), **_mutable(before)}.items()
    async with sealing(tmp_path, MemoryStream(now)) as again:
        await again.turn()
        await _stays_stopped(again, f"to {MOST} are sealed, but missing|position (501|600) is not")


def _mutable(before: dict[str, bytes]) -> dict[str, bytes]:
    """Return the files that change by right."""
    return {name: data for name, data in before.items() if name.endswith(("checkpoint", ".signed")) or ".p/" in name}


async def _stays_stopped(sealer: Sealer, said: str) -> None:
    """Check that nothing is signed, whoever asks, and that a warning says why."""
    with pytest.raises(NotSealedError, match=said):
        await sealer.seal()
    await sealer.turn()
    assert sealer.stopped is not None
    assert sealer.warnings == [str(sealer.stopped)]


async def test_a_change_in_the_middle_is_found_at_the_next_start(tmp_path: Path) -> None:
    """The last entry alone would not show it."""
    async with sealing(tmp_path, MemoryStream(LOG[:600])) as sealer:
        await sealer.turn()
    async with sealing(tmp_path, MemoryStream(_changed((300, b"x")) + LOG[600:])) as sealer:
        await sealer.turn()
        assert sealer.stopped is not None
        assert sealer.stopped.position == 300
    assert sealed(tmp_path, LOG) == 600


async def test_what_was_taken_but_not_signed_may_go(tmp_path: Path) -> None:
    """Nothing contradicts a signature; only a tile that is full already would be in the way."""
    stream = MemoryStream(LOG[:10])
    async with sealing(tmp_path, stream, RARELY) as sealer:
        await sealer.turn()
        stream.entries = LOG[:200]
        await sealer.turn()
        stream.entries = LOG[:150] + OTHER[150:400]
        await sealer.turn()
        assert await sealer.seal() == 400 == sealed(tmp_path, LOG[:150] + OTHER[150:])


async def test_a_signature_that_was_not_published_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have been seen: a log that ends before it, or goes on otherwise, is not signed."""
    stream = MemoryStream(LOG[:10])
    async with sealing(tmp_path, stream) as sealer:
        await sealer.turn()
        stream.entries = LOG[:20]
        with monkeypatch.context() as patch:
            patch.setattr(DirectoryStorage, "swap", _fail)
            with pytest.raises(OSError, match="No space"):
                await sealer.turn()
    assert (sealed(tmp_path, LOG), signed(tmp_path)) == (10, 20)
    for now, said in (
        (LOG[:15], "positions 16 to 20 are"),
        (LOG[:15] + OTHER[15:30], r"positions 11 to 20 are not .* exists with other bytes"),
    ):
        async with sealing(tmp_path, MemoryStream(now)) as sealer:
            await sealer.turn()
            await _stays_stopped(sealer, said)
    async with sealing(tmp_path, MemoryStream(LOG[:30])) as sealer:
        await sealer.turn()
    assert sealed(tmp_path, LOG) == 30


async def test_an_archive_that_is_not_what_was_signed_is_not_continued(tmp_path: Path) -> None:
    """Its checkpoint has a good signature of another past; the state of signing next to the key knows better."""
    async with sealing(tmp_path, MemoryStream(LOG[:10])) as sealer:
        await sealer.turn()
    state = place(tmp_path).state.rename(tmp_path / "state")
    shutil.rmtree(archive_in(tmp_path))
    async with sealing(tmp_path, MemoryStream(OTHER[:20])) as sealer:
        await sealer.turn()
    state.rename(place(tmp_path).state)
    async with sealing(tmp_path, MemoryStream(OTHER[:30])) as sealer:
        await sealer.turn()
        await _stays_stopped(sealer, "another head was signed for the first 10 entries")
    assert sealed(tmp_path, OTHER) == 20


def _fail(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


async def test_a_full_disk_delays_sealing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a warning, not more, and is over with the next turn that succeeds."""
    async with sealing(tmp_path, stream := MemoryStream(LOG[:300])) as sealer:
        await sealer.turn()
        stream.entries = LOG
        with monkeypatch.context() as patch:
            patch.setattr(durable, "write", _fail)
            for _ in range(3):
                with pytest.raises(OSError, match="No space"):
                    await sealer.turn()
            assert sealer.stopped is None
            assert sealer.warnings == ["the log of zhanjiang is not sealed now: [Errno 28] No space left on device"]
            assert sealed(tmp_path, LOG) == 300
        await sealer.turn()
        assert (sealer.warnings, sealed(tmp_path, LOG)) == ([], MOST)


async def test_a_lost_key_is_not_replaced(tmp_path: Path) -> None:
    """A new one would sign a second log of the same origin. With the key restored, sealing continues."""
    async with sealing(tmp_path, MemoryStream(LOG[:10])) as sealer:
        await sealer.turn()
    copy = place(tmp_path).key.rename(tmp_path / "copy")
    async with sealing(tmp_path, MemoryStream(LOG[:20])) as sealer:
        with pytest.raises(ArchiveError, match=r"log\.key is missing"):
            await sealer.turn()
        assert "restore it from its copy" in sealer.warnings[0]
        assert not place(tmp_path).key.exists()
        copy.rename(place(tmp_path).key)
        await sealer.turn()
    assert sealed(tmp_path, LOG) == 20


async def test_a_key_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    """The warning has the command that mends it."""
    async with sealing(tmp_path, MemoryStream(LOG[:10])) as sealer:
        await sealer.turn()
        place(tmp_path).key.chmod(0o644)
    async with sealing(tmp_path, MemoryStream(LOG[:20])) as sealer:
        with pytest.raises(ArchiveError, match="chmod 600"):
            await sealer.turn()
        assert sealer.stopped is None


async def test_a_second_key_of_one_origin_signs_nothing(redis: Any, stream: DenseStream, tmp_path: Path) -> None:
    """Such as that of an instance on another machine, with directories of its own."""
    await extend(redis, LOG[:5])
    async with sealing(tmp_path / "one", stream) as one, sealing(tmp_path / "other", stream) as other:
        await one.turn()
        with pytest.raises(ArchiveError, match=f"{ORIGIN} is signed with the key {one.files.key.key_id.hex()}"):
            await other.turn()
        assert "DUBAN_ARCHIVE for one alone" in other.warnings[0]
        await one.turn()
    assert (sealed(tmp_path / "one", LOG), sealed(tmp_path / "other", LOG)) == (5, 0)


async def test_a_gap_in_the_log_is_not_sealed(redis: Any, stream: DenseStream, tmp_path: Path) -> None:
    """Positions are dense: what follows a gap is no entry of the archive."""
    await extend(redis, LOG[:300])
    await extend(redis, LOG[301:303], 301)
    async with sealing(tmp_path, stream) as sealer:
        await sealer.turn()
        await _stays_stopped(sealer, "position 301 is missing")
    assert sealed(tmp_path, LOG) == 300


async def test_an_entry_that_no_bundle_holds_stops_nothing_else(tmp_path: Path) -> None:
    """It is a warning with its number; what came before it is sealed."""
    async with sealing(tmp_path, MemoryStream([*LOG[:5], b"x" * 65_536, b"y"])) as sealer:
        with pytest.raises(ValueError, match="65536 bytes"):
            await sealer.turn()
        assert "at most 65535" in sealer.warnings[0]


async def test_what_replicas_lack_is_not_sealed(redis: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failover may lose it although nobody was told that it is recorded."""
    monkeypatch.setattr("events.replicas.CONFIRM_MILLISECONDS", 10)
    await extend(redis, LOG[:5])
    async with sealing(tmp_path, DenseStream(redis, Log(redis, NAME, replicas=1), "log")) as sealer:
        with pytest.raises(Exception, match="0 of 1 replicas"):
            await sealer.turn()
        assert "0 of 1 replicas" in sealer.warnings[0]
    assert sealed(tmp_path, LOG) == 0


async def test_the_record_is_a_log_of_its_own(redis: Any, tmp_path: Path) -> None:
    """Its stream has the same form."""
    await redis.xadd(key(NAME, "record"), {"e": b"{}"}, id="1-0")
    async with sealing(tmp_path, DenseStream(redis, Log(redis, NAME), "record")) as sealer:
        await sealer.turn()
    assert sealed(tmp_path, [b"{}"]) == 1
    assert (archive_in(tmp_path) / "checkpoint").read_text(encoding="utf-8").startswith(f"{ORIGIN}\n1\n")


@settings(max_examples=60)
@given(st.data())
def test_a_sealer_that_stops_anywhere_leaves_the_beginning_of_the_log(data: st.DataObject) -> None:
    """Crashes at any step, with what was not synced lost by chance, or a full disk; at the end the same files."""
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda _: None)  # StoppingStorage decides what is durable
        patch.setattr(archive_module, "WAITING_BYTES", data.draw(st.sampled_from([1, 20_000, 16 << 20])))
        folder, size = Path(name), 0
        for target in data.draw(st.lists(st.integers(0, MOST), max_size=5).map(sorted)):
            asyncio.run(_run_until_stopped(folder, target, data))
            assert sealed(folder, LOG) >= size
            size = sealed(folder, LOG)
        asyncio.run(_seal(folder, LOG))
        assert sealed(folder, LOG) == MOST
        with tempfile.TemporaryDirectory() as straight:
            asyncio.run(_seal(Path(straight), LOG))
            wanted, found = files(archive_in(Path(straight))), files(archive_in(folder))
        assert all(found[tile.name] == wanted[tile.name] for tile in growth(0, MOST))


async def _run_until_stopped(folder: Path, target: int, data: st.DataObject) -> None:
    full_disk = data.draw(st.booleans())
    steps = Steps(data.draw(st.integers(1, 40)), full_disk=full_disk)
    storage = StoppingStorage(archive_in(folder), steps)
    stream = MemoryStream(LOG[: data.draw(st.integers(min(signed(folder), target), target))])
    async with sealing(folder, stream) as sealer:
        sealer.files._storage = storage
        try:
            for _ in range(4):
                try:
                    await sealer.turn()
                except OSError:
                    assert full_disk
                stream.entries = LOG[: max(target, len(stream.entries))]
        except StoppedError:
            storage.lose(lambda: data.draw(st.booleans()))
        if sealer.stopped is not None:  # more was signed before a crash than the log has here
            assert signed(folder) > len(stream.entries)


async def _seal(folder: Path, log: list[bytes]) -> None:
    async with sealing(folder, MemoryStream(log)) as sealer:
        await sealer.turn()
