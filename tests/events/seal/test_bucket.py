"""An archive in a bucket: what a storage promises, on a server that speaks S3."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import obstore
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.seal.archive import Archive
from events.seal.bucket import BucketStorage, BucketUrl, bucket_url, store_of
from events.seal.errors import SigningError, StorageConflictError
from events.seal.storage import CHECKPOINT
from services.cli.fsck.check import check_archive
from services.cli.fsck.files import BucketFiles
from tests.events.seal.logs import NOW, Sealed, entries, files, growth
from tests.events.seal.stopping import Steps, StoppedError, StoppingSigner

MOST = 700

LOG = entries(MOST)


@pytest.mark.parametrize("text", ["s3://", "s3:///a", "s3://b//c", "s3://b/c?d", "http://b/c", "s3:/b", "b/c"])
def test_an_address_has_a_bucket_and_may_have_a_prefix(text: str) -> None:
    """What is no such address is refused with an example."""
    assert bucket_url("s3://b") == BucketUrl("b")
    assert str(bucket_url("s3://b/c/d/") / "log") == "s3://b/c/d/log"
    with pytest.raises(ValueError, match="such as s3://bucket/prefix"):
        bucket_url(text)


def test_what_is_created_stays(bucket: BucketUrl) -> None:
    """The same bytes again are no conflict; others are, and change nothing."""
    storage = BucketStorage(bucket)
    storage.create({"tile/0/000": b"one", "tile/0/001": b"two"})
    storage.create({"tile/0/001": b"two", "tile/0/002": b"three"})
    with pytest.raises(StorageConflictError, match="tile/0/000 exists with other bytes"):
        storage.create({"tile/0/000": b"other"})
    assert [storage.read(f"tile/0/00{number}") for number in range(4)] == [b"one", b"two", b"three", None]


def test_a_checkpoint_is_replaced_by_who_knows_it(bucket: BucketUrl) -> None:
    """Of two that know the same, the second fails; a repeated request that has succeeded is none."""
    storage = BucketStorage(bucket)
    storage.swap(CHECKPOINT, None, b"1")
    for before in (None, b"0"):
        with pytest.raises(StorageConflictError):
            storage.swap(CHECKPOINT, before, b"2")
    storage.swap(CHECKPOINT, b"1", b"2")
    storage.swap(CHECKPOINT, b"1", b"2")
    assert storage.read(CHECKPOINT) == b"2"
    assert obstore.get(store_of(bucket), CHECKPOINT).attributes["Cache-Control"] == "no-cache"


def test_partial_tiles_go_with_their_full_one_alone(bucket: BucketUrl) -> None:
    """Those of other tiles stay."""
    storage = BucketStorage(bucket)
    names = ["tile/0/001.p/1", "tile/0/001.p/17", "tile/0/001", "tile/0/011.p/3"]
    storage.create(dict.fromkeys(names, b"x"))
    storage.drop_partials(["tile/0/001", "tile/0/002"])
    assert [name for name in names if storage.read(name) is not None] == names[2:]


def test_what_a_store_does_not_answer_is_an_error_of_the_system(
    bucket: BucketUrl, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sealer waits and tries again after those; the message has address and reason in one line."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    place = bucket / "away"
    with pytest.raises(OSError, match=rf"^{place}/checkpoint: Generic S3 error: [^\n]*$"):
        BucketStorage(place).read(CHECKPOINT)


class StoppingBucket(BucketStorage):
    """A bucket whose writes are counted; the one that fails is stored or not, and its process does not know."""

    def __init__(self, url: BucketUrl, steps: Steps, *, stored: bool) -> None:
        super().__init__(url)
        self._steps, self._stored = steps, stored

    def create(self, files: Mapping[str, bytes]) -> None:
        """Create objects one by one, so that steps have an order."""
        for name, data in files.items():
            super().create({name: data})

    def _put(self, name: str, data: bytes, mode: object, headers: object) -> None:
        def put() -> None:
            super(StoppingBucket, self)._put(name, data, mode, headers)  # type: ignore[arg-type]

        self._steps.take(put if self._stored else lambda: None)
        put()

    def _drop_partials(self, name: str) -> None:
        self._steps.take()
        super()._drop_partials(name)


def published(sealed: Sealed, bucket: BucketUrl) -> int:
    """Check every entry and tile against the published checkpoint, and return its size."""
    data = BucketStorage(bucket).read(CHECKPOINT)
    if data is None:
        return 0
    checkpoint = sealed.policy.check(data).checkpoint
    assert check_archive(BucketFiles(bucket), checkpoint, lambda _: None).flaws == []
    return checkpoint.size


def same_as_in_a_directory(folder: Path, bucket: BucketUrl) -> None:
    """Check each file of the whole log's archive."""
    straight = Sealed(folder / "straight")
    straight.grow(LOG)
    wanted = files(straight.root)
    assert all(BucketStorage(bucket).read(tile.name) == wanted[tile.name] for tile in growth(0, MOST))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_an_archive_that_stops_anywhere_is_valid_and_resumes(bucket: BucketUrl, data: st.DataObject) -> None:
    """Crashes before or after any request, and between; in the end the files are those of a directory."""
    with tempfile.TemporaryDirectory() as name:
        sealed, place, size = Sealed(Path(name)), bucket / Path(name).name, 0
        for target in data.draw(st.lists(st.integers(0, MOST), max_size=4)):
            steps = Steps(data.draw(st.integers(1, 20)))
            storage = StoppingBucket(place, steps, stored=data.draw(st.booleans()))
            try:
                archive = Archive.open(storage, StoppingSigner(sealed.signer, steps), sealed.state)
                archive.append(LOG[archive.size : max(archive.size, target)])
                archive.publish(archive.sign(NOW))
            except (StoppedError, SigningError):
                pass
            assert published(sealed, place) >= size
            size = published(sealed, place)
        archive = Archive.open(BucketStorage(place), sealed.signer, sealed.state)
        archive.append(LOG[archive.size :])
        archive.publish(archive.sign(NOW))
        assert published(sealed, place) == MOST
        same_as_in_a_directory(Path(name), place)


def test_an_archive_whose_process_is_killed_resumes(bucket: BucketUrl, tmp_path: Path) -> None:
    """SIGKILL at four moments of a process that seals a few entries at a time."""
    sealed, size = Sealed(tmp_path), 0
    for delay in (0.1, 0.3, 0.2, 0.4):
        before = sealed.state.last()
        process = subprocess.Popen([sys.executable, "-m", "tests.events.seal.sealing", str(tmp_path), str(bucket)])
        while process.poll() is None and sealed.state.last() == before:
            time.sleep(0.01)  # until it has begun
        time.sleep(delay)
        process.kill()
        process.wait()
        assert published(sealed, bucket) >= size
        size = published(sealed, bucket)
    assert size > 0
    archive = Archive.open(BucketStorage(bucket), sealed.signer, sealed.state)
    archive.append(LOG[archive.size :])
    archive.publish(archive.sign(NOW))
    assert published(sealed, bucket) == MOST
    same_as_in_a_directory(tmp_path, bucket)
