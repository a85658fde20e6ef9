"""Wherever sealing stops, the archive is valid, and resuming makes the same files."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.seal import archive as archive_module
from events.seal.archive import Archive
from events.seal.checkpoint import parse_checkpoint
from events.seal.errors import SigningError
from events.seal.merkle import Tree, leaf_hash
from events.seal.notes import parse_note
from events.seal.proofs import root_at
from events.seal.storage import DirectoryStorage
from events.seal.tiles import ENTRIES, read_entries, read_hashes, subtrees
from tests.events.seal.logs import NOW, Sealed, entries, files, growth
from tests.events.seal.stopping import Steps, StoppedError, StoppingSigner, StoppingStorage

MOST = 700
"""Entries of the logs: two full bundles and part of a third."""

LOG = entries(MOST)


def published(sealed: Sealed) -> int:
    """Check that the archive is a valid one of its checkpoint, of the beginning of the log; return its size."""
    storage = DirectoryStorage(sealed.root)
    data = storage.read("checkpoint")
    if data is None:
        return 0
    checkpoint = sealed.policy.check(data).checkpoint
    tree = Tree()
    for entry in LOG[: checkpoint.size]:
        tree.add(entry)
    assert checkpoint.root == tree.root() == root_at(checkpoint.size, subtrees(storage.read, checkpoint.size))
    for tile in growth(0, checkpoint.size):
        some = LOG[tile.start : tile.start + tile.width]
        if tile.level == ENTRIES:
            assert read_entries(storage.read, tile) == some
        elif tile.level == 0:
            assert read_hashes(storage.read, tile) == list(map(leaf_hash, some))
    return checkpoint.size


def signed_size(sealed: Sealed) -> int:
    """Return the number of entries that may have been signed."""
    last = sealed.state.last()
    return last.size if last is not None else 0


def same_as_uninterrupted(sealed: Sealed, size: int) -> None:
    """Check the files against those of an archive that was sealed at once."""
    with tempfile.TemporaryDirectory() as folder:
        straight = Sealed(Path(folder))
        straight.grow(LOG[:size])
        wanted = files(straight.root)
    found = files(sealed.root)
    assert parse_note(found.pop("checkpoint")).text == parse_note(wanted.pop("checkpoint")).text
    assert {name: found.get(name) for name in wanted} == wanted
    for name in set(found) - set(wanted):  # partial tiles of earlier checkpoints at the right edge
        whole, separator, width = name.partition(".p/")
        assert separator
        assert whole not in wanted
        assert any(other.startswith(f"{whole}.p/") and int(other.partition(".p/")[2]) > int(width) for other in wanted)


@settings(max_examples=60)
@given(st.data())
def test_an_archive_that_stops_anywhere_is_valid_and_resumes(data: st.DataObject) -> None:
    """Crashes at any step (writing, renaming, syncing, deleting, signing), with what was not synced lost by chance."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda _: None)  # StoppingStorage decides what is durable
        patch.setattr(archive_module, "WAITING_BYTES", data.draw(st.sampled_from([1, 20_000, 16 << 20])))
        sealed = Sealed(Path(folder))
        size = 0
        for target in data.draw(st.lists(st.integers(0, MOST), max_size=5)):
            steps = Steps(data.draw(st.integers(1, 30)))
            storage = StoppingStorage(sealed.root, steps)
            try:
                archive = Archive.open(storage, StoppingSigner(sealed.signer, steps), sealed.state)
                archive.append(LOG[archive.size : max(archive.size, target)])
                archive.publish(archive.sign(NOW))
            except StoppedError:
                storage.lose(lambda: data.draw(st.booleans()))
            except SigningError:  # more was signed before a crash than is there now
                assert signed_size(sealed) > target
            assert published(sealed) >= size
            size = published(sealed)
        sealed.grow(LOG[size:])
        assert published(sealed) == MOST
        same_as_uninterrupted(sealed, MOST)


@settings(max_examples=40)
@given(st.data())
def test_a_full_disk_only_delays_sealing(data: st.DataObject) -> None:
    """The same archive goes on when there is room again, without being opened anew."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda _: None)  # StoppingStorage decides what is durable
        patch.setattr(archive_module, "WAITING_BYTES", data.draw(st.sampled_from([1, 20_000, 16 << 20])))
        sealed = Sealed(Path(folder))
        storage = StoppingStorage(sealed.root, Steps(data.draw(st.integers(1, 40)), full_disk=True))
        archive = Archive.open(storage, sealed.signer, sealed.state)
        for target in (*data.draw(st.lists(st.integers(0, MOST), max_size=4).map(sorted)), MOST, MOST):
            try:
                archive.append(LOG[archive.size : max(archive.size, target)])
                archive.publish(archive.sign(NOW))
            except OSError:
                published(sealed)
        assert published(sealed) == MOST
        same_as_uninterrupted(sealed, MOST)


def test_an_archive_whose_process_is_killed_resumes(tmp_path: Path) -> None:
    """SIGKILL at five moments of a process that seals a few entries at a time."""
    sealed = Sealed(tmp_path)
    size = 0
    for delay in (0.05, 0.15, 0.1, 0.2, 0.12):
        before = sealed.state.last()
        process = subprocess.Popen([sys.executable, "-m", "tests.events.seal.sealing", str(tmp_path)])
        while process.poll() is None and sealed.state.last() == before:
            time.sleep(0.01)  # until it has begun
        time.sleep(delay)
        process.kill()
        process.wait()
        assert published(sealed) >= size
        size = published(sealed)
    assert signed_size(sealed) >= size > 0
    sealed.grow(LOG[size:])
    assert parse_checkpoint(parse_note((sealed.root / "checkpoint").read_bytes()).text).size == MOST
    same_as_uninterrupted(sealed, MOST)
