"""`duban archive mirror`: the copy of an archive, and everything that keeps it from being updated."""

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.seal.bucket import BucketStorage, BucketUrl
from events.seal.errors import FormatError, PolicyError, StorageConflictError
from events.seal.storage import CHECKPOINT, ArchiveStorage, DirectoryStorage
from services.cli.fsck.check import check_archive
from services.cli.fsck.files import ArchiveFiles, BucketFiles, DirectoryFiles
from services.cli.mirroring.copying import ArchiveCopy, Copied
from tests.cli.terminal import run
from tests.events.seal.logs import ORIGIN, Sealed, entries, files, growth
from tests.events.seal.stopping import Steps, StoppedError, StoppingStorage

MOST = 70_000
"""A full tile of level 1, and more."""

LOG = entries(MOST)

OTHER = [b"other" + entry for entry in LOG[:900]]


class Counting:
    """The files of an archive, and how often each was read."""

    def __init__(self, root: Path) -> None:
        self.reads: Counter[str] = Counter()
        self._files = DirectoryFiles(root)

    def read(self, name: str) -> bytes | None:
        """Return a file's content."""
        self.reads[name] += 1
        return self._files.read(name)


def update(sealed: Sealed, storage: ArchiveStorage, source: ArchiveFiles | None = None) -> Copied | None:
    """Bring a copy up to the source."""
    files = source or DirectoryFiles(sealed.root)
    return ArchiveCopy(files, storage, sealed.policy, lambda _: {}).update(ORIGIN, lambda *_: None)


def whole(sealed: Sealed, copy: ArchiveFiles) -> int:
    """Check every entry and tile of a copy, and return its size."""
    data = copy.read(CHECKPOINT)
    if data is None:
        return 0
    checkpoint = sealed.policy.check(data).checkpoint
    assert check_archive(copy, checkpoint, lambda _: None).flaws == []
    return checkpoint.size


def test_a_copy_grows_with_its_source(tmp_path: Path) -> None:
    """At every boundary it has the files of the source, and nothing is read again that it has."""
    sealed, copy, size = Sealed(tmp_path / "source"), tmp_path / "copy", 0
    assert update(sealed, DirectoryStorage(copy)) is None
    for target in (0, 1, 255, 256, 257, 600, 65_536, MOST):
        sealed.grow(LOG[size:target])
        source = Counting(sealed.root)
        copied = update(sealed, DirectoryStorage(copy), source)
        assert (copied and copied.new, whole(sealed, DirectoryFiles(copy))) == (target - size, target)
        assert files(copy) == files(sealed.root)
        bundles = [name for name in source.reads if name.startswith("tile/entries/")]
        assert len(bundles) <= (target - size) // 256 + 2
        size = target


@settings(max_examples=25)
@given(st.data())
def test_a_copy_that_stops_anywhere_is_valid_and_resumes(data: st.DataObject) -> None:
    """Crashes at any step, with what was not synced lost by chance."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda _: None)  # StoppingStorage decides what is durable
        patch.setattr("services.cli.mirroring.copying.BATCH", data.draw(st.sampled_from([1, 2, 64])))
        sealed, copy, size = Sealed(Path(folder) / "source"), Path(folder) / "copy", 0
        for target in sorted(data.draw(st.lists(st.integers(1, 1_500), min_size=1, max_size=4))):
            if target > size:
                sealed.grow(LOG[sealed.open().size : target])
            before = whole(sealed, DirectoryFiles(copy))
            storage = StoppingStorage(copy, Steps(data.draw(st.integers(1, 30))))
            try:
                update(sealed, storage)
            except StoppedError:
                storage.lose(lambda: data.draw(st.booleans()))
            assert whole(sealed, DirectoryFiles(copy)) >= before
            size = target
        update(sealed, DirectoryStorage(copy))
        assert whole(sealed, DirectoryFiles(copy)) == sealed.open().size
        found, wanted = files(copy), files(sealed.root)
        assert all(found[tile.name] == wanted[tile.name] for tile in growth(0, whole(sealed, DirectoryFiles(copy))))


def test_what_an_interrupted_run_has_copied_is_not_fetched_again(tmp_path: Path) -> None:
    """Though no checkpoint speaks of it yet."""
    sealed, copy = Sealed(tmp_path / "source"), tmp_path / "copy"
    sealed.grow(LOG[:60_000])
    with pytest.raises(StoppedError):
        update(sealed, StoppingStorage(copy, Steps(620)))
    there = sum(path.is_file() for path in (copy / "tile/entries").rglob("*"))
    source = Counting(sealed.root)
    update(sealed, DirectoryStorage(copy), source)
    bundles = [name for name in source.reads if name.startswith("tile/entries/")]
    assert 0 < len(bundles) == 235 - there


def _first(root: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    path = next(path for path in sorted((root / name).rglob("*")) if path.is_file())
    path.write_bytes(change(path.read_bytes()))


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("tile/entries", lambda data: data.replace(b"r-41", b"r-14"), "position 42: the entry in tile/entries/000"),
        ("tile/entries", lambda data: data[: data.index(b"r-41") - 9], "position 42: the entry in tile/entries/000"),
        ("tile/0", lambda data: data[:-1] + b"x", "tile/0/000 is not what the checkpoint signs"),
        ("tile/1", lambda data: data[:-1] + b"x", "the tiles at the right edge"),
    ],
)
def test_a_source_that_was_changed_is_not_copied(
    tmp_path: Path, name: str, change: Callable[[bytes], bytes], said: str
) -> None:
    """The finding names the place; the copy has no checkpoint, and no entry that was not verified."""
    sealed, copy = Sealed(tmp_path / "source"), tmp_path / "copy"
    sealed.grow(LOG[:600])
    _first(sealed.root, name, change)
    with pytest.raises(FormatError, match=said):
        update(sealed, DirectoryStorage(copy))
    assert whole(sealed, DirectoryFiles(copy)) == 0
    assert not (copy / "tile/entries/000").exists()


def rewritten(sealed: Sealed, log: list[bytes]) -> None:
    """Seal another history with the right keys, as who has them and forgets what was signed."""
    shutil.rmtree(sealed.root)
    (sealed.root.parent / "signed").unlink()
    sealed.grow(log)


@pytest.mark.parametrize(
    ("log", "said"),
    [
        (OTHER, "has another history: its first 600 entries"),
        ([*LOG[:599], *OTHER[599:]], "has another history"),
        (OTHER[:600], "has another history"),
        (LOG[:500], "the copy has 600 entries, the source shows 500"),
    ],
)
def test_a_source_that_does_not_continue_the_copy_is_refused(tmp_path: Path, log: list[bytes], said: str) -> None:
    """Whoever holds the key: forked or rolled back. The copy stays as it was."""
    sealed, copy = Sealed(tmp_path / "source"), tmp_path / "copy"
    sealed.grow(LOG[:600])
    update(sealed, DirectoryStorage(copy))
    before = files(copy)
    rewritten(sealed, log)
    with pytest.raises(PolicyError, match=said):
        update(sealed, DirectoryStorage(copy))
    assert files(copy) == before


def test_a_fork_before_the_first_checkpoint_is_a_conflict(tmp_path: Path) -> None:
    """A run was interrupted, and the source then shows another history of the same log."""
    sealed, copy = Sealed(tmp_path / "source"), tmp_path / "copy"
    sealed.grow(LOG[:600])
    with pytest.raises(StoppedError):
        update(sealed, StoppingStorage(copy, Steps(20)))
    rewritten(sealed, OTHER)
    with pytest.raises(StorageConflictError, match="exists with other bytes"):
        update(sealed, DirectoryStorage(copy))


def test_another_log_is_not_copied(tmp_path: Path) -> None:
    """Though the policy trusts it: the record is not the log."""
    sealed, copy = Sealed(tmp_path / "source", f"{ORIGIN}/record"), tmp_path / "copy"
    sealed.grow(LOG[:6])
    with pytest.raises(PolicyError, match=rf"{ORIGIN}/record' instead of '{ORIGIN}'"):
        update(sealed, DirectoryStorage(copy))


def test_fresh_signatures_of_the_same_tree_are_taken(tmp_path: Path) -> None:
    """As cosigned again a day later."""
    sealed, copy = Sealed(tmp_path / "source"), tmp_path / "copy"
    first = sealed.grow(LOG[:6])
    update(sealed, DirectoryStorage(copy))
    again = sealed.grow([], now=1_800_000_000)
    assert first != again
    copied = update(sealed, DirectoryStorage(copy))
    assert (copied and copied.new, DirectoryFiles(copy).read(CHECKPOINT)) == (0, again)


def test_a_copy_may_lie_in_a_bucket(bucket: BucketUrl, tmp_path: Path) -> None:
    """And its partial tiles go there too."""
    sealed = Sealed(tmp_path)
    for size in (300, 700):
        sealed.grow(LOG[sealed.open().size : size])
        update(sealed, BucketStorage(bucket))
        assert whole(sealed, BucketFiles(bucket)) == size
    assert BucketFiles(bucket).read("tile/entries/001.p/44") is None


def test_no_copy_is_made_into_other_files(tmp_path: Path) -> None:
    """Above all not into the archive of a running ingest."""
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive/.duban-archive").touch()
    (tmp_path / "policy").write_text("quorum none\n", encoding="utf-8")
    words = str(tmp_path), str(tmp_path / "archive"), "--policy", str(tmp_path / "policy")
    done = run("archive", "mirror", *words)
    assert (done.returncode, "DEST: " in done.stderr, ".duban-archive" in done.stderr) == (2, True, True)
    assert run("archive", "mirror", *words[:2]).returncode == 2
    assert json.loads(run("archive", "mirror", words[0], str(tmp_path / "new"), *words[2:], "--json").stdout) == {}
